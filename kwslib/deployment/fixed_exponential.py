"""The exponential of TensorFlow Lite's int8 softmax, in fixed point, as a table for the C core.

An int8 logit is 0 to 255 steps below the largest, so that all possible values fit in a table and the core does not
need to evaluate the polynomial. Bit-identical to gemmlowp's exp_on_negative_values (fixedpoint/fixedpoint.h), whose
input has 5 integer bits and whose result has none.
"""

import math

import numpy as np

from kwslib.quantization.multiplier import quantize_multiplier

INTEGER_BITS = 5
FRACTION_BITS = 31 - INTEGER_BITS
EIGHTH = 1 << 28  # 1/8 with 31 fractional bits
ONE = 2**31 - 1


def _product(a: int, b: int) -> int:
    """Of two numbers with 31 fractional bits, rounded to nearest."""
    return (2 * a * b + (1 << 31)) >> 32


def _divided(a: int, bits: int) -> int:
    """By a power of two, halves away from zero."""
    return (abs(a) + (1 << bits - 1) >> bits) * (1 if a >= 0 else -1)


def _near_zero(a: int) -> int:
    """exp(a) for -1/4 <= a < 0: a Taylor polynomial around -1/8."""
    centre, third = round(math.exp(-1 / 8) * 2**31), round(2**31 / 3)
    x = a + EIGHTH
    square = _product(x, x)
    cube, fourth = _product(square, x), _product(square, square)
    tail = _divided(_product(_divided(fourth, 2) + cube, third) + square, 1)
    return centre + _product(centre, x + tail)


def _exponential(a: int) -> int:
    """exp(a) for a <= 0 with 26 fractional bits; the result has 31."""
    if a == 0:
        return ONE
    quarter = 1 << (FRACTION_BITS - 2)
    fraction = (a & (quarter - 1)) - quarter
    result = _near_zero(fraction << INTEGER_BITS)
    rest = fraction - a
    for exponent in range(-2, INTEGER_BITS):
        if rest >> (FRACTION_BITS + exponent) & 1:
            result = _product(result, round(math.exp(-(2.0**exponent)) * 2**31))
    return result


def fixed_exponential_table(scale: float) -> np.ndarray:
    """(n,) int32: exp(-d scale) with 31 fractional bits for d = 0, 1, ..., up to the last that TensorFlow Lite uses."""
    multiplier, shift = quantize_multiplier(min(scale * 2**FRACTION_BITS, 2**31 - 1.0))
    radius = math.floor((2**INTEGER_BITS - 1) * 2**FRACTION_BITS / 2**shift)
    values = [_exponential(_product(-d << shift, multiplier)) for d in range(min(radius, 255) + 1)]
    return np.array(values, np.int32)
