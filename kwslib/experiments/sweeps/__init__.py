"""Grids of notebook runs: which points, each executed once and kept with its row, here or on a cluster."""
