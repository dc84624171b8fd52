"""Factors in fixed point, as TensorFlow Lite's integer kernels take them."""

import math


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """The fixed-point form of a factor: multiplier / 2^31 * 2^shift, with 31 significant bits."""
    fraction, shift = math.frexp(factor)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = multiplier // 2, shift + 1
    return (multiplier, shift) if shift >= -31 else (0, 0)
