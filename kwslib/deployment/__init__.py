"""Conversion of a checkpoint to TensorFlow Lite and to the C core."""
