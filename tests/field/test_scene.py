"""What happens to sound on its way to the samples: trials, hours and training share it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_corpus import write_corpus

from kwslib.data.corpus import read_folder
from kwslib.field.microphone import MP34DT05
from kwslib.field.rooms import Room
from kwslib.field.scene import add_background, add_speech, background_in_room, convolve, record
from kwslib.field.sources import loudest, material
from kwslib.labels import class_labels


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 9))
@settings(max_examples=40)
def test_convolution_is_the_textbook_s(n, m, seed):
    rng = np.random.default_rng(seed)
    sound, response = (rng.standard_normal(length).astype(np.float32) for length in (n, m))
    result = convolve(sound, response)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, np.convolve(sound.astype(float), response), atol=1e-4)


@given(st.floats(-20, 40), st.floats(1e-3, 10), st.integers(0, 9), st.sampled_from([np.float32, np.float64]))
def test_a_background_stands_at_its_ratio_below_the_speech(snr, level, seed, power):
    sound = np.random.default_rng(seed).standard_normal(4_000).astype(np.float32)
    pressure = np.zeros(4_000, np.float32)
    add_background(pressure, sound, level, snr, power)
    rms = np.sqrt(np.mean(np.square(pressure, dtype=np.float64)))
    assert 20 * np.log10(level / rms) == pytest.approx(snr, abs=1e-3)


def test_a_silent_background_adds_nothing():
    pressure = np.ones(100, np.float32)
    add_background(pressure, np.zeros(100, np.float32), 1.0, 10.0)
    np.testing.assert_array_equal(pressure, 1)


def test_words_overlap_and_end_with_the_pressure():
    pressure = np.zeros(10, np.float32)
    add_speech(pressure, np.ones(6, np.float32), 2)
    add_speech(pressure, np.ones(6, np.float32), 7)
    assert pressure.tolist() == [0, 0, 1, 1, 1, 1, 1, 2, 1, 1]


def test_a_room_is_full_of_its_background_when_the_samples_begin(tmp_path):
    """With echoes of a second, the first tenth of a second is as loud as the others."""
    lent = material(
        read_folder(write_corpus(tmp_path / "tiny", words=("yes", "no", "up", "down"))),
        class_labels(),
        "testing",
    )
    echoes = np.random.default_rng(0).standard_normal(16_000).astype(np.float32)
    room = Room("hall", 1.0, 1.0, np.ones(1, np.float32), echoes)
    sound = background_in_room("recorded", np.random.default_rng(0), lent, room, 8_000, None)
    assert sound.shape == (8_000,)
    assert loudest(np.pad(sound[:1_600], 8_000)) > 0.5 * loudest(np.pad(sound[-1_600:], 8_000))


def test_without_a_microphone_samples_are_rounded_and_cut_off_at_full_scale():
    pressure = np.array([0.0, 0.26, -0.26, 1e6, -1e6], np.float32)
    samples = record(pressure, None, np.random.default_rng(0), 10.0)
    assert samples.dtype == np.int16
    assert samples.tolist() == [0, 3, -3, 32_767, -32_768]


def test_with_a_microphone_its_gain_is_the_one_that_counts():
    pressure = np.random.default_rng(0).standard_normal(1_000).astype(np.float32)
    quiet, loud = (
        record(pressure, replace(MP34DT05, noise=None, gain=gain), np.random.default_rng(0), 1e9)
        for gain in (0.0, 20.0)
    )
    assert np.abs(loud).max() > 5 * np.abs(quiet).max() > 0
