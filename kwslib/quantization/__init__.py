"""Fewer bits: grids, quantizers, training with them, and the integers that are left."""

CALIBRATION_CLIPS = 512  # of training, from whose activations ranges are taken
