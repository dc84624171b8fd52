"""The report's experiments over seeds, bit widths and sparsities, and sweeps over grids of them."""
