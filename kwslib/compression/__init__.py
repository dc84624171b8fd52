"""Fewer bits, fewer weights, fewer channels."""
