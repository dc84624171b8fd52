"""An output scale for which both of TensorFlow Lite's ways to round a dense layer agree.

An int32 sum is multiplied by a factor, input scale x weight scale / output scale, to give an int8 output.
TensorFlow Lite Micro multiplies in fixed point and rounds twice; LiteRT's reference kernel (since 2.0) multiplies
in double precision and rounds once. About one output in 5,000 differs by one step: when the first rounding gives a tie
that the exact value was slightly below. If 1 / factor = K, an even integer not just below a power of two, ties occur at
integer sums, and the first rounding gives a tie for no other sum. An output scale close to the calibrated one therefore
makes the two agree for every sum.
"""

from itertools import count, islice

import numpy as np

from kwslib.errors import KwsError

TRIES = 1000  # neighbouring scales; 50 are enough for steps of 1,500 sums, as trained networks have
MOST_STEPS = 2**23  # of the sum, in an output step: 256 of these fill an int32


def agreeing_scale(source: float, weights: float, output: float) -> float:
    """The scale nearest to `output` for which all roundings agree; all scales are float32 values.

    For TinyConv the two differ by about a thousandth. Raises KwsError if there is none: where an output step is
    tens of thousands of steps of the sum, the product of scales that TensorFlow Lite Micro rounds to float32 moves
    the borders between outputs by whole sums.
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
    for steps in islice(neighbours, TRIES):
        if 0 < steps <= MOST_STEPS and agrees(steps):
            return scale(steps)
    raise KwsError(
        f"no scale near {output:.3g} lets all runtimes round its logits alike, since a step of these is {nearest:,}"
        " steps of the last layer's sums, where trained networks have about 1,500: train it, or train it further"
    )


def _sums_at_borders(steps: int) -> np.ndarray:
    """The sums around each border between two outputs, int64: there alone can roundings differ."""
    borders = np.arange(-256, 256) * steps + steps // 2  # output steps from the zero point
    return (borders[:, None] + np.arange(-2, 3)).ravel()


def once(sums: np.ndarray, factor: float) -> np.ndarray:
    """Rounding of LiteRT's reference kernel: once, halves away from zero."""
    scaled = sums * factor
    return np.trunc(scaled + np.copysign(0.5, scaled)).astype(np.int64)


def twice(sums: np.ndarray, factor: float) -> np.ndarray:
    """Rounding of TensorFlow Lite Micro: of a fixed-point product, then of a division by a power of two (as
    in gemmlowp)."""
    fraction, exponent = np.frexp(factor)
    multiplier, shift = int(np.floor(fraction * 2**31 + 0.5)), -int(exponent)  # a factor below 1/2
    product = sums * multiplier
    nudged = product + np.where(product >= 0, 2**30, 1 - 2**30)
    high = np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31))  # towards zero, as C divides
    remainder, half = high & ((1 << shift) - 1), ((1 << shift) - 1) >> 1
    return (high >> shift) + (remainder > half + (high < 0))
