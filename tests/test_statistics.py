"""Intervals agree with scipy's and keep their laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from kwslib.statistics import (
    mcnemar,
    mean_interval,
    mean_share,
    paired_difference,
    widest_interval,
    wilson,
)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts):
    correct, n = counts
    expected = binomtest(correct, n).proportion_ci(0.95, method="wilson")
    assert wilson(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_proportion_and_stays_in_the_unit_interval(counts):
    correct, n = counts
    low, high = wilson(correct, n)
    assert 0 <= low <= correct / n <= high <= 1


def test_wilson_of_the_originals_twenty_trials():
    low, high = wilson(13, 20)
    assert (round(low, 2), round(high, 2)) == (0.43, 0.82)


def test_wilson_of_nothing_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_mean_interval_is_students_t(values):
    mean, low, high = mean_interval(values)
    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    assert (mean, low, high) == pytest.approx(
        (np.mean(values), np.mean(values) - half, np.mean(values) + half)
    )


def test_one_run_has_no_interval():
    mean, low, high = mean_interval([0.9])
    assert mean == 0.9
    assert math.isnan(low)
    assert math.isnan(high)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5))
def test_the_interval_of_a_share_is_one(values):
    mean, low, high = mean_share(values)
    assert 0 <= low <= mean <= high <= 1 or np.isclose([low, high], mean).all()


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=20))
def test_paired_differences_are_student_s_one_sample(pairs):
    first, second = zip(*pairs, strict=True)
    assert paired_difference(first, second) == mean_interval([a - b for a, b in pairs])
    mean, low, high = paired_difference(second, first)
    assert (-mean, -high, -low) == pytest.approx(paired_difference(first, second), abs=1e-12)


def test_pairs_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="zip"):
        paired_difference([0.1, 0.2], [0.1])


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_a_coin_s_test_of_the_changed_clips(a, b):
    expected = min(1.0, 2 * sum(math.comb(a + b, k) for k in range(min(a, b) + 1)) / 2 ** (a + b))
    assert mcnemar(a, b) == pytest.approx(expected)
    assert mcnemar(a, b) == pytest.approx(mcnemar(b, a))


def test_of_several_groupings_the_widest_interval_counts():
    by_trial, by_room = [0.0, 0.0, 1.0, 1.0, 0.0, 1.0], [0.1, 0.9]
    (mean, low, high), n = widest_interval(by_trial, by_room)
    _, wide_low, wide_high = mean_interval(by_room)
    assert (mean, high - low, n) == pytest.approx((0.5, wide_high - wide_low, 2))
    assert mean - low == pytest.approx(high - mean)
    assert widest_interval(by_trial, by_trial[:4])[0].mean == 0.5  # the first grouping's


def test_a_grouping_of_one_says_nothing_of_its_width():
    assert widest_interval([0.5], [0.1, 0.9]) == widest_interval([0.1, 0.9])
    (mean, low, high), n = widest_interval([0.5], [0.5])
    assert (mean, n) == (0.5, 1)
    assert math.isnan(low)
    assert math.isnan(high)
