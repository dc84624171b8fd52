"""Two protocols, which determine the clips for training and testing and the noise mixed into each.

`fixed`, ours: every evaluation clip is the same in each run. Keyword clips follow the official split. The
unknown clips are those in lists/unknown.txt, then others by the SHA-1 of their name. Silence comes from
segments of the noise recordings that no other split uses. In validation and testing, nothing is shifted or mixed in.

`original`, the procedure of TensorFlow's speech_commands/input_data.py as used in the original report's course:
all three splits are drawn once per run. Clips are shifted at random by up to 100 ms, testing clips too.
Noise at up to a tenth of its volume is added to four in five training clips. Silence is any second of any noise
recording at any volume, so that training and testing share noise. The unknown clips are the first of a
shuffle whose result depends on the order in which the file system lists them. `seed` determines all of that:
the score changes from run to run.

Sizes of both: silence and unknown are each 33 % of a split's keyword clips, rounded up. For yes and no in
Speech Commands v0.02 that gives the original report's 10,556, 1,333 and 1,368 examples (its Part 3). For a
user's own word, all other words are used (`all_others`): 33 % of its few clips would be too few.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from kwslib.data.audio import read_audio, read_clip
from kwslib.data.clips import Clip
from kwslib.data.corpus import Corpus
from kwslib.data.splits import SPLITS
from kwslib.errors import KwsError
from kwslib.labels import CLIP_SAMPLES, DEFAULT_KEYWORDS, SILENCE, UNKNOWN, class_labels
from kwslib.paths import stamp
from kwslib.progress import progress

STRETCHES = {"training": (0.0, 0.8), "validation": (0.8, 0.9), "testing": (0.9, 1.0)}  # of each recording
DIGITAL_SILENCE = 0.1  # share of the silence examples without any noise
QUIETEST = -40.0  # dB; the gains of the others are spread evenly from here to 0 dB
ORIGINAL_SHIFT = 1_600  # samples, 100 ms
ORIGINAL_NOISE_SHARE, ORIGINAL_NOISE_GAIN = 0.8, 0.1  # of the training clips


@dataclass(frozen=True)
class Protocol:
    """Rules that turn a corpus into labelled examples. Percentages are relative to a split's keyword clips.

    `training_unknown_percent` replaces `unknown_percent` in the training split only.
    """

    name: str = "fixed"
    keywords: tuple[str, ...] = DEFAULT_KEYWORDS
    silence_percent: int = 33
    unknown_percent: int = 33
    training_unknown_percent: int | None = None

    def __post_init__(self) -> None:
        if self.name not in ("fixed", "original"):
            raise KwsError(f"protocol {self.name!r} is unknown: use fixed or original")
        class_labels(self.keywords)
        for percent in (self.silence_percent, self.unknown_percent, self.training_unknown_percent or 0):
            if percent < 0:
                raise KwsError(f"{percent} % of silence or unknown: use 0 or more")

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in output order."""
        return class_labels(self.keywords)

    def unknown_share(self, split: str) -> int:
        """Unknown clips of a split as a percentage of its keyword clips."""
        if split == "training" and self.training_unknown_percent is not None:
            return self.training_unknown_percent
        return self.unknown_percent


@dataclass(frozen=True)
class Noise:
    """One second of a noise recording, starting at sample `start` (at 16 kHz), times `gain`."""

    path: Path
    start: int
    gain: float


@dataclass(frozen=True)
class Example:
    """One network input: a clip, shifted by `shift` samples (later when positive), or noise, or both mixed.

    With neither it is digital silence.
    """

    name: str
    split: str
    label: int
    clip: Clip | None = None
    noise: Noise | None = None
    shift: int = 0


def build_splits(corpus: Corpus, protocol: Protocol, seed: int = 0) -> dict[str, tuple[Example, ...]]:
    """{split: examples}, ordered by the hash of their names: the first examples of a split are a random sample of it.

    `seed` is that of the run and affects only the original protocol. Under the fixed protocol, a training clip
    whose audio is identical to one in validation or testing is left out. Raises KwsError for keywords that the
    corpus lacks, and when no noise recording is long enough.
    """
    missing = sorted(set(protocol.keywords) - set(corpus.words))
    if missing:
        available = ", ".join(corpus.words)
        raise KwsError(f"{corpus.root}: no clips of {', '.join(missing)}: choose keywords from {available}")
    clips: dict[str, list[Clip]] = {split: [] for split in SPLITS}
    for clip in corpus.clips:
        clips[clip.split].append(clip)
    if protocol.name == "original":
        splits = {split: _original(corpus, clips[split], protocol, split, seed) for split in SPLITS}
    else:
        tested = {clip.digest for split in SPLITS[1:] for clip in clips[split] if clip.digest}
        clips["training"] = [clip for clip in clips["training"] if clip.digest not in tested]
        splits = {split: _fixed(corpus, clips[split], protocol, split) for split in SPLITS}
    return {split: tuple(sorted(examples, key=_order)) for split, examples in splits.items()}


def counts(examples: Sequence[Example], labels: tuple[str, ...]) -> dict[str, int]:
    """{label: examples, ..., "total": examples}."""
    found = Counter(labels[example.label] for example in examples)
    return {**{label: found[label] for label in labels}, "total": len(examples)}


def load_waveforms(examples: Sequence[Example]) -> np.ndarray:
    """The examples as int16 (N, 16000). Raises KwsError when a file has been removed since it was listed."""
    waveforms = np.empty((len(examples), CLIP_SAMPLES), np.int16)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for row, clip in enumerate(progress(pool.map(_waveform, examples), "reading clips", len(examples))):
            waveforms[row] = clip
    return waveforms


def noise_stretches(corpus: Corpus, split: str) -> list[np.ndarray]:
    """The segment of each noise recording for a split, int16 (n,) with n >= 16000, by name.

    Training uses the first 80 % of each recording, validation the next 10 %, testing the last. Raises KwsError
    when no recording is long enough.
    """
    return [read_noise(path)[begin:end] for path, begin, end in _stretches(corpus, *STRETCHES[split])]


def read_noise(path: Path) -> np.ndarray:
    """A noise recording as int16 (n,) at 16 kHz, kept in memory, since thousands of examples use the same few."""
    return _noise(path, stamp(path))


@lru_cache(maxsize=256)
def _noise(path: Path, _version: tuple[int, ...]) -> np.ndarray:
    samples = read_audio(path)
    samples.setflags(write=False)
    return samples


@lru_cache(maxsize=1)
def listed_unknown() -> frozenset[str]:
    """Names of the evaluation clips of words other than yes and no; comparable scores need the same clips.

    They are the first 265 (validation) and 272 (testing) by SHA-1 of the name in a part of Speech Commands
    v0.02, so that this part and the whole official archive give the same examples.
    """
    text = files("kwslib.data").joinpath("lists", "unknown.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def _stretches(corpus: Corpus, begin: float, end: float) -> list[tuple[Path, int, int]]:
    """(recording, first sample, end) of the given part of every noise recording, where it lasts a second."""
    found = []
    for path in corpus.noises:
        length = len(read_noise(path))
        first, last = round(begin * length), round(end * length)
        if last - first >= CLIP_SAMPLES:
            found.append((path, first, last))
    if not found:
        raise KwsError(
            f"{corpus.root}/_background_noise_: no noise of ten seconds or more, as silence needs: add some"
        )
    return found


def _second(stretches: Sequence[tuple[Path, int, int]], recording: float, place: float, gain: float) -> Noise:
    """A second out of one of the stretches; `recording` and `place` in 0..1 choose."""
    path, first, last = stretches[int(recording * len(stretches))]
    return Noise(path, first + int(place * (last - first - CLIP_SAMPLES + 1)), gain)


def _fixed(corpus: Corpus, clips: Sequence[Clip], protocol: Protocol, split: str) -> list[Example]:
    """The examples of a split, the same in every run, on every machine and with every version of numpy."""
    spoken = [clip for clip in clips if clip.word in protocol.keywords]
    others = sorted((clip for clip in clips if clip.word not in protocol.keywords), key=_listed_first)
    unknown = len(others) if corpus.all_others else _part(len(spoken), protocol.unknown_share(split))
    chosen = spoken + others[:unknown]
    examples = [Example(clip.name, split, _label(clip, protocol), clip) for clip in chosen]
    stretches = _stretches(corpus, *STRETCHES[split])
    spoken_count = len(spoken) + len(others) // 2 if corpus.all_others else len(spoken)
    silences = _part(spoken_count, protocol.silence_percent)
    for number in range(silences):
        name = f"{SILENCE}/{split}_{number:05d}"
        recording, place, loudness, hush = _draws(name)
        noise = _second(stretches, recording, place, gain=10 ** (QUIETEST * (1 - loudness) / 20))
        examples.append(Example(name, split, 0, noise=noise if hush >= DIGITAL_SILENCE else None))
    return examples


def _original(
    corpus: Corpus, clips: Sequence[Clip], protocol: Protocol, split: str, seed: int
) -> list[Example]:
    """The examples of a split as one run of the old way draws them."""
    rng = np.random.default_rng([seed, SPLITS.index(split)])
    spoken = [clip for clip in clips if clip.word in protocol.keywords]
    others = [clip for clip in clips if clip.word not in protocol.keywords]
    shuffled = [others[index] for index in rng.permutation(len(others))]
    recordings = _stretches(corpus, 0, 1)
    examples = []
    for clip in spoken + shuffled[: _part(len(spoken), protocol.unknown_share(split))]:
        noise = _second(recordings, rng.random(), rng.random(), rng.uniform(0, ORIGINAL_NOISE_GAIN))
        mixed = split == "training" and rng.random() < ORIGINAL_NOISE_SHARE
        shift = int(rng.integers(-ORIGINAL_SHIFT, ORIGINAL_SHIFT))
        examples.append(
            Example(clip.name, split, _label(clip, protocol), clip, noise if mixed else None, shift)
        )
    for number in range(_part(len(spoken), protocol.silence_percent)):
        noise = _second(recordings, rng.random(), rng.random(), rng.random())
        examples.append(Example(f"{SILENCE}/{split}_{number:05d}", split, 0, noise=noise))
    return examples


def _waveform(example: Example) -> np.ndarray:
    """One example, int16 (16000,)."""
    samples = read_clip(example.clip.path) if example.clip else np.zeros(CLIP_SAMPLES, np.int16)
    if example.shift:
        padded = np.pad(samples, abs(example.shift))
        start = abs(example.shift) - example.shift
        samples = padded[start : start + CLIP_SAMPLES]
    if example.noise:
        start = example.noise.start
        stretch = read_noise(example.noise.path)[start : start + CLIP_SAMPLES]
        mixed = np.rint(samples + example.noise.gain * stretch)
        samples = np.clip(mixed, -32_768, 32_767).astype(np.int16)
    return samples


def _label(clip: Clip, protocol: Protocol) -> int:
    return protocol.labels.index(clip.word if clip.word in protocol.keywords else UNKNOWN)


def _part(count: int, percent: int) -> int:
    """`percent` of `count`, rounded up."""
    return -(-count * percent // 100)


def _hash(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


def _order(example: Example) -> str:
    return _hash(example.name)


def _listed_first(clip: Clip) -> tuple[bool, str]:
    return clip.name not in listed_unknown(), _hash(clip.name)


def _draws(name: str) -> list[float]:
    """Four numbers in 0..1 (1 excluded) that depend on the name alone."""
    digest = hashlib.sha256(name.encode()).digest()
    return [(int.from_bytes(digest[offset : offset + 8], "big") >> 11) / 2**53 for offset in range(0, 32, 8)]
