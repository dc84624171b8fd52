"""The headline table: the original's marked values and ours with their verdicts, and values that only we have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kwslib.record.comparison import Comparison, comparability, compare, recorded_value
from kwslib.record.units import convert, format_value

NONE = "none"


@dataclass(frozen=True)
class HeadlineRow:
    """One row as shown; `ours` is None if nothing is recorded."""

    gist: str
    original: str
    ours: str | None
    verdict: str
    reason: str | None
    part: int
    where: str  # in the original; "" where it has no such value


def row(compared: Comparison) -> HeadlineRow:
    """The row of an original's value and ours."""
    entry = compared.original
    ours = None
    if compared.ours is not None:
        ours = compared.ours_with_interval
    elif entry.reason is not None:
        ours = NONE
    return HeadlineRow(
        entry.gist,
        entry.text_with_interval,
        ours,
        compared.verdict,
        compared.reason,
        entry.part,
        entry.where,
    )


def rows(
    results: dict[str, dict[str, Any]], compared: Sequence[Comparison] | None = None
) -> list[HeadlineRow]:
    """All rows of the headline table from `results` (see `load_results`)."""
    found = [row(each) for each in compared or compare(results) if each.original.headline]
    for own in comparability().headline:
        value, ours = recorded_value(results, own.ours), None
        if value is not None:
            bounds = [convert(bound, value["unit"], own.unit) for bound in value.get("ci95") or ()]
            ours = format_value(convert(value["value"], value["unit"], own.unit), own.unit, bounds or None)
        verdict = "not recorded" if ours is None else "no counterpart"
        found.append(HeadlineRow(own.gist, NONE, ours, verdict, None, int(own.ours[:2]), ""))
    return found
