"""Noises made in code: repeatable, of one level, and of the spectrum that their name promises."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.data.noise import LEVEL, NOISES, make_noise
from kwslib.errors import KwsError
from kwslib.labels import SAMPLE_RATE

SECONDS = 20


def octave_powers(sound: np.ndarray, lowest: float = 62.5, octaves: int = 6) -> np.ndarray:
    """Mean power per hertz in dB of each octave from `lowest` Hz up, (octaves,)."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    edges = lowest * 2.0 ** np.arange(octaves + 1)
    bands = [power[(frequencies >= low) & (frequencies < high)].mean() for low, high in pairwise(edges)]
    return 10 * np.log10(bands)


@pytest.mark.parametrize("kind", NOISES)
def test_a_seed_gives_one_noise(kind: str) -> None:
    first = make_noise(kind, SAMPLE_RATE, seed=3)
    assert np.array_equal(first, make_noise(kind, SAMPLE_RATE, seed=3))
    assert not np.array_equal(first, make_noise(kind, SAMPLE_RATE, seed=4))


@given(kind=st.sampled_from(sorted(NOISES)), samples=st.integers(1, 40_000), seed=st.integers(0, 2**31))
@settings(max_examples=40)
def test_no_noise_clips_and_none_is_louder_than_its_level(kind: str, samples: int, seed: int) -> None:
    sound = make_noise(kind, samples, seed)
    assert sound.shape == (samples,)
    assert np.abs(sound).max() <= 1
    assert np.sqrt(np.mean(sound**2)) <= LEVEL * 1.001


@pytest.mark.parametrize("kind", NOISES)
def test_a_recording_has_the_level(kind: str) -> None:
    sound = make_noise(kind, SECONDS * SAMPLE_RATE)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(LEVEL, rel=1e-6)
    assert abs(sound.mean()) < LEVEL / 20


@pytest.mark.parametrize(("kind", "slope"), [("white", 0.0), ("pink", -3.01), ("brown", -6.02)])
def test_coloured_noise_falls_by_its_slope(kind: str, slope: float) -> None:
    powers = octave_powers(make_noise(kind, SECONDS * SAMPLE_RATE))
    assert np.polyfit(np.arange(len(powers)), powers, 1)[0] == pytest.approx(slope, abs=0.2)


def test_hum_stands_on_multiples_of_the_mains() -> None:
    spectrum = np.abs(np.fft.rfft(make_noise("hum", SECONDS * SAMPLE_RATE)))
    strongest = np.sort(np.argsort(spectrum)[-5:]) / SECONDS  # Hz
    base = 50 if abs(strongest / 50 - np.round(strongest / 50)).max() < 0.05 else 60
    assert strongest / base == pytest.approx(np.round(strongest / base), abs=0.05)


def test_clicks_are_spikier_than_noise() -> None:
    def crest(kind: str) -> float:
        return np.abs(make_noise(kind, SECONDS * SAMPLE_RATE)).max() / LEVEL

    assert crest("clicks") > 2 * crest("white")


def test_a_wrong_request_is_named() -> None:
    with pytest.raises(KwsError, match=r"'purple' is unknown.*white"):
        make_noise("purple", 100)
    with pytest.raises(KwsError, match="0 samples"):
        make_noise("white", 0)
