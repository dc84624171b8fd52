"""Measured responses of rooms: what a recording adds is removed, what the room does stays."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.errors import KwsError
from kwslib.field.responses import decay_time, read_response, without_floor
from kwslib.labels import SAMPLE_RATE


def decaying(rt60, seconds=1.0, seed=0):
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.random.default_rng(seed).standard_normal(len(time)) * 10 ** (-3 * time / rt60)


@given(st.floats(0.15, 0.6))
@settings(max_examples=10)
def test_decay_time_of_an_exponential(rt60):
    assert decay_time(decaying(rt60, rt60)) == pytest.approx(rt60, rel=0.1)


@given(st.floats(0.2, 1.5), st.floats(35, 60), st.floats(-0.01, 0.01))
@settings(max_examples=20, deadline=None)
def test_a_floor_of_noise_is_cut_off_and_does_not_count_as_decay(rt60, below, offset):
    noise = np.random.default_rng(1).standard_normal(4 * SAMPLE_RATE) * 10 ** (-below / 20)
    response = decaying(rt60, 4)
    kept = without_floor(response + noise + offset)
    assert decay_time(kept) == pytest.approx(rt60, rel=0.2)
    assert len(kept) < SAMPLE_RATE * (rt60 * below / 60 + 0.2)


@pytest.mark.parametrize("rt60", [0.2, 0.6, 2.4])
def test_a_response_without_a_floor_stays(rt60):
    response = decaying(rt60, min(rt60, 1.0))
    np.testing.assert_array_equal(without_floor(response), response)


def test_rumble_and_offset_are_no_echo(tmp_path):
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    response = 0.3 * decaying(0.3) + 0.1 * np.sin(2 * np.pi * 15 * time) + 0.02
    soundfile.write(tmp_path / "office.wav", response.astype(np.float32), SAMPLE_RATE, subtype="FLOAT")
    seconds, heard, taken = read_response(tmp_path / "office.wav")
    assert (seconds, taken) == (pytest.approx(0.3, rel=0.2), "")
    assert np.abs(heard[SAMPLE_RATE // 3 :]).max(initial=0) < 0.01 * np.abs(heard).max()


def test_what_is_no_response_is_named(tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(1000), SAMPLE_RATE)
    with pytest.raises(KwsError, match=r"silent\.wav: a silent impulse response"):
        read_response(tmp_path / "silent.wav")
