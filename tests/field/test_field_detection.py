"""Counts over many trials and over hours: results, small tests, the detection-error curve, factors, training copies."""

from dataclasses import replace

import numpy as np
import pytest

from kwslib.data.protocol import build_splits
from kwslib.deployment.decision import DecisionSettings
from kwslib.errors import KwsError
from kwslib.field import run_trials, small_tests
from kwslib.field.conditions import Field
from kwslib.field.detection import (
    OperatingPoint,
    allowed,
    best_within,
    detection_curve,
    stream_logits,
    word_end,
)
from kwslib.field.evaluate import FieldResult, judge, trial_logits
from kwslib.field.factors import CLEAN, factors, measure_factors
from kwslib.field.minutes import continuous_frames
from kwslib.field.stream import StreamNetwork, open_network, windows
from kwslib.field.training import FieldAugmentation, field_splits
from kwslib.labels import class_labels
from kwslib.networks.recipes import setup
from kwslib.record.comparison import recorded_folder
from kwslib.statistics import poisson_rate

pytestmark = pytest.mark.slow

LABELS = class_labels()


def loudness(scores):
    """A stand-in for a network: what it says depends on how much sound is in a window."""

    def run(seen):
        level = seen.astype(np.float32).mean(axis=(1, 2))[:, None]
        return np.hstack([scores[0] - level, scores[1] + 0 * level, scores[2] + level, scores[3] + level])

    return StreamNetwork("loudness", LABELS, None, run)


def test_run_trials_counts_every_trial_once_and_repeats(corpus, open_air):
    network = loudness((0, 0, 5, 0))
    result, again = (run_trials(network, 20, corpus=corpus, field=open_air) for _ in range(2))
    assert result.n == 20
    np.testing.assert_array_equal(result.evaluation.confusion, again.evaluation.confusion)
    np.testing.assert_array_equal(result.evaluation.confusion.sum(axis=1), [5, 5, 5, 5])
    assert result.ci95[0] <= result.accuracy <= result.ci95[1]
    with pytest.raises(KwsError, match="3 trials"):
        run_trials(network, 3, corpus=corpus, field=open_air)


def test_small_tests_scatter_around_the_large_one():
    rng = np.random.default_rng(0)
    said = np.arange(4000) % 4
    right = rng.random(4000) < np.array([0.9, 0.3, 0.6, 0.8])[said]
    result = FieldResult(LABELS, said, np.where(right, said, (said + 1) % 4), 0, 1.0, DecisionSettings())
    drawn = small_tests(result)
    assert drawn.shape == (1000,)
    assert set(np.round(20 * drawn, 9)) <= set(map(float, range(21)))
    assert drawn.mean() == pytest.approx(result.accuracy, abs=0.02)
    assert 0.05 < drawn.std() < 0.12


def test_long_streams_are_heard_like_short_ones():
    frames = np.random.default_rng(0).integers(-128, 128, (20_000, 40)).astype(np.int8)
    network = loudness((0, 0, 0, 0))
    np.testing.assert_array_equal(stream_logits(network, frames), network(windows(frames)))


def test_hours_of_what_is_new_come_to_the_same_as_whole_windows():
    """Nothing would tell a stream that begins a hop early, or at a chunk's end, from a right one."""
    network = open_network(recorded_folder() / "models" / "tinyconv.tflite")
    frames = np.random.default_rng(0).integers(-128, 128, (9_001, 40)).astype(np.int8)  # more than a chunk
    np.testing.assert_array_equal(stream_logits(network, frames), network(windows(frames)))
    assert network in {network}  # results are kept by network


def test_a_higher_threshold_accepts_less_and_rejects_more(outside):
    network = loudness((0, 0, 30, 0))
    logits = trial_logits(network, outside.frames(range(16)))
    hours = stream_logits(network, continuous_frames(outside, 0.05))
    points = detection_curve(network, outside, logits, hours, DecisionSettings(), (0.3, 0.5, 0.7, 0.9, 0.99))
    assert [point.keywords for point in points] == [8] * 5
    assert {point.clips for point in points} == {
        len({outside.trial(n).clip for n in (2, 3, 6, 7, 10, 11, 14, 15)})
    }
    assert points[0].hours == pytest.approx(0.05, rel=0.02)
    rejects = [point.rejects for point in points]
    assert rejects == sorted(rejects)
    assert points[-1].false_accepts <= points[0].false_accepts


def test_continuous_sound_holds_no_keyword(outside):
    assert {clip.word for clip in outside.material.clips[1]} == {"up", "down"}
    frames = continuous_frames(outside, 0.05)
    assert len(frames) == (3 * 60 * 16_000 - 480) // 320 + 1


def test_word_ends_within_its_clip(outside):
    for index in range(2, 40, 4):
        start = outside.trial(index).start / 16_000
        assert start < word_end(outside, index) <= start + 1


def test_operating_point_within_a_limit():
    points = [
        OperatingPoint(t, a, 2.0, r, 100, 60, np.zeros(0))
        for t, a, r in ((0.5, 9, 1), (0.7, 2, 5), (0.9, 0, 30))
    ]
    assert best_within(points, 1.0).threshold == 0.7
    assert best_within(points, 0.5).threshold == 0.9
    assert best_within(points[:2], 0.1).threshold == 0.7


def test_few_clips_in_many_rooms_say_little():
    point = OperatingPoint(0.9, 0, 4.0, 83, 100, 4, np.zeros(0))
    low, high = point.reject_ci95_by_clip
    assert low < 0.4 < 0.74 < point.reject_ci95[0]
    assert high > 0.97 > 0.9 > point.reject_ci95[1]
    once = OperatingPoint(0.9, 0, 4.0, 83, 100, 100, np.zeros(0))
    assert once.reject_ci95_by_clip == once.reject_ci95


@pytest.mark.parametrize(
    ("hours", "most", "count"), [(5, 1, 0), (10, 1, 3), (20, 1, 11), (1, 2, 0), (4, 2, 2)]
)
def test_the_interval_of_what_is_allowed_on_validation_ends_within_the_limit(hours, most, count):
    assert allowed(hours, most) * hours == pytest.approx(count)
    assert poisson_rate(count + 1, hours)[1] > most
    assert count == 0 or poisson_rate(count, hours)[1] <= most


def test_every_factor_hears_the_same_words(corpus, open_air):
    rows = [row for row in factors(open_air) if row.field.rt60 is None]
    names = [row.name for row in rows]
    network = loudness((0, 0, 5, 0))
    effects = measure_factors(corpus, network, network, 8, rows=rows)
    assert [effect.factor.name for effect in effects] == names
    assert {effect.result.n for effect in effects} == {8}
    assert factors()[0].group == "clips"
    assert factors()[0].field == CLEAN


# ---- Training ----


def test_training_copies_are_those_of_training_clips(corpus, tmp_path, monkeypatch, open_air):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    made = setup("tinyconv", 1)
    augmentation = FieldAugmentation(field=open_air, streams=2, windows=2, backgrounds=1, clean=0.0)
    splits = field_splits(corpus, made, augmentation)
    examples = build_splits(corpus, made.protocol)["training"]
    training = splits["training"]
    assert training.names == tuple(example.name for example in examples)
    assert (training.copies, training.x.shape) == (4, (4 * len(examples), 49, 40))
    np.testing.assert_array_equal(training.copy(3)[1], [example.label for example in examples])
    assert not np.array_equal(training.copy(0)[0], training.copy(2)[0])
    again = field_splits(corpus, made, replace(augmentation, clean=0.5))["training"]
    same = (again.x == training.x).all(axis=(1, 2)).mean()
    assert 0.3 < same < 0.7


@pytest.mark.parametrize(
    "changed", [{"streams": 0}, {"clean": 1.0}, {"jitter_ms": -1}, {"field": Field(snr=None)}, {"rooms": 0}]
)
def test_impossible_training(changed):
    with pytest.raises(KwsError, match="training for the field needs"):
        FieldAugmentation(**changed)


def test_judge_counts_reports_where_no_keyword_was_said():
    logits = np.zeros((4, 75, 4), np.float32)
    logits[:, 40:, 2] = 20  # a "yes" in every trial
    result = judge(logits, np.arange(4), loudness((0, 0, 0, 0)), DecisionSettings())
    assert result.answers.tolist() == [2, 2, 2, 2]
    assert result.false_accepts == 2
    assert result.hours == pytest.approx(2 * 75 * 0.04 / 3600)
