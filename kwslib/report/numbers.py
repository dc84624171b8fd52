"""Format of numbers in tables: to one or two significant digits, or with decimals that suit their magnitude."""

import math

from kwslib.board.cycles import rounded
from kwslib.record.values import Value

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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


def with_interval(mean: float, low: float, high: float, *, form: str = ".1f") -> str:
    """A mean with its interval as text; alone where the interval has no known width, as that of a single seed."""
    span = span_text(low, high, form)
    return f"{mean:{form}} ({span})" if span else f"{mean:{form}}"


def share_text(share: Value) -> str:
    """A share in %, with its interval if it has one, as text."""
    return with_interval(*(100 * each for each in (share.value, *(share.ci95 or (math.nan, math.nan)))))


def span_text(low: float, high: float, form: str = ".1f") -> str:
    """An interval as text; empty where its width is unknown."""
    return f"{low:{form}} to {high:{form}}" if math.isfinite(high - low) else ""


def one_digit(value: float) -> str:
    """A difference as text, to one significant digit: 0.02, 2 × 10⁻⁷."""
    digit, _, power = f"{value:.1g}".partition("e")
    return f"{digit} × 10{str(int(power)).translate(RAISED)}" if power else digit
