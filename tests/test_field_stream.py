"""The deployed chain on a stream: the C core's decisions, and a stream's windows equal whole clips bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.deployment.decision import CERTAIN, Decision, DecisionSettings
from kwslib.features.frontend import FRAMES, Frontend, features
from kwslib.field.stream import (
    Heard,
    answer,
    decide,
    first_after,
    frames_in,
    inference_frames,
    inference_times,
    listen,
    posteriors,
    reports,
    smooth,
    windows,
)
from kwslib.labels import SAMPLE_RATE


def speechlike(seed, samples):
    rng = np.random.default_rng(seed)
    envelope = np.repeat(rng.uniform(0, 6000, -(-samples // 800)), 800)[:samples]
    return np.rint(envelope * rng.standard_normal(samples)).clip(-32768, 32767).astype(np.int16)


def test_a_streams_first_window_is_the_whole_clip():
    clip = speechlike(0, SAMPLE_RATE)
    frames = listen(clip)
    np.testing.assert_array_equal(frames, features(clip))
    longer = listen(np.concatenate([clip, speechlike(1, SAMPLE_RATE)]))
    np.testing.assert_array_equal(longer[:FRAMES], features(clip))


@given(st.lists(st.integers(1, 900), min_size=1, max_size=30), st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_chunks_make_no_difference(sizes, seed):
    stream = speechlike(seed, 480 + sum(sizes))
    frontend = Frontend()
    parts = np.split(stream, np.cumsum(sizes))
    np.testing.assert_array_equal(np.concatenate([frontend.process(part) for part in parts]), listen(stream))


def test_windows_are_every_second_frame_from_the_first_full_one():
    frames = np.random.default_rng(0).integers(-128, 128, (120, 40)).astype(np.int8)
    ends = inference_frames(len(frames))
    assert ends[0] == 50
    assert set(np.diff(ends)) == {2}
    seen = windows(frames)
    assert seen.shape == (len(ends), FRAMES, 40)
    for end, window in zip(ends, seen, strict=True):
        np.testing.assert_array_equal(window, frames[end - FRAMES : end])


def test_times():
    samples = 4 * SAMPLE_RATE
    frames = frames_in(samples)
    assert frames == len(listen(np.zeros(samples, np.int16)))
    times = inference_times(frames)
    assert times[0] == pytest.approx(1.01)
    assert times[-1] <= 4.0
    assert times[first_after(2.0, frames)] > 2.0 >= times[first_after(2.0, frames) - 1]


@given(
    st.integers(0, 1000), st.integers(1, 32), st.integers(0, 60), st.floats(0.2, 1.0), st.floats(0.01, 0.3)
)
@settings(max_examples=40, deadline=None)
def test_sweeps_over_thresholds_decide_as_the_c_core_does(seed, smoothing, suppression, threshold, scale):
    rng = np.random.default_rng(seed)
    logits = np.repeat(rng.integers(-128, 128, (30, 4)), 5, axis=0).astype(np.int8)
    chosen = DecisionSettings(smoothing=smoothing, suppression=suppression, threshold=threshold)
    core = Decision(chosen, scale)
    reported, means = zip(*(core.process(row) for row in logits), strict=True)
    heard = decide(logits, scale, chosen)
    np.testing.assert_array_equal(heard.reported, reported)
    smoothed = smooth(posteriors(logits, scale), smoothing)
    np.testing.assert_array_equal(smoothed / np.float32(CERTAIN), means)
    np.testing.assert_array_equal(heard.smoothed, smoothed)
    np.testing.assert_array_equal(reports(smoothed, chosen), reported)


def test_float_chain_nearly_decides_as_the_integer_one():
    logits = np.random.default_rng(0).integers(-128, 128, (100, 4)).astype(np.int8)
    chosen = DecisionSettings(smoothing=4)
    integer, floating = decide(logits, 0.05, chosen), decide(0.05 * logits.astype(np.float32), None, chosen)
    assert np.abs(integer.smoothed.astype(int) - floating.smoothed).max() < 8


@pytest.mark.parametrize(
    ("reported", "unknown", "expected"),
    [
        ([-1, -1, -1], 0.4, 0),
        ([-1, -1, -1], 0.6, 1),
        ([-1, 2, -1], 0.6, 2),
        ([3, 2, 3], 0.0, 3),
        ([2, -1, -1], 0.6, 1),
    ],
)
def test_the_answer_is_the_sketchs(reported, unknown, expected):
    """The last report since the prompt; else unknown at half or more; else silence. The first inference is before."""
    rest = (1 - unknown) / 3
    smoothed = np.tile(np.array([rest, unknown, rest, rest]) * CERTAIN, (3, 1)).astype(np.uint16)
    since = 1 if reported == [2, -1, -1] else 0
    assert answer(Heard(smoothed, np.array(reported)), since) == expected
