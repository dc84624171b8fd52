"""How tables show numbers that have two significant digits."""

import math

from kwslib.board.cycles import rounded


def two_digits(value: float) -> str:
    """A time of the cycle model as a table shows it: to two significant digits, zeros among them included."""
    value = rounded(value)
    places = 1 - math.floor(math.log10(abs(value))) if value else 1
    return f"{value:,.{max(0, places)}f}"
