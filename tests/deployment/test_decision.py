"""The decision logic in C against the same rules written plainly in Python."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.deployment.decision import CERTAIN, Decision, DecisionSettings, exponential_table
from kwslib.errors import KwsError

SCALE = 0.1


def plainly(settings_: DecisionSettings, stream: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Reports and smoothed posteriors of a stream of logits int8 (N, C), in floating point."""
    x = stream.astype(np.float64) * SCALE
    p = np.exp(x - x.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    reports, means, quiet = [], [], 0
    for n in range(len(p)):
        mean = p[max(0, n + 1 - settings_.smoothing) : n + 1].mean(0)
        means.append(mean)
        best = int(mean.argmax())
        full = n + 1 >= settings_.smoothing
        if quiet:
            quiet -= 1
            reports.append(-1)
        elif full and mean[best] >= settings_.thresholds()[best] / CERTAIN:
            reports.append(best)
            quiet = settings_.suppression
        else:
            reports.append(-1)
    return reports, np.array(means)


@settings(max_examples=60)
@given(st.integers(2, 16), st.integers(1, 32), st.integers(0, 20), st.integers(0, 2**32))
def test_posteriors_are_smoothed(classes, smoothing, suppression, seed):
    chosen = DecisionSettings(classes, smoothing, 0.5, suppression)
    stream = np.random.default_rng(seed).integers(-128, 128, (60, classes)).astype(np.int8)
    decision = Decision(chosen, SCALE)
    smoothed = np.array([decision.process(row)[1] for row in stream])
    np.testing.assert_allclose(smoothed, plainly(chosen, stream)[1], atol=2e-4)


@pytest.mark.parametrize("smoothing", [1, 5])
@pytest.mark.parametrize("suppression", [0, 7])
def test_words_are_reported_once(smoothing, suppression):
    chosen = DecisionSettings(4, smoothing, 0.6, suppression)
    stream = np.full((60, 4), -100, np.int8)
    stream[:, 0] = 100
    stream[20:30] = (-100, -100, 100, -100)  # "yes" for ten inferences
    decision = Decision(chosen, SCALE)
    reports = [decision.process(row)[0] for row in stream]
    assert reports == plainly(chosen, stream)[0]
    if suppression and smoothing == 1:
        assert [n for n, report in enumerate(reports) if report == 2] == [20, 28]


def test_silence_and_unknown_are_never_reported():
    decision = Decision(DecisionSettings(4, 1, 0.1, 0), SCALE)
    assert decision.process(np.array([127, 0, 0, 0], np.int8))[0] == -1
    assert decision.process(np.array([0, 127, 0, 0], np.int8))[0] == -1
    assert decision.process(np.array([0, 0, 0, 127], np.int8))[0] == 3


def test_a_fresh_start_forgets():
    decision = Decision(DecisionSettings(4, 2, 0.1, 100), SCALE)
    yes = np.array([0, 0, 127, 0], np.int8)
    assert [decision.process(yes)[0] for _ in range(3)] == [-1, 2, -1]
    decision.reset()
    assert [decision.process(yes)[0] for _ in range(2)] == [-1, 2]


def test_exponentials_end_where_they_vanish():
    table = exponential_table(0.5)
    assert table[0] == 65535
    assert np.all(np.diff(table.astype(int)) <= 0)
    assert 20 < len(table) < 30


@pytest.mark.parametrize(
    "bad",
    [{"classes": 17}, {"smoothing": 0}, {"smoothing": 33}, {"suppression": -1}, {"threshold": (0.5, 0.5)}],
)
def test_settings_out_of_range_are_refused(bad):
    with pytest.raises(KwsError):
        DecisionSettings(**bad)


def test_logits_of_another_shape_are_refused():
    with pytest.raises(KwsError, match="int8"):
        Decision(DecisionSettings(4), SCALE).process(np.zeros(5, np.int8))


@pytest.mark.parametrize("scale", [0.0, -0.1, math.nan, math.inf])
def test_logits_without_a_scale_are_refused(scale):
    with pytest.raises(ValueError, match="logits in steps of"):
        Decision(DecisionSettings(), scale)


@pytest.mark.parametrize("scale", [1e-38, 1e38])
def test_posteriors_of_any_scale_sum_to_one(scale):
    decision = Decision(DecisionSettings(smoothing=1), scale)
    for logits in ([-128, -128, -128, -128], [127, -128, 0, 5]):
        assert decision.process(np.array(logits, np.int8))[1].sum() == pytest.approx(1)
