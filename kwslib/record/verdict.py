"""The verdict on an original value and ours: the rule of the book's Methods, in code.

    no counterpart    we have no value for the original's; the entry states why
    not recorded      ours is not among the recorded values
    not comparable    the two do not measure the same thing (`book/comparability.yml` states why)
    same              a setting, a count or a definition, equal to the digits that the report gives
    better, worse     the intervals do not overlap, even when one is shifted by the effect of a change of test
    not told apart    they overlap

The original's interval is Wilson's, from its counts; if it states "above", the interval is open upwards. Ours covers
both sources of variation: the recorded interval (mostly over seeds) and Wilson's over the number of clips tested.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path
from typing import Literal

from kwslib.errors import KwsError
from kwslib.statistics import wilson

Verdict = Literal[
    "better",
    "worse",
    "not told apart",
    "same",
    "not comparable",
    "no counterpart",
    "not recorded",
]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Own:
    """A value of ours without a counterpart in the original, for the headline table."""

    gist: str
    ours: str  # "<part>/<recorded value>"
    unit: str


@dataclass(frozen=True)
class Comparability:
    """Keys of original.yml (patterns) that measure something else, or come from a different test; and values
    only we have."""

    not_comparable: dict[str, str]  # pattern of keys -> why
    other_test: tuple[str, ...]  # patterns of keys
    modelled: tuple[str, ...]  # patterns of keys
    headline: tuple[Own, ...]

    def why_not(self, key: str) -> str | None:
        """The reason why the value `key` and ours do not measure the same thing; None if they do."""
        return next(
            (reason for pattern, reason in self.not_comparable.items() if fnmatchcase(key, pattern)), None
        )

    def tested_elsewhere(self, key: str) -> bool:
        """Whether our value was measured on different clips from the original's."""
        return any(fnmatchcase(key, pattern) for pattern in self.other_test)

    def modelled_here(self, key: str) -> bool:
        """Whether our value comes from the cycle model."""
        return any(fnmatchcase(key, pattern) for pattern in self.modelled)


def load_comparability(path: Path) -> Comparability:
    """Read `book/comparability.yml`. Raises KwsError if its format is invalid."""
    import yaml

    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return Comparability(
            dict(entries["not_comparable"]),
            tuple(entries["other_test"]),
            tuple(entries["modelled"]),
            tuple(Own(**row) for row in entries["headline"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise KwsError(f"{path}: {error}: it has not_comparable, other_test, modelled and headline") from None


def counted(value: float, n: int, whole: float) -> Interval:
    """Wilson's interval of `value`, the share of correct clips out of n, in a unit in which all correct are `whole`."""
    low, high = wilson(round(n * value / whole), n)
    return whole * low, whole * high


def originals_interval(value: float, n: int | None, whole: float, sign: str = "") -> Interval | None:
    """Interval of the original's `value`: Wilson's from its n, open on the side that its sign indicates."""
    if n is None and sign not in (">", "<"):
        return None
    low, high = counted(value, n, whole) if n is not None else (value, value)
    top = whole if n is not None else inf
    return {">": (low, top), "<": (0.0, high)}.get(sign, (low, high))


def reach(recorded: Interval | None, value: float, n: int | None, whole: float) -> Interval | None:
    """Our interval for the rule: on each side the wider of the recorded one and Wilson's over n clips."""
    over_clips = counted(value, n, whole) if n is not None else None
    known = [interval for interval in (recorded, over_clips) if interval is not None]
    if not known:
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def ranked(original: Interval, ours: Interval, higher: bool, shift: float = 0.0) -> Verdict:
    """The verdict better, worse or not told apart for two intervals in one unit, which a change of test
    shifts by `shift`."""
    above, below = ours[0] - original[1] > shift, original[0] - ours[1] > shift
    if not (above or below):
        return "not told apart"
    return "better" if above == higher else "worse"


def agrees(original: float, ours: float, sign: str) -> bool:
    """Whether ours equals the original's value: to its digits, or within one unit of the last digit if it
    states "about"."""
    decimals = len(str(original).partition(".")[2]) if isinstance(original, float) else 0
    if sign in (">", "<"):
        return ours > original if sign == ">" else ours < original
    return abs(ours - original) <= (1.0 if sign == "≈" else 0.5) * 10**-decimals + 1e-12
