"""Factors in fixed point, as TensorFlow Lite's integer kernels take them."""

import math

import numpy as np


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """The fixed-point form of a factor: multiplier / 2^31 * 2^shift, with 31 significant bits."""
    fraction, shift = math.frexp(factor)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = multiplier // 2, shift + 1
    return (multiplier, shift) if shift >= -31 else (0, 0)


def stay_in_int32(sums: np.ndarray, shifts: np.ndarray, roundings: int) -> bool:
    """Whether sums of at most these magnitudes (C,) can be rescaled by factors of these shifts with the C core.

    With two roundings a sum is doubled and shifted to the left within 32 bits; with one, the result alone has 32.
    """
    largest = np.asarray(sums, np.float64) * 2.0 ** (
        np.maximum(shifts, 0) if roundings == 2 else np.asarray(shifts)
    )
    limit = 2.0**30 if roundings == 2 else 2.0**31 - 256  # less what a zero point adds
    return bool(
        np.all(np.asarray(sums) < 2**31) and np.all(largest < limit) and np.all(np.asarray(shifts) <= 30)
    )
