"""Representations of a clip: spectrum, linear and mel spectrogram, MFCC (Figures 1 to 5).

Librosa and torchaudio both compute the spectrograms and MFCC, with the same parameters, so that each checks
the other: 30 ms Hann windows every 20 ms without padding, a 512-point transform, power in decibels floored at
80 dB below the clip's peak, 40 triangular mel bands (Slaney's scale and area norm) over the 125 to 7,500 Hz
of the micro front end, and their orthonormal DCT-II (MFCC: Davis and Mermelstein, IEEE Trans. ASSP 28, 1980).
"""

import sys
from types import ModuleType
from typing import Any

import numpy as np

from kwslib.data.corpus import Corpus
from kwslib.data.protocol import Protocol, build_splits, load_waveforms
from kwslib.features.dataset import FeatureSet
from kwslib.features.frontend import CHANNELS, FRAMES, STEP, WINDOW, features
from kwslib.labels import SAMPLE_RATE
from kwslib.progress import progress

TRANSFORM = 512  # samples: 32 ms
LOWEST, HIGHEST = 125.0, 7_500.0  # Hz
RANGE = 80.0  # dB below the peak
MFCC_KEPT = 13  # coefficients that speech recognition traditionally keeps
NAMES = ("micro front end", "log-mel", "log-linear", "MFCC", "MFCC-13")
BATCH = 512  # clips at a time


def waveform(samples: np.ndarray) -> np.ndarray:
    """int16 (..., n) as float32 (..., n) in -1..1, where 1 is full scale."""
    return samples.astype(np.float32) / 32_768


def spectrum(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in Hz (k,) and magnitudes in dB (k,) of a whole clip; a full-scale sine reaches 0 dB."""
    magnitude = 2 * np.abs(np.fft.rfft(waveform(samples))) / len(samples)
    return np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE), 20 * np.log10(np.maximum(magnitude, 1e-6))


def power_spectrogram(samples: np.ndarray) -> np.ndarray:
    """int16 (..., n) to power (..., 257, frames), by librosa."""
    import librosa

    amplitude = librosa.stft(
        waveform(samples), n_fft=TRANSFORM, hop_length=STEP, win_length=WINDOW, window="hann", center=False
    )
    return np.abs(amplitude, order="C") ** 2  # C order, so that band sums are BLAS calls


def decibels(power: np.ndarray) -> np.ndarray:
    """Power (..., bands, frames) in dB, floored at 80 dB below the peak of each clip."""
    import librosa

    level = librosa.power_to_db(power, top_db=None)
    return np.maximum(level, level.max(axis=(-2, -1), keepdims=True) - RANGE)


def mel_bands() -> np.ndarray:
    """Triangular bands of equal area, evenly spaced on Slaney's mel scale: (40, 257)."""
    import librosa

    return librosa.filters.mel(
        sr=SAMPLE_RATE, n_fft=TRANSFORM, n_mels=CHANNELS, fmin=LOWEST, fmax=HIGHEST, htk=False, norm="slaney"
    )


def linear_bands() -> np.ndarray:
    """The same triangular bands evenly spaced in Hz, so that only the frequency scale differs: (40, 257)."""
    frequencies = np.linspace(0, SAMPLE_RATE / 2, TRANSFORM // 2 + 1)
    edges = np.linspace(LOWEST, HIGHEST, CHANNELS + 2)
    triangles = [np.interp(frequencies, edges[i : i + 3], [0, 1, 0]) for i in range(CHANNELS)]
    return np.array(triangles, np.float32) / np.float32(edges[1] - edges[0])


def with_librosa(samples: np.ndarray) -> dict[str, np.ndarray]:
    """Spectra "linear" (..., 257, frames) and "mel" (..., 40, frames) in dB, and "mfcc" (..., 40, frames)."""
    import librosa

    power = power_spectrogram(samples)
    mel = decibels(mel_bands() @ power)
    mfcc = librosa.feature.mfcc(S=mel, n_mfcc=CHANNELS, dct_type=2, norm="ortho")
    return {"linear": decibels(power), "mel": mel, "mfcc": mfcc}


def with_torchaudio(samples: np.ndarray) -> dict[str, np.ndarray]:
    """The same three representations of one clip int16 (n,), computed by torchaudio."""
    import torch

    T = _torchaudio_transforms()
    framing = {"n_fft": TRANSFORM, "win_length": WINDOW, "hop_length": STEP, "center": False}
    bands = {"f_min": LOWEST, "f_max": HIGHEST, "n_mels": CHANNELS, "mel_scale": "slaney", "norm": "slaney"}
    to_db = T.AmplitudeToDB("power", top_db=RANGE)
    audio = torch.from_numpy(waveform(samples))
    pictures = {
        "linear": to_db(T.Spectrogram(power=2, **framing)(audio)),
        "mel": to_db(T.MelSpectrogram(SAMPLE_RATE, **framing, **bands)(audio)),
        "mfcc": T.MFCC(SAMPLE_RATE, n_mfcc=CHANNELS, norm="ortho", melkwargs=framing | bands)(audio),
    }
    return {name: picture.numpy() for name, picture in pictures.items()}


def largest_differences(clips: np.ndarray) -> dict[str, float]:
    """Largest |librosa - torchaudio| in dB over clips int16 (N, n), for each representation."""
    largest = dict.fromkeys(("linear", "mel", "mfcc"), 0.0)
    for samples in clips:
        librosa_values, torchaudio_values = with_librosa(samples), with_torchaudio(samples)
        for name, value in largest.items():
            largest[name] = max(value, float(np.abs(librosa_values[name] - torchaudio_values[name]).max()))
    return largest


def model_inputs(clips: np.ndarray) -> dict[str, np.ndarray]:
    """Clips int16 (N, 16000) in every representation of NAMES, each float32 (N, 49, 40), before scaling.

    "MFCC" holds all 40 coefficients, "MFCC-13" the first 13 and zeros.
    """
    import librosa

    power = power_spectrogram(clips)
    mel, linear = decibels(mel_bands() @ power), decibels(linear_bands() @ power)
    mfcc = librosa.feature.mfcc(S=mel, n_mfcc=CHANNELS, dct_type=2, norm="ortho")
    first = np.where(np.arange(CHANNELS)[:, None] < MFCC_KEPT, mfcc, 0)
    pictures = [picture.swapaxes(-1, -2).astype(np.float32) for picture in (mel, linear, mfcc, first)]
    return dict(zip(NAMES, [features(clips).astype(np.float32), *pictures], strict=True))


def representation_splits(corpus: Corpus, protocol: Protocol) -> dict[str, dict[str, FeatureSet]]:
    """{representation: {split: features}}; each column has mean 0 and standard deviation 1 on the training split."""
    result: dict[str, dict[str, FeatureSet]] = {name: {} for name in NAMES}
    for split, examples in build_splits(corpus, protocol).items():
        clips = load_waveforms(examples)
        inputs = {name: np.empty((len(clips), FRAMES, CHANNELS), np.float32) for name in NAMES}
        for start in progress(range(0, len(clips), BATCH), f"{split} features"):
            part = slice(start, start + BATCH)
            for name, x in model_inputs(clips[part]).items():
                inputs[name][part] = x
        y = np.array([example.label for example in examples], np.int64)
        names = tuple(example.name for example in examples)
        for name, x in inputs.items():
            result[name][split] = FeatureSet(x, y, names)
    for splits in result.values():
        x = splits["training"].x
        mean, deviation = x.mean((0, 1)), x.std((0, 1))
        for data in splits.values():
            data.x[:] = (data.x - mean) / np.maximum(deviation, 1e-6)
    return result


def _torchaudio_transforms() -> Any:
    """torchaudio.transforms, also where its compiled part cannot load (a CUDA wheel beside a CPU torch)."""
    try:
        import torchaudio.transforms
    except OSError:
        stub: Any = ModuleType("torchaudio._extension")
        stub._IS_TORCHAUDIO_EXT_AVAILABLE, stub.fail_if_no_align = False, lambda function: function
        sys.modules[stub.__name__] = stub
        import torchaudio.transforms
    return torchaudio.transforms
