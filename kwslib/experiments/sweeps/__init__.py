"""Grids of notebook runs: which points, each executed once and kept with its row, here or on a cluster."""

OF_NOTEBOOK = {"05_quantization": ("bits",), "06_pruning": ("sparsity", "channels")}  # that its figures show
