"""Arrays of features for the examples of a split, augmented for training and cached.

A split is computed once: the cache key holds the corpus's content, the examples drawn from it, the augmentation, the
front end's fingerprint and the source of this module and of all that it imports, so that a change to any of them
gives a new file and stale features are never read.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from kwslib.cache import cached, code, digest
from kwslib.data.corpus import Corpus
from kwslib.data.protocol import Example, Protocol, build_splits, load_waveforms, noise_stretches
from kwslib.errors import KwsError
from kwslib.features.frontend import features, fingerprint
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE
from kwslib.progress import progress


@dataclass(frozen=True)
class Augmentation:
    """Augmentation of the training clips: `copies` of each, the first as recorded, the others changed at random.

    `speed`: the playback speed is within 1 +- this. `shift_ms`: largest shift in time, in either direction. With
    `noise_probability`, a training segment of a noise recording is added at up to `noise_volume` of full scale.
    """

    copies: int = 1
    speed: float = 0.0
    shift_ms: float = 0.0
    noise_probability: float = 0.0
    noise_volume: float = 0.0

    def __post_init__(self) -> None:
        if self.copies < 1 or not 0 <= self.speed < 0.5 or not 0 <= self.shift_ms < 1000:
            raise KwsError("an augmentation needs copies >= 1, 0 <= speed < 0.5 and 0 <= shift_ms < 1000")
        if not (0 <= self.noise_probability <= 1 and 0 <= self.noise_volume <= 1):
            raise KwsError("noise_probability and noise_volume lie between 0 and 1")


NO_AUGMENTATION = Augmentation()


@dataclass(frozen=True)
class FeatureSet:
    """Features of one split: x (copies * n, 49, 40), int8 from the front end; y (copies * n,) int64; names (n,)."""

    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    copies: int = 1

    @property
    def n(self) -> int:
        """Examples, not counting augmented copies."""
        return len(self.y) // self.copies

    def copy(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """x (n, 49, 40) and y (n,) of one augmented copy."""
        part = slice(index * self.n, (index + 1) * self.n)
        return self.x[part], self.y[part]


def feature_splits(
    corpus: Corpus, protocol: Protocol, augmentation: Augmentation = NO_AUGMENTATION, seed: int = 0
) -> dict[str, FeatureSet]:
    """Features of the three splits under `protocol`; only the training split is augmented.

    `seed` determines whatever the protocol draws at random (under the fixed protocol, nothing in the evaluation
    splits).
    """
    splits = build_splits(corpus, protocol, seed)
    return {
        split: _cached(corpus, examples, augmentation if split == "training" else NO_AUGMENTATION)
        for split, examples in splits.items()
    }


def feature_split(
    corpus: Corpus, protocol: Protocol, split: str, seed: int = 0, first: int | None = None
) -> FeatureSet:
    """Features of one split without augmentation, or of its `first` examples, which are a random sample of it."""
    return _cached(corpus, build_splits(corpus, protocol, seed)[split][:first], NO_AUGMENTATION)


def augment(
    clip: np.ndarray, augmentation: Augmentation, noises: Sequence[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """One augmented copy of a clip, int16 (16000,) to int16 (16000,)."""
    samples = clip.astype(np.float32)
    if augmentation.speed:
        samples = _change_speed(samples, 1 + augmentation.speed * rng.uniform(-1, 1))
    if augmentation.shift_ms:
        samples = _shift(samples, round(augmentation.shift_ms * rng.uniform(-1, 1) * SAMPLE_RATE / 1000))
    if len(noises) and rng.random() < augmentation.noise_probability:
        noise = noises[rng.integers(len(noises))]
        start = rng.integers(len(noise) - CLIP_SAMPLES + 1)
        samples += noise[start : start + CLIP_SAMPLES] * rng.uniform(0, augmentation.noise_volume)
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def _change_speed(samples: np.ndarray, factor: float) -> np.ndarray:
    """Play `factor` times as fast, pitch and all; cropped or padded around the middle to the old length."""
    import soxr

    changed = soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="MQ")
    surplus = len(changed) - len(samples)
    if surplus >= 0:
        return changed[surplus // 2 : surplus // 2 + len(samples)]
    return np.pad(changed, (-surplus // 2, -surplus - -surplus // 2))


def _shift(samples: np.ndarray, offset: int) -> np.ndarray:
    """Later by `offset` samples (earlier when negative); zeros come in."""
    shifted = np.zeros_like(samples)
    if offset >= 0:
        shifted[offset:] = samples[: len(samples) - offset]
    else:
        shifted[:offset] = samples[-offset:]
    return shifted


def _copy(
    examples: Sequence[Example],
    waveforms: np.ndarray,
    augmentation: Augmentation,
    noises: Sequence[np.ndarray],
    index: int,
) -> np.ndarray:
    """Features of one copy, int8 (n, 49, 40). A clip's draws depend on its name and the copy alone."""
    if not index:
        return features(waveforms)
    changed = np.empty_like(waveforms)
    for row, (example, clip) in enumerate(zip(examples, waveforms, strict=True)):
        name = int.from_bytes(hashlib.sha256(example.name.encode()).digest()[:8], "little")
        changed[row] = augment(clip, augmentation, noises, np.random.default_rng([name, index]))
    return features(changed)


def _cached(corpus: Corpus, examples: Sequence[Example], augmentation: Augmentation) -> FeatureSet:
    """Features of examples, each copy in the cache by itself: trainings with more and with fewer copies share them."""
    drawn = [
        (e.name, e.shift, (e.noise.path.name, e.noise.start, e.noise.gain) if e.noise else 0)
        for e in examples
    ]
    unchanged = digest(corpus.content_hash, drawn, fingerprint(), code(__name__))
    waveforms = lru_cache(lambda: load_waveforms(examples))
    noises = lru_cache(lambda: noise_stretches(corpus, "training") if augmentation.noise_probability else [])

    def copy(index: int) -> np.ndarray:
        changes = replace(augmentation, copies=1) if index else NO_AUGMENTATION
        arrays = cached(
            "features",
            digest(unchanged, changes, index),
            lambda: {"x": _copy(examples, waveforms(), augmentation, noises(), index)},
        )
        return arrays["x"]

    x = np.concatenate([copy(index) for index in progress(range(augmentation.copies), "features")])
    y = np.tile([example.label for example in examples], augmentation.copies).astype(np.int64)
    return FeatureSet(x, y, tuple(example.name for example in examples), augmentation.copies)
