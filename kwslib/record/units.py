"""Units of recorded values, and values as text, with their intervals."""

import math
from collections.abc import Sequence

from kwslib.errors import KwsError

# unit -> (dimension, factor to the dimension's base unit)
UNITS = {
    "fraction": ("share", 1.0),
    "%": ("share", 0.01),
    "B": ("size", 1.0),
    "KB": ("size", 1e3),
    "MB": ("size", 1e6),
    "us": ("time", 1e-6),
    "ms": ("time", 1e-3),
    "s": ("time", 1.0),
    "FLOP": ("operations", 1.0),
    "MFLOP": ("operations", 1e6),
}


def convert(value: float, unit: str, wanted: str) -> float:
    """`value` in another unit of the same dimension. Raises KwsError when the dimensions differ."""
    if unit == wanted:
        return value
    (dimension, factor), (target, divisor) = UNITS.get(unit, (unit, 1.0)), UNITS.get(wanted, (wanted, 1.0))
    if dimension != target:
        raise KwsError(
            f"a value in {unit or 'no unit'!r} cannot be shown in {wanted or 'no unit'!r}: record it in another"
        )
    return value * factor / divisor


def format_value(
    value: float, unit: str = "", ci95: Sequence[float] | None = None, significant: int = 4
) -> str:
    """A value as text, with its unit and 95 % interval; a fraction is shown in per cent."""
    if unit == "fraction":
        percent = [round(100 * each, 9) for each in (value, *(ci95 or ()))]  # 76.45, not 76.4499... of 0.7645
        return format_value(percent[0], "%", percent[1:])
    number = digits(value, unit, significant, _half_width(ci95))
    return f"{number} {unit}".strip().replace(" us", " µs") + interval_text(ci95, unit)


def interval_text(ci95: Sequence[float] | None, unit: str) -> str:
    """The interval as " (low to high)", or an empty string for a value without one."""
    if not ci95:
        return ""
    low, high = (digits(bound, unit, uncertainty=_half_width(ci95)) for bound in ci95)
    return f" ({low} to {high})"


def digits(value: float, unit: str = "", significant: int = 4, uncertainty: float = 0.0) -> str:
    """The number without unit: percentages to one decimal, integers in full, others to a number of significant
    digits, but not beyond the second digit of `uncertainty` if that is given."""
    if unit == "%":
        return f"{round(value, 1) + 0.0:.1f}"  # no -0.0
    if value == int(value) and not uncertainty:
        return f"{int(value):,}"
    places = significant - 1 - math.floor(math.log10(abs(value) or 1))
    if uncertainty:
        places = min(places, 1 - math.floor(math.log10(uncertainty)))
    text = f"{value:,.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text and not uncertainty else text


def _half_width(ci95: Sequence[float] | None) -> float:
    """Half of an interval's width, 0 where there is none or it has no end."""
    width = (ci95[1] - ci95[0]) / 2 if ci95 else 0.0
    return width if math.isfinite(width) else 0.0
