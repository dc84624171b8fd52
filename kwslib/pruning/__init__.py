"""Pruning: of single weights, blocks of weights and whole channels."""
