"""The original report's values beside ours: read both, bring them to one unit, say which is better.

The original's come from `book/original.yml` (in a wheel: package data), ours from `<results>/<part>.json`.
Ours carry the units of a computation (accuracies and shares as a `fraction`, sizes in `B`, times in `ms` or
`us`, counts with none); the two meet in the original's unit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.errors import KwsError
from kwslib.strict_json import parse_json

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


@dataclass(frozen=True)
class Original:
    """A value of the original report, its gist in our words, our counterpart or why there is none."""

    key: str
    value: float
    unit: str
    part: int
    where: str  # "text", "Figure 9", ...
    gist: str
    sign: str = ""  # "≈", ">" or "<" where the report says about, above or below
    ours: str | None = None  # "<part>/<recorded value>"
    better: str = "none"  # higher | lower | equal | none
    reason: str | None = None  # why no value of ours can stand beside it
    headline: bool = False  # a row of the table in the introduction and the README

    def __post_init__(self) -> None:
        if (self.ours is None) == (self.reason is None):
            raise KwsError(f"original.yml: {self.key} needs either `ours` or a `reason`")
        if self.better not in ("higher", "lower", "equal", "none") or self.sign not in ("", "≈", ">", "<"):
            raise KwsError(f"original.yml: {self.key} has an unknown `better` or `sign`")

    @property
    def text(self) -> str:
        """The value to the digit that the report gives, with its sign and unit."""
        exact = (
            format_value(self.value, self.unit) if self.unit == "fraction" else f"{self.value:,} {self.unit}"
        )
        return f"{self.sign} {exact}".strip().replace(" us", " µs")


@dataclass(frozen=True)
class Comparison:
    """An original value beside ours, in the original's unit; `ours` is None where nothing is recorded."""

    original: Original
    ours: float | None
    ci95: tuple[float, float] | None = None

    @property
    def difference(self) -> float | None:
        """Ours minus the original's."""
        return None if self.ours is None else self.ours - self.original.value

    @property
    def ours_text(self) -> str:
        """Ours in the original's unit, which is left out, with its interval."""
        if self.ours is None:
            return "not recorded"
        return digits(self.ours, self.original.unit) + interval_text(self.ci95, self.original.unit)

    @property
    def verdict(self) -> str:
        """better, worse, same (to the digits that the report gives), different, or why none of these."""
        if self.original.reason is not None:
            return "no counterpart"
        if self.difference is None:
            return "not recorded"
        decimals = (
            len(str(self.original.value).partition(".")[2]) if isinstance(self.original.value, float) else 0
        )
        if self.original.sign in ("", "≈") and abs(self.difference) <= 0.5 * 10**-decimals:
            return "same"
        if self.original.better in ("none", "equal"):
            return "different"
        return "better" if (self.difference > 0) == (self.original.better == "higher") else "worse"


def repository() -> Path | None:
    """Root of the clone that this package runs from, None where it was installed as a wheel."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "book" / "original.yml").is_file() else None


def recorded_folder() -> Path | None:
    """`book/results` of the clone: the recorded numbers."""
    root = repository()
    return root and root / "book" / "results"


def book_file(name: str) -> Path:
    """A data file of `book/`, from the clone or, where installed as a wheel, from the package."""
    root = repository()
    return root / "book" / name if root else Path(__file__).parents[1] / "_book" / name


def load_original() -> dict[str, Original]:
    """Every value of the original report by key, in its order. Raises KwsError for a broken entry."""
    import yaml

    entries = yaml.safe_load(book_file("original.yml").read_text(encoding="utf-8"))
    return {key: Original(key=key, **entry) for key, entry in entries.items()}


def load_results(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """The recorded parts in `folder` (default: the recorded numbers), {part: contents of its JSON file}."""
    folder = folder or recorded_folder()
    if folder is None or not Path(folder).is_dir():
        raise KwsError(
            f"no recorded values in {folder or 'an installed wheel'}: name their folder with --results"
        )
    parts = {}
    for path in sorted(folder.glob("[0-9][0-9]_*.json")):
        try:
            parts[path.stem] = parse_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise KwsError(f"{path} is not JSON ({error}): record its part again") from None
        if not _holds_values(parts[path.stem]):
            raise KwsError(f"{path} holds no recorded values: record its part again")
    return parts


def _holds_values(contents: Any) -> bool:
    """Whether a part's file has the form that `kwslib.record.recording` writes."""
    values = contents.get("values") if isinstance(contents, dict) else None
    return isinstance(values, dict) and all(
        isinstance(entry, dict)
        and _is_number(entry.get("value"))
        and isinstance(entry.get("unit"), str)
        and _is_interval(entry.get("ci95", [0, 0]))
        for entry in values.values()
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def _is_interval(bounds: Any) -> bool:
    return isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_number, bounds))


def convert(value: float, unit: str, to: str) -> float:
    """`value` in another unit of the same dimension. Raises KwsError when the units do not fit."""
    if unit == to:
        return value
    (dimension, factor), (target, divisor) = UNITS.get(unit, (unit, 1.0)), UNITS.get(to, (to, 1.0))
    if dimension != target:
        raise KwsError(
            f"a value in {unit or 'no unit'!r} cannot be shown in {to or 'no unit'!r}: record it in another"
        )
    return value * factor / divisor


def compare(
    results: dict[str, dict[str, Any]], original: dict[str, Original] | None = None
) -> list[Comparison]:
    """Each original value beside ours from `results` (see `load_results`), in the report's order."""
    rows = []
    for entry in (original or load_original()).values():
        part, _, name = (entry.ours or "/").partition("/")
        ours = results.get(part, {}).get("values", {}).get(name)
        if ours is None:
            rows.append(Comparison(entry, None))
            continue
        bounds = [convert(bound, ours["unit"], entry.unit) for bound in ours.get("ci95") or ()]
        interval = (bounds[0], bounds[1]) if bounds else None
        rows.append(Comparison(entry, convert(ours["value"], ours["unit"], entry.unit), interval))
    return rows


def format_value(value: float, unit: str = "", ci95: Sequence[float] | None = None) -> str:
    """A value as a reader wants it, with its unit and 95 % interval; a fraction is shown in per cent."""
    if unit == "fraction":
        return format_value(100 * value, "%", [100 * bound for bound in ci95] if ci95 else None)
    return f"{digits(value, unit)} {unit}".strip().replace(" us", " µs") + interval_text(ci95, unit)


def interval_text(ci95: Sequence[float] | None, unit: str) -> str:
    """Either " (low to high)" or nothing for a value without an interval."""
    return f" ({digits(ci95[0], unit)} to {digits(ci95[1], unit)})" if ci95 else ""


def digits(value: float, unit: str = "") -> str:
    """The number alone: per cent to one decimal, integers whole, others to four significant digits."""
    if unit == "%":
        return f"{value:.1f}"
    if value == int(value):
        return f"{int(value):,}"
    text = f"{value:,.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
