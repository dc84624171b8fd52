"""Fewer weights, fewer channels."""
