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


def sum_multipliers(a: float, b: float, output: float) -> tuple[tuple[int, int], ...]:
    """Those of a sum's two sides, which come in 20 more bits to a common scale, and of the sum to its output's."""
    common = 2 * max(a, b)
    return tuple(map(quantize_multiplier, (a / common, b / common, common / (2**20 * output))))


def mean_multiplier(source: float, output: float, positions: int) -> tuple[int, int]:
    """That of a sum over so many positions to the steps of their mean: divided, keeping as many bits as there are."""
    multiplier, shift = quantize_multiplier(source / output)
    places = min(positions.bit_length() - 1, 31 + shift)
    return (multiplier << places) // positions, shift - places


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
