"""Values to record: a number with its unit, its 95 % interval and its number of samples or seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kwslib.statistics import MeanInterval, wilson


@dataclass(frozen=True)
class Value:
    """Shares are a `fraction`, sizes in `B`, times in `ms` or `us`, counts have no unit."""

    value: float
    unit: str = ""
    ci95: Sequence[float] | None = None
    n: int | None = None


Values = dict[str, Value]


def over_seeds(mean: MeanInterval, seeds: int, unit: str = "fraction") -> Value:
    """A mean over seeds with its t interval; a single seed has no interval."""
    return Value(mean.mean, unit, mean[1:] if seeds > 1 else None, seeds)


def share(correct: int, n: int) -> Value:
    """A share of `n` samples with its Wilson interval."""
    return Value(correct / n, "fraction", wilson(correct, n), n)


def shares(counts: Mapping[str, tuple[int, int]]) -> Values:
    """The share of each name's (correct, n); none of nothing, as of a class without examples."""
    return {name: share(correct, n) for name, (correct, n) in counts.items() if n}
