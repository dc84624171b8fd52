"""Fewer bits: grids, quantizers, training with them, and the integers that are left."""
