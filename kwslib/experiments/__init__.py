"""The experiments of the report: several seeds, bit widths, sparsities; and grids of them as sweeps."""
