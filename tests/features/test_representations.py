"""Spectra, spectrograms and MFCC: two libraries agree, and known signals land where they must."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct

from kwslib.data.levels import background_level, speech_level
from kwslib.features import representations as rep


def tone(hertz: float, amplitude: float = 0.5) -> np.ndarray:
    """One second of a sine, int16 (16000,)."""
    return np.round(32_767 * amplitude * np.sin(2 * np.pi * hertz * np.arange(16_000) / 16_000)).astype(
        np.int16
    )


def clips() -> np.ndarray:
    """Signals with much and with little in them, int16 (6, 16000)."""
    rng = np.random.default_rng(0)
    noise = rng.integers(-32_768, 32_768, 16_000).astype(np.int16)
    burst = np.zeros(16_000, np.int16)
    burst[8_000:8_200] = noise[:200]
    words = noise * np.abs(np.sin(np.linspace(0, 9, 16_000))) ** 8
    return np.stack([tone(440), tone(3_000, 0.01), noise, burst, words.astype(np.int16), noise // 300])


@pytest.mark.slow
def test_librosa_and_torchaudio_agree():
    differences = rep.largest_differences(clips())
    assert differences["linear"] < 0.1  # float32, 80 dB below the peak
    assert differences["mel"] < 0.02
    assert differences["mfcc"] < 0.02


def test_they_agree_on_speech(speech_commands):
    from kwslib.data.audio import read_clip

    words = np.stack([read_clip(path) for path in sorted((speech_commands / "yes").iterdir())[:8]])
    assert max(rep.largest_differences(words).values()) < 0.05


@pytest.mark.slow
@settings(max_examples=20)
@given(hertz=st.integers(200, 7_300))
def test_a_tone_lands_in_its_own_bin(hertz):
    samples = tone(hertz)
    frequencies, magnitude = rep.spectrum(samples)
    assert frequencies[magnitude.argmax()] == hertz
    assert magnitude.max() == pytest.approx(20 * np.log10(0.5), abs=0.01)
    pictures = rep.with_librosa(samples)
    assert (np.abs(pictures["linear"].argmax(0) * 31.25 - hertz) <= 31.25).all()
    power = rep.power_spectrogram(samples)
    edges = np.linspace(rep.LOWEST, rep.HIGHEST, 42)
    loudest = (rep.linear_bands() @ power).mean(1).argmax()
    assert edges[loudest] - 31.25 <= hertz <= edges[loudest + 2] + 31.25


@pytest.mark.slow
def test_bands_cover_the_same_range_with_equal_area():
    mel, linear = rep.mel_bands(), rep.linear_bands()
    assert mel.shape == linear.shape == (40, 257)
    assert np.allclose(linear[:, :].sum(1) * 31.25, 1, atol=0.01)
    for bands in (mel, linear):
        used = np.flatnonzero(bands.sum(0)) * 31.25
        assert used.min() > rep.LOWEST
        assert used.max() < rep.HIGHEST


@pytest.mark.slow
def test_mfcc_is_the_cosine_transform_of_the_log_mel_spectrogram():
    for samples in clips():
        pictures = rep.with_librosa(samples)
        assert np.allclose(pictures["mfcc"], dct(pictures["mel"], axis=0, norm="ortho"), atol=1e-3)
        energy = (pictures["mel"] ** 2).sum(0)
        assert np.allclose((pictures["mfcc"] ** 2).sum(0), energy, rtol=1e-4)  # orthonormal


@pytest.mark.slow
def test_decibels_stop_80_below_the_peak_of_each_clip():
    loud, quiet = rep.decibels(rep.power_spectrogram(np.stack([tone(1_000, 0.9), tone(1_000, 0.009)])))
    assert loud.max() - loud.min() == pytest.approx(80, abs=1e-3)
    assert loud.max() - quiet.max() == pytest.approx(40, abs=0.1)


@pytest.mark.slow
def test_model_inputs_share_one_shape_and_batching_changes_nothing():
    together = rep.model_inputs(clips())
    assert tuple(together) == rep.NAMES
    for name, x in together.items():
        assert x.shape == (6, 49, 40), name
        assert x.dtype == np.float32
        assert np.allclose(x[2:3], rep.model_inputs(clips()[2:3])[name], atol=1e-3)
    assert not together["MFCC-13"][..., 13:].any()
    assert np.array_equal(together["MFCC-13"][..., :13], together["MFCC"][..., :13])


def test_columns_are_scaled_by_training_alone(synthetic):
    from kwslib.data.corpus import open_corpus
    from kwslib.data.protocol import Protocol

    splits = rep.representation_splits(open_corpus(synthetic), Protocol())
    assert tuple(splits) == rep.NAMES
    for name, parts in splits.items():
        x = parts["training"].x[..., : 13 if name == "MFCC-13" else 40]
        assert np.abs(x.mean((0, 1))).max() < 1e-3
        assert np.abs(x.std((0, 1)) - 1).max() < 1e-3
        assert parts["testing"].n == len(parts["testing"].names)
        assert np.isfinite(parts["testing"].x).all()


@settings(max_examples=20)
@given(db=st.integers(-60, 0))
def test_levels_are_in_decibels_of_full_scale(db):
    samples = np.zeros(16_000, np.int16)
    samples[5_000:11_000] = tone(1_000, 10 ** (db / 20))[5_000:11_000]
    assert speech_level(samples) == pytest.approx(db - 3.01, abs=0.2)  # a sine's RMS is 3 dB below its peak
    assert background_level(samples) == -100


def test_loud_and_quiet_clips_are_chosen_by_rule(synthetic):
    from kwslib.data.audio import read_clip
    from kwslib.data.corpus import open_corpus
    from kwslib.data.levels import loud_and_quiet
    from kwslib.errors import KwsError

    corpus = open_corpus(synthetic)
    loud, quiet = loud_and_quiet(corpus, "yes")
    assert speech_level(read_clip(loud.path)) > speech_level(read_clip(quiet.path))
    assert (loud, quiet) == loud_and_quiet(corpus, "yes")
    with pytest.raises(KwsError, match="no clear recording of 'xylophone'"):
        loud_and_quiet(corpus, "xylophone")
