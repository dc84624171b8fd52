"""Sweeps: grids of notebook runs, each point executed once and stored with its row, on this machine or a cluster."""

OF_NOTEBOOK = {"05_quantization": ("bits",), "06_pruning": ("sparsity", "channels")}  # that its figures show
