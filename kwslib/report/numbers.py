"""Format of numbers in tables: with two significant digits, or with decimals that suit their magnitude."""

import math

from kwslib.board.cycles import rounded


def two_digits(value: float) -> str:
    """A time of the cycle model as text, to two significant digits, including zeros."""
    value = rounded(value)
    places = 1 - math.floor(math.log10(abs(value))) if value else 1
    return f"{value:,.{max(0, places)}f}"


def by_magnitude(value: float) -> str:
    """A quantity that spans magnitudes as text: two decimals below 1, one below 100, none above; missing is empty."""
    if math.isnan(value):
        return ""
    return f"{value:,.{2 if value < 1 else 1 if value < 100 else 0}f}"
