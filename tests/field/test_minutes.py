"""Minutes without a keyword: their kinds, where false accepts are counted, and the seconds that training takes."""

from dataclasses import replace

import numpy as np
import pytest

from kwslib.deployment.decision import DecisionSettings
from kwslib.features.dataset import FeatureSet
from kwslib.field.detection import (
    accepted,
    accepts_by_clip,
    accepts_by_kind,
    detection_curve,
    stream_logits,
)
from kwslib.field.minutes import SIX, SPOKEN, kind_at, minutes, words_said
from kwslib.field.stream import StreamNetwork
from kwslib.field.training import FieldAugmentation, field_splits, with_listening
from kwslib.labels import class_labels
from kwslib.networks.recipes import setup

LABELS = class_labels()
PER_MINUTE = 3000  # frames


@pytest.fixture(scope="module")
def sound(outside):
    return minutes(outside, 0.1, SIX)


def test_speech_is_where_words_are_said(sound):
    by_kind = {kind: sound.speech[n * PER_MINUTE : (n + 1) * PER_MINUTE].mean() for n, kind in enumerate(SIX)}
    assert by_kind["running speech"] > by_kind["words"] > 0
    assert {by_kind[kind] for kind in SIX[2:]} == {0}
    assert len(sound.speech) == len(sound.frames)


def test_the_words_of_a_minute_are_those_that_sound_in_it(outside, sound):
    said = {kind: words_said(outside, n, SIX) for n, kind in enumerate(SIX)}
    assert not any(said[kind] for kind in SIX if kind not in SPOKEN)
    assert {clip for kind in SPOKEN for _, clip in said[kind]} <= {*outside.material.clips[1]}
    for n, kind in enumerate(
        SPOKEN
    ):  # speech sounds within a second of each beginning, and not before the first
        speech = sound.speech[n * PER_MINUTE : (n + 1) * PER_MINUTE]
        assert len(said[kind]) > 10
        assert not speech[: said[kind][0][0]].any()
        assert all(speech[start : start + 50].any() for start, _ in said[kind])


def test_frames_belong_to_the_minute_in_which_they_begin(sound):
    assert kind_at(np.array([0, PER_MINUTE - 1, PER_MINUTE, len(sound.frames) - 1]), SIX).tolist() == [
        0,
        0,
        1,
        5,
    ]


@pytest.mark.slow
def test_false_accepts_are_counted_where_they_are_heard(outside, sound):
    def run(windows):
        """A stand-in for a network that says "yes" at random, more often in the fourth minute."""
        level = windows.astype(np.float32).mean(axis=(1, 2))
        return np.stack([0 * level, 0 * level, level - np.median(level), 0 * level], axis=1)

    network, settings = StreamNetwork("loudness", LABELS, None, run), DecisionSettings(threshold=0.5)
    logits = stream_logits(network, sound.frames)
    frames = accepted(network, logits, settings)
    counts = accepts_by_kind(frames, SIX)
    trials = np.zeros((4, 76, 4), np.float32)
    (point,) = detection_curve(network, outside, trials, logits, settings, (0.5,))
    assert sum(counts.values()) == point.false_accepts > 0
    by_clip = accepts_by_clip(frames, outside, SIX)
    assert sum(by_clip.values()) == sum(counts[kind] for kind in SPOKEN) > 0
    heard = np.flatnonzero(logits.argmax(1) == 2)
    assert {kind for kind, n in counts.items() if n} <= {SIX[n] for n in np.unique(heard * 2 // PER_MINUTE)}


def test_each_copy_of_the_training_set_gets_other_seconds():
    x = np.arange(4 * 3, dtype=np.int8).reshape(12, 1, 1)  # four copies of three examples
    training = FeatureSet(x, np.arange(12) % 3, ("a", "b", "c"), 4)
    more = with_listening(training, 100 + np.arange(8, dtype=np.int8).reshape(8, 1, 1), np.arange(8) % 2)
    assert (more.n, more.copies, len(more.names)) == (5, 4, 5)
    for copy in range(4):
        seen, y = more.copy(copy)
        assert seen.ravel().tolist() == [3 * copy, 3 * copy + 1, 3 * copy + 2, 100 + 2 * copy, 101 + 2 * copy]
        assert y.tolist() == [0, 1, 2, 0, 1]


@pytest.mark.slow
def test_seconds_from_anywhere_are_no_keywords(corpus, monkeypatch, open_air):
    monkeypatch.setattr("kwslib.field.training.SPEECH_FRAMES", 1)  # the small corpus's words are short
    training_setup = setup("tinyconv", 2)
    plain = FieldAugmentation(field=open_air, streams=1, windows=2, backgrounds=1)
    without = field_splits(corpus, training_setup, plain)["training"]
    training = field_splits(corpus, training_setup, replace(plain, hours=0.1, listening=8.0))["training"]
    assert training.n == without.n + 8 * without.n
    for copy in range(2):
        x, y = training.copy(copy)
        np.testing.assert_array_equal(x[: without.n], without.copy(copy)[0])
        assert set(y[without.n :]) == {0, 1}
