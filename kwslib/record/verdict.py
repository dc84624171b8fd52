"""What may be said of an original value beside ours: the rule of the book's Methods, in code.

    no counterpart    the original's value has none of ours; the entry says why
    not recorded      ours is not among the recorded values
    not comparable    the two do not measure the same thing (`book/comparability.yml` says why)
    same              a setting, a count or a definition, equal to the digits that the report gives
    better, worse     the intervals leave each other out, even when one is moved by what a change of test does
    not told apart    they do not

The original's interval is Wilson's, from its counts; where it says "above", everything above is in it. Ours reaches
over both kinds of chance: the recorded interval (over seeds, mostly) and Wilson's over as many clips as were tested.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path

from kwslib.errors import KwsError
from kwslib.statistics import wilson

VERDICTS = (
    "better",
    "worse",
    "not told apart",
    "same",
    "not comparable",
    "no counterpart",
    "not recorded",
)
Interval = tuple[float, float]


@dataclass(frozen=True)
class Own:
    """A value of ours that the original has no counterpart of, for the headline table."""

    gist: str
    ours: str  # "<part>/<recorded value>"
    unit: str


@dataclass(frozen=True)
class Comparability:
    """Which keys of original.yml (patterns) measure something else, and which another test; ours alone."""

    not_comparable: dict[str, str]  # pattern of keys -> why
    other_test: tuple[str, ...]  # patterns of keys
    modelled: tuple[str, ...]  # patterns of keys
    headline: tuple[Own, ...]

    def why_not(self, key: str) -> str | None:
        """Why the value `key` and ours do not measure the same thing; None where they do."""
        return next(
            (reason for pattern, reason in self.not_comparable.items() if fnmatchcase(key, pattern)), None
        )

    def tested_elsewhere(self, key: str) -> bool:
        """Whether ours was tested on other clips than the original's."""
        return any(fnmatchcase(key, pattern) for pattern in self.other_test)

    def modelled_here(self, key: str) -> bool:
        """Whether ours comes from the cycle model."""
        return any(fnmatchcase(key, pattern) for pattern in self.modelled)


def load_comparability(path: Path) -> Comparability:
    """Read `book/comparability.yml`. Raises KwsError where it is not of that form."""
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
    """Wilson's interval of `value`, the share of n clips that were right, where all n right are `whole`."""
    low, high = wilson(round(n * value / whole), n)
    return whole * low, whole * high


def originals_interval(value: float, n: int | None, whole: float, sign: str = "") -> Interval | None:
    """What the original's `value` leaves open: Wilson's interval from its n, open to the side that its sign names."""
    if n is None and sign not in (">", "<"):
        return None
    low, high = counted(value, n, whole) if n is not None else (value, value)
    top = whole if n is not None else inf
    return {">": (low, top), "<": (0.0, high)}.get(sign, (low, high))


def reach(recorded: Interval | None, value: float, n: int | None, whole: float) -> Interval | None:
    """The interval of ours that the rule uses: the recorded one, and Wilson's over n clips, whichever goes further."""
    over_clips = counted(value, n, whole) if n is not None else None
    known = [interval for interval in (recorded, over_clips) if interval is not None]
    if not known:
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def ranked(original: Interval, ours: Interval, higher: bool, shift: float = 0.0) -> str:
    """better, worse or not told apart, of two intervals in one unit that a change of test moves by `shift`."""
    above, below = ours[0] - original[1] > shift, original[0] - ours[1] > shift
    if not (above or below):
        return "not told apart"
    return "better" if above == higher else "worse"


def agrees(original: float, ours: float, sign: str) -> bool:
    """Whether ours is what the original states: equal to its digits, within one of the last where it says "about"."""
    decimals = len(str(original).partition(".")[2]) if isinstance(original, float) else 0
    if sign in (">", "<"):
        return ours > original if sign == ">" else ours < original
    return abs(ours - original) <= (1.0 if sign == "≈" else 0.5) * 10**-decimals + 1e-12
