"""Confidence intervals of a single test accuracy and of a few seeds."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple


class MeanInterval(NamedTuple):
    """Mean over runs with the bounds of its confidence interval (same unit as the values)."""

    mean: float
    low: float
    high: float


def wilson(correct: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a proportion (E. B. Wilson, JASA 22, 1927). (0, 1) when n is 0."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> MeanInterval:
    """Mean and Student's t interval over independent runs; one value has an interval of unknown (nan) width."""
    mean = fmean(values)
    if len(values) < 2:
        return MeanInterval(mean, math.nan, math.nan)
    from scipy.stats import t

    half = float(t.ppf(0.5 + confidence / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return MeanInterval(mean, mean - half, mean + half)


def mean_share(values: Sequence[float], confidence: float = 0.95) -> MeanInterval:
    """`mean_interval` of shares (accuracies): its bounds end at 0 and 1, where shares do."""
    mean, low, high = mean_interval(values, confidence)
    return (
        MeanInterval(mean, max(low, 0.0), min(high, 1.0))
        if len(values) > 1
        else MeanInterval(mean, low, high)
    )


def paired_difference(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95
) -> MeanInterval:
    """Mean and Student's t interval of first - second, pair by pair (the same seeds, in the same order).

    Raises ValueError if the two differ in length.
    """
    return mean_interval([a - b for a, b in zip(first, second, strict=True)], confidence)


def widest_interval(*groupings: Sequence[float]) -> tuple[MeanInterval, int]:
    """Mean of the first grouping of the same values (by trial, by seed, by room), the widest of their intervals, and
    how many groups that has. A grouping of one says nothing of its width."""
    found = [(mean_interval(each), len(each)) for each in groupings]
    known = [(interval.high - interval.low, n) for interval, n in found if n > 1]
    width, n = max(known, default=(math.nan, found[0][1]))
    mean = found[0][0].mean
    return MeanInterval(mean, mean - width / 2, mean + width / 2), n


def student_factor(n: int, comparisons: int, confidence: float = 0.95) -> float:
    """How much wider Student's interval over n runs is for each of several comparisons at once (Bonferroni)."""
    from scipy.stats import t

    each = 1 - (1 - confidence) / comparisons
    return float(t.ppf(0.5 + each / 2, n - 1) / t.ppf(0.5 + confidence / 2, n - 1))


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p of McNemar's exact test (Q. McNemar, Psychometrika 12, 1947): two classifiers, the same clips.

    only_first and only_second: clips that only one of them classified correctly. 1.0 if there is no such clip.
    """
    from scipy.stats import binomtest

    changed = only_first + only_second
    return float(binomtest(only_first, changed).pvalue) if changed else 1.0


def poisson_rate(events: int, exposure: float, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a rate, events per unit of exposure (Garwood, Biometrika 28, 1936). (0, inf) without any."""
    if exposure <= 0:
        return 0.0, math.inf
    from scipy.stats import chi2

    tail = (1 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    return low / exposure, float(chi2.ppf(1 - tail, 2 * (events + 1))) / 2 / exposure
