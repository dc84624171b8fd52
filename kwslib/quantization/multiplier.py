"""Fixed-point factors in the form that TensorFlow Lite's integer kernels use."""

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
    """Multipliers of an addition: its two inputs to a common scale with 20 more bits, the sum to the output's."""
    common = 2 * max(a, b)
    return tuple(map(quantize_multiplier, (a / common, b / common, common / (2**20 * output))))


def mean_multiplier(source: float, output: float, positions: int) -> tuple[int, int]:
    """Multiplier from a sum over `positions` to their mean: the division keeps as many bits as possible."""
    multiplier, shift = quantize_multiplier(source / output)
    places = min(positions.bit_length() - 1, 31 + shift)
    return (multiplier << places) // positions, shift - places


def stay_in_int32(sums: np.ndarray, shifts: np.ndarray, roundings: int) -> bool:
    """Whether the C core can rescale sums of at most these magnitudes (C,) by factors with these shifts.

    With two roundings, a sum that is doubled and shifted left must fit 32 bits; with one, only the result must.
    """
    largest = np.asarray(sums, np.float64) * 2.0 ** (
        np.maximum(shifts, 0) if roundings == 2 else np.asarray(shifts)
    )
    limit = 2.0**30 if roundings == 2 else 2.0**31 - 256  # less what a zero point adds
    return bool(
        np.all(np.asarray(sums) < 2**31) and np.all(largest < limit) and np.all(np.asarray(shifts) <= 30)
    )
