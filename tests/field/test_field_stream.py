"""The deployed chain on a stream: the C core's decisions, and a stream's windows equal whole clips bit for bit."""

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tflite_files import tinyconv

from kwslib.deployment.core_network import read_network
from kwslib.deployment.decision import CERTAIN, Decision, DecisionSettings
from kwslib.deployment.model_data import model_header
from kwslib.features.ccore import source_folder
from kwslib.features.frontend import FRAMES, Frontend, features
from kwslib.field import micro_speech
from kwslib.field.stream import (
    Decisions,
    answer,
    decide,
    first_after,
    frames_in,
    inference_frames,
    inference_times,
    listen,
    open_network,
    posteriors,
    reports,
    smooth,
    windows,
)
from kwslib.labels import SAMPLE_RATE, class_labels


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
@settings(max_examples=20)
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
@settings(max_examples=40)
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
    assert answer(Decisions(smoothed, np.array(reported)), since) == expected


SPOTTER = r"""
#include <stdio.h>
#include "kws_model.h"
#include "kws_spotter.h"

/* The sketch's rhythm on sound from standard input: an inference and a decision every second frame, from the 50th. */
int main(void) {
    static kws_spotter spotter;
    int16_t step[KWS_STEP];
    int frames = 0;
    kws_spotter_init(&spotter);
    while (fread(step, sizeof *step, KWS_STEP, stdin) == KWS_STEP) {
        frames += (int)kws_spotter_listen(&spotter, step, KWS_STEP);
        if (frames < 50 || frames % 2) continue;
        kws_spotter_infer(&spotter);
        printf("%d", (int)kws_spotter_decide(&spotter));
        for (int c = 0; c < KWS_MODEL_CLASSES; c++) printf(" %d", spotter.posteriors[c]);
        printf("\n");
    }
    return 0;
}
"""


@pytest.mark.slow
def test_the_chain_is_the_firmwares_bit_for_bit(tmp_path):
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no gcc or clang here")
    path, chosen = tmp_path / "model.tflite", DecisionSettings(4, 3, 0.3, 5)
    tinyconv(path, 3)
    (tmp_path / "kws_model.h").write_text(model_header(read_network(path), class_labels(), chosen))
    (tmp_path / "spotter.c").write_text(SPOTTER)
    command = [
        compiler,
        "-std=gnu99",
        "-O2",
        "-w",
        f"-I{tmp_path}",
        f"-I{source_folder()}",
        "-o",
        str(tmp_path / "run"),
    ]
    subprocess.run(
        [*command, str(tmp_path / "spotter.c"), *map(str, source_folder().glob("*.c"))], check=True
    )
    stream = speechlike(3, 4 * SAMPLE_RATE)
    done = subprocess.run([tmp_path / "run"], input=stream.tobytes(), capture_output=True, check=True)
    rows = np.array([line.split() for line in done.stdout.decode().splitlines()], int)
    network = open_network(path)
    heard = decide(network(windows(listen(stream))), network.scale, chosen)
    np.testing.assert_array_equal(heard.reported, rows[:, 0])
    np.testing.assert_array_equal(heard.smoothed, rows[:, 1:])
    assert (heard.reported >= 0).any()


def test_micro_speech_reports_what_is_above_its_threshold_for_a_second():
    """First after 280 ms, again after 1,500 ms, another class when it is 200 of 255 of a second's mean."""
    sure = np.zeros((100, 4), np.int64)
    sure[:50, 1] = sure[50:, 2] = CERTAIN
    reported = micro_speech.commands(sure)
    assert {int(t): int(reported[t]) for t in np.flatnonzero(reported >= 0)} == {7: 1, 45: 1, 69: 2}
    assert micro_speech.answer(sure, 50) == 2
    assert micro_speech.answer(sure, 70) == 0  # nothing new since


def test_micro_speech_answers_silence_where_no_class_is_sure():
    unsure = np.zeros((100, 4), np.int64)
    unsure[:, 0], unsure[:, 1] = CERTAIN // 4, 3 * (CERTAIN // 4)
    assert micro_speech.answer(unsure, 0) == 0
