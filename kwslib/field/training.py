"""Training for the field: features of training clips under field conditions, for the ordinary training loop.

A copy of the training set has every clip in a training room, over a training background, through the microphone, with
a front end that is already running. Each example is one second that contains the word, with a keyword near its middle.
A part of each copy has only the ordinary augmentation. No test material is used: speakers, segments of the noise
recordings, generated noise and rooms are those of the training split.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from kwslib.cache import cached, code, digest
from kwslib.data.corpus import Corpus
from kwslib.data.protocol import Example, build_splits
from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet, feature_splits
from kwslib.features.frontend import CHANNELS, FRAMES, STEP, fingerprint
from kwslib.field.conditions import DEFAULT, Field
from kwslib.field.evaluate import stage
from kwslib.field.microphone import pascal
from kwslib.field.minutes import SIX, minutes
from kwslib.field.rooms import Room, room_bank
from kwslib.field.scene import add_background, add_speech, background_in_room, speech_in_room
from kwslib.field.sources import BACKGROUNDS, Material, extent, loudest, material, spoken
from kwslib.field.stream import listen
from kwslib.field.varied import varied_bank
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE
from kwslib.networks.recipes import Setup
from kwslib.progress import over_cores, progress

BEFORE = 3 * SAMPLE_RATE // 2  # samples of background before the clip
LENGTH = BEFORE + 2 * CLIP_SAMPLES  # of one stream
PIECE = 12 * SAMPLE_RATE  # of background, from which streams take theirs
SPEECH_FRAMES = 10  # 0.2 s


@dataclass(frozen=True)
class FieldAugmentation:
    """Options of training for the field.

    streams     number of streams in which each clip is spoken
    windows     one-second windows taken from each of these
    clean       share of the examples with only the ordinary augmentation
    jitter_ms   largest distance of a keyword's middle from the window's; other words are placed anywhere
    rooms       number of simulated rooms for training
    varied      number of additional, more varied rooms (kwslib/field/varied.py)
    backgrounds pieces of background of each kind
    hours       hours of sound without a keyword, from which random seconds are added (kwslib/field/minutes.py)
    listening   number of these seconds, relative to that of the examples
    """

    field: Field = DEFAULT
    streams: int = 5
    windows: int = 3
    clean: float = 0.4
    jitter_ms: float = 150.0
    rooms: int = 100
    varied: int = 0
    backgrounds: int = 24
    hours: float = 0.0
    listening: float = 0.3

    def __post_init__(self) -> None:
        if (
            min(self.streams, self.windows, self.rooms, self.backgrounds) < 1
            or self.varied < 0
            or not 0 <= self.clean < 1
            or self.jitter_ms < 0
            or self.hours < 0
            or self.listening < 0
        ):
            raise KwsError(
                "training for the field needs one or more of each, 0 <= clean < 1 and no other value below 0"
            )
        if self.field.snr is None or self.field.microphone is None:
            raise KwsError("training for the field needs a background and a microphone")

    @property
    def copies(self) -> int:
        """Windows of each training clip."""
        return self.streams * self.windows

    def training_rooms(self) -> tuple[Room, ...]:
        """Rooms that no other split uses, cached."""
        return (*room_bank(self.field, "training", self.rooms), *varied_bank(self.field, self.varied))


def field_splits(
    corpus: Corpus,
    training_setup: Setup,
    augmentation: FieldAugmentation,
    listening: Corpus | None = None,
) -> dict[str, FeatureSet]:
    """As `feature_splits`, with a training split of field and ordinary copies; cached stream by stream.

    listening: corpus for the hours without a keyword, if it is a different one.
    """
    splits = feature_splits(corpus, training_setup.protocol, training_setup.heard)
    examples = build_splits(corpus, training_setup.protocol)["training"]
    training = field_copies(corpus, examples, splits["training"], training_setup, augmentation)
    if augmentation.hours:
        more = round(augmentation.listening * training.n)
        training = with_listening(
            training, *_listened(listening or corpus, training_setup.protocol.labels, augmentation, more)
        )
    return splits | {"training": training}


def field_copies(
    corpus: Corpus,
    examples: Sequence[Example],
    ordinary: FeatureSet,
    training_setup: Setup,
    augmentation: FieldAugmentation,
) -> FeatureSet:
    """Field copies of examples of the training split, mixed with copies from `ordinary`, which has the same
    examples."""

    def copies(number: int) -> np.ndarray:
        return _stream_copies(corpus, examples, training_setup, augmentation, number)

    streamed = _streamed(augmentation)
    _scene(corpus, training_setup.protocol.labels, streamed)  # once, for all streams
    parts = over_cores(copies, range(augmentation.streams), "streams for the field")
    _scene.cache_clear()  # a training needs the memory
    x = np.concatenate([part.reshape(-1, FRAMES, CHANNELS) for part in parts])  # (copies * n, 49, 40)
    rng = np.random.default_rng(0)
    n = ordinary.n
    for copy in range(augmentation.copies):
        kept = np.flatnonzero(rng.random(n) < augmentation.clean)
        x[copy * n + kept] = ordinary.copy(copy % ordinary.copies)[0][kept]
    return FeatureSet(x, np.tile(ordinary.y[:n], augmentation.copies), ordinary.names, augmentation.copies)


def with_listening(training: FeatureSet, x: np.ndarray, y: np.ndarray) -> FeatureSet:
    """`training` with m more examples in each copy, different ones each time, from x (copies * m, 49, 40) and y."""
    m = len(y) // training.copies
    joined = [
        np.concatenate([ours.reshape(training.copies, -1, *ours.shape[1:]), theirs], axis=1)
        for ours, theirs in (
            (training.x, x.reshape(training.copies, m, *x.shape[1:])),
            (training.y, y.reshape(training.copies, m)),
        )
    ]
    both = [array.reshape(-1, *array.shape[2:]) for array in joined]
    more = tuple(f"listening {number}" for number in range(m))
    return FeatureSet(both[0], both[1], training.names + more, training.copies)


def _listened(
    corpus: Corpus, labels: Sequence[str], augmentation: FieldAugmentation, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Seconds from anywhere in training sound without a keyword, int8 (copies * n, 49, 40), and their classes: unknown
    where a word sounds for SPEECH_FRAMES of them, else silence. Of the hours, no more are made than are drawn."""
    rooms = augmentation.training_rooms()
    where = stage(corpus, labels, augmentation.field, split="training", rooms=rooms)
    drawn = augmentation.copies * n  # seconds
    sound = minutes(where, min(augmentation.hours, max(drawn / 3600, len(SIX) / 60)), SIX)
    starts = np.random.default_rng(8).integers(len(sound.frames) - FRAMES, size=drawn)
    spoken_frames = np.concatenate([[0], np.cumsum(sound.speech)])
    y = (spoken_frames[starts + FRAMES] - spoken_frames[starts] >= SPEECH_FRAMES).astype(np.int64)
    return sound.frames[starts[:, None] + np.arange(FRAMES)], y


def _streamed(augmentation: FieldAugmentation) -> FieldAugmentation:
    """The options that the sound of a stream depends on."""
    return replace(augmentation, streams=1, clean=0.0, hours=0.0, listening=0.0)


def _stream_copies(
    corpus: Corpus,
    examples: Sequence[Example],
    training_setup: Setup,
    augmentation: FieldAugmentation,
    number: int,
) -> np.ndarray:
    """Stream `number` of every example, int8 (windows, n, 49, 40), from the cache or made."""

    def make() -> dict[str, np.ndarray]:
        scene = _scene(corpus, labels, streamed)
        x = np.empty((augmentation.windows, len(examples), FRAMES, CHANNELS), np.int8)
        title = f"field features {number + 1}/{augmentation.streams}"
        for row, example in enumerate(progress(examples, title)):
            x[:, row] = scene.windows(example, number)
        return {"x": x}

    names = [(example.name, example.label) for example in examples]
    labels = training_setup.protocol.labels  # which words babble depends on them
    streamed = _streamed(augmentation)
    key = digest(corpus.content_hash, names, labels, streamed, number, fingerprint(), code(__name__))
    return cached("field", key, make)["x"]


@dataclass(frozen=True)
class _Scene:
    augmentation: FieldAugmentation
    material: Material
    rooms: tuple[Room, ...]
    backgrounds: np.ndarray  # float32 (n, PIECE), each in a room of its own

    def windows(self, example: Example, number: int) -> np.ndarray:
        """Seconds of one stream of an example, int8 (windows, 49, 40); its draws depend on name and number."""
        field = self.augmentation.field
        assert field.snr is not None
        assert field.microphone is not None
        name = int.from_bytes(hashlib.sha256(example.name.encode()).digest()[:8], "little")
        rng = np.random.default_rng([name, number])
        room = self.rooms[rng.integers(len(self.rooms))]
        spl, snr = rng.uniform(*field.speech_spl), rng.uniform(*field.snr)
        piece = self.backgrounds[rng.integers(len(self.backgrounds))]
        start = rng.integers(PIECE - LENGTH + 1)
        background = piece[start : start + LENGTH]
        begin = BEFORE + int(rng.integers(2 * STEP))
        pressure = np.zeros(LENGTH, np.float32)
        if example.clip is None:  # silence: as loud as if someone had spoken
            level = float(pascal(spl)) / room.distance
            first, last = begin, begin
        else:
            clip = spoken(example.clip)
            word = speech_in_room(clip, spl, room)[: LENGTH - begin]
            level = loudest(word)
            first, last = (begin + end for end in extent(clip))
            add_speech(pressure, word, begin)
        add_background(pressure, background, level, snr, np.float32)  # as in the recorded trainings
        frames = listen(field.microphone(pressure, rng))
        last_end = np.arange(FRAMES, len(frames) + 1)
        # of the seconds that end with these frames
        middles = last_end * STEP + STEP // 2 - CLIP_SAMPLES // 2
        distance = np.abs(middles - (first + last) / 2)
        if example.clip is None:
            ends = last_end
        elif example.label == 1:  # most of the word is in
            ends = last_end[
                distance <= max((CLIP_SAMPLES - (last - first)) / 2, 0) + (last - first) / 4 + STEP
            ]
        else:
            ends = last_end[distance <= self.augmentation.jitter_ms * SAMPLE_RATE / 1000 + STEP]
        chosen = np.sort(
            rng.choice(ends, self.augmentation.windows, replace=len(ends) < self.augmentation.windows)
        )
        return np.stack([frames[end - FRAMES : end] for end in chosen])


@lru_cache(maxsize=1)  # all streams of a training, the keyword's too, have the same
def _scene(corpus: Corpus, labels: tuple[str, ...], augmentation: FieldAugmentation) -> _Scene:
    training_material = material(corpus, labels, "training")
    rooms = augmentation.training_rooms()

    def make() -> dict[str, np.ndarray]:
        rng = np.random.default_rng(7)
        pieces = []
        for number in progress(range(augmentation.backgrounds * len(BACKGROUNDS)), "training backgrounds"):
            room = rooms[rng.integers(len(rooms))]
            kind = BACKGROUNDS[number % len(BACKGROUNDS)]
            pieces.append(background_in_room(kind, rng, training_material, room, PIECE, None))
        return {"pieces": np.stack(pieces)}

    key = digest("backgrounds", corpus.content_hash, labels, augmentation, code(__name__))
    return _Scene(augmentation, training_material, rooms, cached("field", key, make)["pieces"])
