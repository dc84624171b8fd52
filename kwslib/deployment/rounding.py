"""An output scale for which all of TensorFlow Lite's roundings of a dense layer agree.

An int32 sum becomes an int8 output by a factor, scale of the input x scale of the weights / scale of the output.
TensorFlow Lite Micro multiplies in fixed point and rounds twice; LiteRT's reference kernel (since 2.0) multiplies
in double precision and rounds once. About one output in 5,000 comes out one step apart: where the first rounding
lands on a tie that the sum had not quite reached. With 1 / factor = K, an even whole number not just below a power
of two, ties are themselves whole sums and the first rounding reaches them from no other. So an output scale next to
the one that calibration asked for makes the two agree on every sum.
"""

from itertools import count

import numpy as np


def agreeing_scale(source: float, weights: float, output: float) -> float:
    """The scale nearest to `output`, all of them float32 values, with which all roundings agree.

    For TinyConv it is off by about a thousandth.
    """
    exact, short = source * weights, float(np.float32(source) * np.float32(weights))  # TFLM has the short one

    def scale(steps: int) -> float:
        rounded = np.float32(steps * exact)
        # Rounded down, for a factor of at least 1 / K: with a smaller one, ties would fall short of themselves.
        below = np.nextafter(rounded, np.float32(0))
        return float(
            rounded if float(rounded) <= steps * exact else below
        )  # NumPy 2 would compare in float32

    def agrees(steps: int) -> bool:
        sums = _sums_at_borders(steps)
        expected = once(sums, exact / scale(steps))
        return all(
            np.array_equal(twice(sums, product / scale(steps)), expected) for product in (exact, short)
        )

    nearest = 2 * max(round(output / exact / 2), 1)
    neighbours = (nearest + sign * 2 * distance for distance in count() for sign in (1, -1))
    return scale(next(steps for steps in neighbours if steps > 0 and agrees(steps)))


def _sums_at_borders(steps: int) -> np.ndarray:
    """The sums around each border between two outputs, int64: there alone can roundings differ."""
    borders = np.arange(-256, 256) * steps + steps // 2  # output steps from the zero point
    return (borders[:, None] + np.arange(-2, 3)).ravel()


def once(sums: np.ndarray, factor: float) -> np.ndarray:
    """LiteRT's reference kernel: halves away from zero."""
    scaled = sums * factor
    return np.trunc(scaled + np.copysign(0.5, scaled)).astype(np.int64)


def twice(sums: np.ndarray, factor: float) -> np.ndarray:
    """TensorFlow Lite Micro: to a fixed-point product first, then by a power of two (gemmlowp's arithmetic)."""
    fraction, exponent = np.frexp(factor)
    multiplier, shift = int(np.floor(fraction * 2**31 + 0.5)), -int(exponent)  # a factor below 1/2
    product = sums * multiplier
    nudged = product + np.where(product >= 0, 2**30, 1 - 2**30)
    high = np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31))  # towards zero, as C divides
    remainder, half = high & ((1 << shift) - 1), ((1 << shift) - 1) >> 1
    return (high >> shift) + (remainder > half + (high < 0))
