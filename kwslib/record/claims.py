"""The claims of each part as checks: a sentence, and the test of recorded values that supports it.

`book/claims.yml` lists them by part. Each has `says` and one test:

    verdict: KEY, is: WORD              the verdict of `kws compare` on the original's value KEY
    interval: VALUE, above|below: X     the 95 % interval is entirely above or below X; `around: X`: it contains X
                                        (`comparisons: N`: Bonferroni's for N comparisons, if VALUE is over seeds)
    apart: [HIGHER, LOWER]              the two intervals do not overlap
    together: [ONE, OTHER]              they overlap
    value: VALUE, above|below: X        a computed value, or with `over: VALUE` its ratio to another
    paired: {sweep, column, of, less}   the difference of two kinds of rows of a recorded sweep, paired by seed, with
                                        above|below|around: X and `comparisons: N`
    mcnemar: [ONLY_FIRST, ONLY_SECOND]  clips that only one of two networks classifies correctly: `told: true` for
                                        p < 0.05

VALUE is "<part>/<name>" of the recorded values; X is a number, an original's value KEY, or a bound of its interval,
KEY:low or KEY:high. The error for a failed test names the sentence that must change.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.errors import KwsError
from kwslib.record.comparison import book_file, compare, load_original, recorded_value
from kwslib.record.units import convert, format_value
from kwslib.statistics import MeanInterval, mcnemar, paired_difference, student_factor

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Claim:
    """A sentence and its test."""

    part: int
    says: str
    test: dict[str, Any]

    @property
    def parts(self) -> set[str]:
        """Names of the parts whose values the claim refers to."""
        named = [
            value for entry in self.test.values() for value in (entry if isinstance(entry, list) else [entry])
        ]
        return {value.partition("/")[0] for value in named if isinstance(value, str) and "/" in value}


@dataclass(frozen=True)
class ClaimOutcome:
    """Result of checking a claim against the recorded values."""

    claim: Claim
    shown: str  # value and interval
    rule: str  # the test, in words
    holds: bool

    def __str__(self) -> str:
        mark = "ok  " if self.holds else "NOT "
        end = "" if self.holds else f"; this sentence of Part {self.claim.part} must change"
        return f"{mark} Part {self.claim.part}: {self.claim.says} [{self.shown}; {self.rule}]{end}"


def load_claims(path: Path | None = None) -> list[Claim]:
    """The claims of all parts in order. Raises KwsError for one without a known test."""
    import yaml

    path = path or book_file("claims.yml")
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    claims = []
    for part, listed in entries.items():
        for entry in listed:
            test = {key: value for key, value in entry.items() if key != "says"}
            if "says" not in entry or len(test.keys() & KINDS.keys()) != 1:
                raise KwsError(f"{path}: a claim of part {part} needs `says` and one of {', '.join(KINDS)}")
            claims.append(Claim(int(part), " ".join(entry["says"].split()), test))
    return claims


def check(claims: list[Claim], results: Results, sweeps: Path | None = None) -> list[ClaimOutcome]:
    """Results for all claims of the recorded parts; `sweeps`: the folder of the recorded tables.

    Raises KwsError if a claim names a value that its part has not recorded.
    """
    recorded = {int(part[:2]) for part in results}
    return [
        _outcome(claim, results, sweeps)
        for claim in claims
        if claim.part in recorded and claim.parts <= results.keys()
    ]


def _outcome(claim: Claim, results: Results, sweeps: Path | None) -> ClaimOutcome:
    kind = next(kind for kind in KINDS if kind in claim.test)
    shown, rule, holds = KINDS[kind](claim.test, results, sweeps)
    return ClaimOutcome(claim, shown, rule, holds)


def _value(results: Results, reference: str) -> dict[str, Any]:
    found = recorded_value(results, reference)
    if found is None:
        raise KwsError(f"claims.yml: {reference} is not recorded: record its part, or change the claim")
    return found


def _interval_of(results: Results, reference: str) -> tuple[dict[str, Any], list[float]]:
    value = _value(results, reference)
    if "ci95" not in value:
        raise KwsError(
            f"claims.yml: {reference} has no interval: record its part with more seeds, or name its value"
        )
    return value, value["ci95"]


def _text(value: dict[str, Any]) -> str:
    return format_value(value["value"], value["unit"], value.get("ci95"))


def _verdict(test: dict[str, Any], results: Results, _sweeps: Path | None) -> tuple[str, str, bool]:
    row = next(row for row in compare(results) if row.original.key == test["verdict"])
    shown = f"{row.ours_with_interval}; the original {row.original.text_with_interval}"
    return shown, f"verdict: {test['is']}", row.verdict == test["is"]


def _bound(bound: float | str, unit: str) -> tuple[float, str]:
    """A bound as a number and in words: itself (a share in %), an original's value, or an end of its interval."""
    if isinstance(bound, int | float):
        return bound, f"{100 * bound:g} %" if unit == "fraction" else f"{bound:g}"
    key, _, end = bound.partition(":")
    entry = load_original()[key]
    if not end:
        return convert(entry.value, entry.unit, "fraction"), f"the original's {entry.text}"
    if entry.ci95 is None:
        raise KwsError(f"claims.yml: the original's {key} has no interval: name its value")
    number = convert(entry.ci95[end == "high"], entry.unit, "fraction")
    return number, f"the original's {entry.text_with_interval}"


def _side(low: float, high: float, test: dict[str, Any], unit: str = "") -> tuple[str, bool]:
    """The bound that a test names, in words, and whether the interval keeps to it."""
    side = next(side for side in ("above", "below", "around") if side in test)
    bound, words = _bound(test[side], unit)
    holds = {"above": low > bound, "below": high < bound, "around": low <= bound <= high}
    return f"{side} {words}", holds[side]


def _interval(test: dict[str, Any], results: Results, _sweeps: Path | None) -> tuple[str, str, bool]:
    value, (low, high) = _interval_of(results, test["interval"])
    many, more = test.get("comparisons", 1), ""
    if many > 1:
        factor = student_factor(value["n"], many)
        low, high = (value["value"] + factor * (bound - value["value"]) for bound in (low, high))
        more = f", for {many} comparisons at once"
    words, holds = _side(low, high, test, value["unit"])
    return _text(value | {"ci95": [low, high]}), f"interval {words}{more}", holds


def _bounds(results: Results, references: list[str]) -> tuple[list[list[float]], str]:
    found = [_interval_of(results, reference) for reference in references]
    return [bounds for _, bounds in found], " and ".join(_text(value) for value, _ in found)


def _apart(test: dict[str, Any], results: Results, _sweeps: Path | None) -> tuple[str, str, bool]:
    (higher, lower), shown = _bounds(results, test["apart"])
    return shown, "intervals leave each other out", higher[0] > lower[1]


def _together(test: dict[str, Any], results: Results, _sweeps: Path | None) -> tuple[str, str, bool]:
    (first, second), shown = _bounds(results, test["together"])
    return shown, "intervals overlap", first[0] <= second[1] and second[0] <= first[1]


def _computed(test: dict[str, Any], results: Results, _sweeps: Path | None) -> tuple[str, str, bool]:
    value = _value(results, test["value"])
    if "over" not in test:
        words, holds = _side(value["value"], value["value"], test, value["unit"])
        return _text(value), f"value {words}", holds
    other = _value(results, test["over"])
    ratio = value["value"] / other["value"]
    words, holds = _side(ratio, ratio, test)
    return f"{_text(value)} over {_text(other)}: {ratio:.2f}", f"ratio {words}", holds


def _paired(test: dict[str, Any], _results: Results, sweeps: Path | None) -> tuple[str, str, bool]:
    comparison, many = test["paired"], test.get("comparisons", 1)
    if sweeps is None or not (table := sweeps / f"{comparison['sweep']}.csv").is_file():
        raise KwsError(
            f"claims.yml: no recorded sweep {comparison['sweep']}: record its part, or change the claim"
        )
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first, second = (_by_seed(rows, comparison[side], comparison["column"]) for side in ("of", "less"))
    if first.keys() != second.keys() or len(first) < 2:
        raise KwsError(f"{table}: {comparison['of']} and {comparison['less']} have no two seeds in common")
    seeds = sorted(first)
    found: MeanInterval = paired_difference(
        [100 * first[seed] for seed in seeds], [100 * second[seed] for seed in seeds], 1 - 0.05 / many
    )
    words, holds = _side(found.low, found.high, test)
    more = f", for {many} comparisons at once" if many > 1 else ""
    mean, low, high = (round(each, 1) + 0.0 for each in (found.mean, found.low, found.high))  # 0.0, not -0.0
    shown = f"{mean:+.1f} points ({low:+.1f} to {high:+.1f})"
    return shown, f"paired over {len(seeds)} seeds, {words}{more}", holds


def _by_seed(rows: list[dict[str, str]], wanted: dict[str, Any], column: str) -> dict[int, float]:
    hits = [row for row in rows if all(row[key] == str(value) for key, value in wanted.items())]
    return {int(row["seed"]): float(row[column]) for row in hits}


def _mcnemar(test: dict[str, Any], results: Results, _sweeps: Path | None) -> tuple[str, str, bool]:
    first, second = (int(_value(results, reference)["value"]) for reference in test["mcnemar"])
    p = mcnemar(first, second)
    words = "told apart" if test["told"] else "not told apart"
    return (
        f"{first} and {second} clips, p = {p:.2g}",
        f"McNemar's exact test, {words}",
        (p < 0.05) == test["told"],
    )


KINDS: dict[str, Callable[[dict[str, Any], Results, Path | None], tuple[str, str, bool]]] = {
    "verdict": _verdict,
    "interval": _interval,
    "apart": _apart,
    "together": _together,
    "value": _computed,
    "paired": _paired,
    "mcnemar": _mcnemar,
}
