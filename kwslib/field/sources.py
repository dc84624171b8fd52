"""Sound sources of the field: words of a split's speakers, and backgrounds of five kinds.

Backgrounds are equally likely: a segment of a noise recording that no other split uses, babble of five other speakers
of the split saying other words, and generated mains hum, music and clicks (kwslib/data/noise.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from kwslib.data import noise
from kwslib.data.audio import read_clip
from kwslib.data.clips import Clip
from kwslib.data.corpus import Corpus
from kwslib.data.levels import SPEECH
from kwslib.data.protocol import noise_stretches
from kwslib.data.splits import SPLITS
from kwslib.errors import KwsError
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE, UNKNOWN

BACKGROUNDS = ("recorded", "babble", "hum", "music", "clicks")
TALKERS = 5
MADE, MADE_SECONDS = 8, 16  # of each noise made in code: pieces of a split, their length
FADE = SAMPLE_RATE // 50  # 20 ms at both ends of a clip, whose own noise would begin and end with a click


@dataclass(frozen=True)
class Material:
    """Material of a split: clips by class (none for silence), and its segments of the noise recordings, int16."""

    split: str
    labels: tuple[str, ...]
    clips: tuple[tuple[Clip, ...], ...]
    noises: tuple[np.ndarray, ...]


def material(corpus: Corpus, labels: Sequence[str], split: str) -> Material:
    """The material of a split. Training leaves out clips whose audio is identical to one in another split.

    Raises KwsError when the split has no clips of a class.
    """
    mine = [clip for clip in corpus.clips if clip.split == split]
    if split == "training":
        others = {clip.digest for clip in corpus.clips if clip.split != split and clip.digest}
        mine = [clip for clip in mine if clip.digest not in others]
    by_label: list[tuple[Clip, ...]] = [()]
    for label in labels[1:]:
        chosen = [
            clip for clip in mine if (clip.word == label or (label == UNKNOWN and clip.word not in labels))
        ]
        if not chosen:
            raise KwsError(f"{corpus.root}: no {split} clips of {label}: record more speakers or takes")
        by_label.append(tuple(chosen))
    if len({clip.speaker for clip in by_label[1]}) < 2:
        raise KwsError(f"{corpus.root}: babble needs two {split} speakers of other words: add recordings")
    return Material(split, tuple(labels), tuple(by_label), tuple(noise_stretches(corpus, split)))


@lru_cache(maxsize=16_384)
def _samples(path: Path, _digest: str) -> np.ndarray:
    samples = read_clip(path)
    samples.setflags(write=False)
    return samples


def spoken(clip: Clip) -> np.ndarray:
    """A clip with faded ends, scaled so that its loudest 0.3 s has a root mean square of 1: float32 (16000,).
    Digital silence is unchanged."""
    sound = _samples(clip.path, clip.digest).astype(np.float32)
    ramp = np.linspace(0, 1, FADE, dtype=np.float32)
    sound[:FADE] *= ramp
    sound[-FADE:] *= ramp[::-1]
    return sound / np.float32(loudest(sound) or 1)


def recorded_level(clip: Clip) -> float:
    """Root mean square of a clip's loudest 0.3 s as recorded, in parts of full scale."""
    return loudest(_samples(clip.path, clip.digest).astype(np.float32)) / 32_768


def loudest(sound: np.ndarray) -> float:
    """Root mean square of the loudest 0.3 s of (n,)."""
    power = np.concatenate(([0.0], np.cumsum(np.square(sound, dtype=np.float64))))
    return float(np.sqrt(max((power[SPEECH:] - power[:-SPEECH]).max(), 0) / SPEECH))


def extent(clip: np.ndarray) -> tuple[int, int]:
    """First and last sample of the part of (n,) that has all but the first and last 2.5 % of its energy."""
    energy = np.cumsum(np.square(clip, dtype=np.float64))
    first, last = np.searchsorted(energy, energy[-1] * np.array([0.025, 0.975]))
    return int(first), int(last)


def background(
    kind: str, rng: np.random.Generator, material: Material, samples: int, speaker: str | None
) -> np.ndarray:
    """A background of a kind, float32 (samples,), at an arbitrary level. `speaker` is left out of the babble."""
    if kind == "recorded":
        return _piece(material.noises[rng.integers(len(material.noises))], samples, rng).astype(np.float32)
    if kind == "babble":
        return sum(_talk(rng, material, samples, speaker) for _ in range(TALKERS))  # type: ignore[return-value]
    return _piece(_generated(kind, SPLITS.index(material.split), int(rng.integers(MADE))), samples, rng)


@lru_cache(maxsize=128)
def _generated(kind: str, split: int, number: int) -> np.ndarray:
    return noise.make_noise(kind, MADE_SECONDS * SAMPLE_RATE, seed=1000 * (split + 1) + number).astype(
        np.float32
    )


def _piece(sound: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """`samples` in a row from anywhere in `sound`, which goes round and round where it is shorter."""
    if len(sound) < samples:
        start = rng.integers(len(sound))
        return np.take(sound, np.arange(start, start + samples), mode="wrap")
    start = rng.integers(len(sound) - samples + 1)
    return sound[start : start + samples]


def _talk(rng: np.random.Generator, material: Material, samples: int, speaker: str | None) -> np.ndarray:
    """Other words, one clip after the other, from the middle of the first: float32 (samples,)."""
    pool = material.clips[material.labels.index(UNKNOWN)]
    skip = int(rng.integers(CLIP_SAMPLES))
    clips: list[np.ndarray] = []
    while CLIP_SAMPLES * len(clips) < samples + skip:
        clip = pool[rng.integers(len(pool))]
        if clip.speaker != speaker:
            clips.append(spoken(clip))
    return np.concatenate(clips)[skip : skip + samples]
