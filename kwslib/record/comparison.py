"""Comparison of the original report's values with ours: reads both, converts units, gives a verdict by rule.

The original's come from `book/original.yml` (in a wheel: package data), ours from `<results>/<part>.json`.
Ours have the units of computation (accuracies and shares as a `fraction`, sizes in `B`, times in `ms` or
`us`, counts with none) and are converted to the original's.
"""

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kwslib.errors import KwsError
from kwslib.record import verdict as rule
from kwslib.record.units import convert, digits, format_value, interval_text
from kwslib.strict_json import is_number, parse_json

# one network of ours on both kinds of test: what changing the test does to it
ONE_NETWORK = "03_training/accuracy_testing_first_seed", "03_training/accuracy_testing_first_seed_redrawn"

OTHER_TEST = "tested on other clips, and what that does is not recorded"


@dataclass(frozen=True)
class Original:
    """A value of the original report, a summary in our words, and our counterpart or the reason why there is none."""

    key: str
    value: float
    unit: str
    part: int
    where: str  # "text", "Figure 9", ...
    gist: str
    n: int | None = None  # clips or trials that the value is a share or a count of
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
        """The value with the digits that the report gives, its sign and its unit."""
        exact = (
            format_value(self.value, self.unit) if self.unit == "fraction" else f"{self.value:,} {self.unit}"
        )
        return f"{self.sign} {exact}".strip().replace(" us", " µs")

    @property
    def in_per_cent(self) -> "Original":
        """The same value in per cent if it is a fraction of one."""
        return replace(self, value=round(100 * self.value, 6), unit="%") if self.unit == "fraction" else self

    @property
    def whole(self) -> float:
        """The value in this unit if all of `n` clips are correct."""
        return {"%": 100.0, "fraction": 1.0}.get(self.unit, float(self.n or 1))

    @property
    def ci95(self) -> tuple[float, float] | None:
        """Wilson's interval from the report's counts; None if it states none."""
        return rule.originals_interval(self.value, self.n, self.whole, self.sign)

    @property
    def text_with_interval(self) -> str:
        """`text`, with the interval of a share; of one that is "above" something, its lower bound."""
        if self.ci95 is None or self.unit not in ("%", "fraction"):
            return self.text
        low, high = (100 / self.whole * bound for bound in self.ci95)
        return self.text + (f" (from {low:.1f})" if self.sign == ">" else interval_text((low, high), "%"))


@dataclass(frozen=True)
class Comparison:
    """An original value and ours, in the original's unit; `ours` is None if nothing is recorded."""

    original: Original
    ours: float | None
    ci95: tuple[float, float] | None = None  # as recorded
    interval: tuple[float, float] | None = None  # over clips too: what the verdict goes by
    differs: str | None = None  # why the two do not measure the same thing
    shift: float = 0.0  # what another test does to one network
    modelled: bool = False  # ours is the cycle model's: two digits are all it has

    @property
    def difference(self) -> float | None:
        """Ours minus the original's."""
        return None if self.ours is None else self.ours - self.original.value

    @property
    def ours_text(self) -> str:
        """Our value in the original's unit, which is not printed, with its recorded interval.

        If all seeds have the same value, that interval has no width, and the one over clips is shown instead.
        """
        if self.ours is None:
            return "not recorded"
        bounds = self.interval if self.ci95 and self.ci95[0] == self.ci95[1] else self.ci95
        return digits(self.ours, self.original.unit) + interval_text(bounds, self.original.unit)

    @property
    def ours_with_interval(self) -> str:
        """Our value with its unit and the interval on which the verdict is based."""
        if self.ours is None:
            return "not recorded"
        return format_value(self.ours, self.original.unit, self.interval, 2 if self.modelled else 4)

    @property
    def reason(self) -> str | None:
        """The reason why the values are not compared; None if they are."""
        return self.original.reason or (self.differs if self.ours is not None else None)

    @property
    def verdict(self) -> rule.Verdict:
        """By the rule of kwslib.record.verdict."""
        entry = self.original
        if entry.reason is not None:
            return "no counterpart"
        if self.ours is None:
            return "not recorded"
        if self.differs is not None:
            return "not comparable"
        if entry.better in ("none", "equal"):
            return "same" if rule.agrees(entry.value, self.ours, entry.sign) else "not comparable"
        theirs = entry.ci95 or (entry.value, entry.value)
        mine = self.interval or (self.ours, self.ours)
        return rule.ranked(theirs, mine, entry.better == "higher", self.shift)


def repository() -> Path | None:
    """Root of the clone that this package runs from; None if it was installed as a wheel."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "book" / "original.yml").is_file() else None


def recorded_folder() -> Path | None:
    """`book/results` of the clone: the recorded numbers."""
    root = repository()
    return root and root / "book" / "results"


def book_file(name: str) -> Path:
    """A data file of `book/`, from the clone or, if installed as a wheel, from the package."""
    root = repository()
    return root / "book" / name if root else Path(__file__).parents[1] / "_book" / name


def load_original() -> dict[str, Original]:
    """Every value of the original report by key, in its order. Raises KwsError for a broken entry."""
    return dict(_originals(book_file("original.yml").read_text(encoding="utf-8")))


@functools.cache  # pages ask for it once a value, and it takes a third of a second
def _originals(text: str) -> dict[str, Original]:
    import yaml

    return {key: Original(key=key, **entry) for key, entry in yaml.safe_load(text).items()}


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
        and is_number(entry.get("value"))
        and isinstance(entry.get("unit"), str)
        and _is_interval(entry.get("ci95", [0, 0]))
        for entry in values.values()
    )


def _is_interval(bounds: Any) -> bool:
    return isinstance(bounds, list) and len(bounds) == 2 and all(map(is_number, bounds))


def compare(
    results: dict[str, dict[str, Any]], original: dict[str, Original] | None = None
) -> list[Comparison]:
    """Comparisons of all original values with ours from `results` (see `load_results`), in the report's order."""
    known, rows = comparability(), []
    shift = _moved_by_the_test(results)
    for entry in (original or load_original()).values():
        ours = recorded_value(results, entry.ours or "/")
        if ours is None:
            rows.append(Comparison(entry, None))
            continue
        bounds = [convert(bound, ours["unit"], entry.unit) for bound in ours.get("ci95") or ()]
        recorded = (bounds[0], bounds[1]) if bounds else None
        value = convert(ours["value"], ours["unit"], entry.unit)
        clips = entry.n if (ours.get("n") or 0) < (entry.n or 0) else None
        moved, differs = 0.0, known.why_not(entry.key)
        if differs is None and known.tested_elsewhere(entry.key):
            moved, differs = (shift * entry.whole, None) if shift is not None else (0.0, OTHER_TEST)
        interval = rule.reach(recorded, value, clips, entry.whole)
        modelled = known.modelled_here(entry.key)
        rows.append(Comparison(entry, value, recorded, interval, differs, moved, modelled))
    return rows


def comparability() -> rule.Comparability:
    """The contents of `book/comparability.yml`."""
    return rule.load_comparability(book_file("comparability.yml"))


def recorded_value(results: dict[str, dict[str, Any]], reference: str) -> dict[str, Any] | None:
    """The recorded value "<part>/<name>" in `results`; None if it is missing."""
    part, _, name = reference.partition("/")
    value: dict[str, Any] | None = results.get(part, {}).get("values", {}).get(name)
    return value


def _moved_by_the_test(results: dict[str, dict[str, Any]]) -> float | None:
    """How far the original's kind of test moves the accuracy (0..1) of one network; None where it is not recorded."""
    found = [recorded_value(results, name) for name in ONE_NETWORK]
    values = [value["value"] for value in found if value is not None]
    return abs(values[0] - values[1]) if len(values) == len(ONE_NETWORK) else None
