"""Levels of speech and background in a recording, and the choice of a loud and a quiet example of a word.

The level of speech is that of the loudest 0.3 s (about the length of a word) and not of the whole clip,
which is mostly pause; the level of the background is that of the quietest 0.1 s.
"""

import numpy as np

from kwslib.data.audio import read_clip
from kwslib.data.clips import Clip
from kwslib.data.corpus import Corpus
from kwslib.errors import KwsError
from kwslib.labels import SAMPLE_RATE
from kwslib.progress import progress

SPEECH, BACKGROUND = int(0.3 * SAMPLE_RATE), int(0.1 * SAMPLE_RATE)  # samples
CLEAR = 20.0  # dB that a word must stand above its background to serve as an example
SPLIT, QUANTILES = "validation", (0.95, 0.05)


def level(samples: np.ndarray, window: int, loudest: bool) -> float:
    """RMS of the loudest or quietest `window` samples of int16 (n,), in dB of full scale, at least -100."""
    power = np.concatenate(([0.0], np.cumsum(np.square(samples / 32_768.0))))  # (n + 1,)
    windows = (power[window:] - power[:-window]) / window
    return 10 * np.log10(max(windows.max() if loudest else windows.min(), 1e-10))


def speech_level(samples: np.ndarray) -> float:
    """Level of the loudest 0.3 s of int16 (n,), n >= 4800, in dB of full scale."""
    return level(samples, SPEECH, loudest=True)


def background_level(samples: np.ndarray) -> float:
    """Level of the quietest 0.1 s of int16 (n,), n >= 1600, in dB of full scale."""
    return level(samples, BACKGROUND, loudest=False)


def loud_and_quiet(corpus: Corpus, word: str) -> tuple[Clip, ...]:
    """A loud and a quiet validation clip of `word`, at QUANTILES of speech level among those 20 dB above their
    background. Raises KwsError when validation holds no clear clip of the word.
    """
    levels = []  # (dB, clip)
    for clip in progress(
        [c for c in corpus.clips if c.word == word and c.split == SPLIT], f"levels of {word}"
    ):
        samples = read_clip(clip.path)
        speech = speech_level(samples)
        if speech - background_level(samples) >= CLEAR:
            levels.append((speech, clip))
    if not levels:
        raise KwsError(f"{corpus.root}: no clear recording of {word!r} in {SPLIT}: name your own recordings")
    levels.sort(key=lambda pair: (pair[0], pair[1].name))
    return tuple(levels[round(q * (len(levels) - 1))][1] for q in QUANTILES)
