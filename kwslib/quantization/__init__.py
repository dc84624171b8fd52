"""Quantization: grids, quantizers, quantization-aware training, and networks in integers."""

CALIBRATION_CLIPS = 512  # of training, from whose activations ranges are taken
