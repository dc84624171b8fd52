"""Format of numbers with two significant digits in tables."""

import math

from kwslib.board.cycles import rounded


def two_digits(value: float) -> str:
    """A time of the cycle model as text, to two significant digits, including zeros."""
    value = rounded(value)
    places = 1 - math.floor(math.log10(abs(value))) if value else 1
    return f"{value:,.{max(0, places)}f}"
