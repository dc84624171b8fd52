"""A long stream scored by hits and misses: keywords at listed times among other words and noise.

After the streaming wake word benchmark of MLPerf Tiny (MLCommons, v1.3): twenty minutes with fifty keywords, of
which at most eight may be missed, and at most eight false reports; its keyword is a different one. Here a
specification draws or lists the words of a split. Each is spoken in the room of its minute, over that minute's
background, and the whole passes through the microphone; a corpus and a specification give the same samples on
every machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from kwslib.data.splits import SPLITS
from kwslib.deployment.decision import DecisionSettings
from kwslib.errors import KwsError
from kwslib.field.evaluate import Stage
from kwslib.field.microphone import FULL_SCALE, pascal
from kwslib.field.minutes import SCENE
from kwslib.field.scene import add_background, add_speech, background_in_room, record, speech_in_room
from kwslib.field.sources import BACKGROUNDS, loudest, spoken
from kwslib.field.stream import StreamNetwork, decide, inference_times, listen
from kwslib.labels import SAMPLE_RATE

LENGTH = 1.0  # s of a word's clip
LATEST = 2.0  # s after the beginning of its clip within which a keyword is reported
SHORTEST_SLOT = 1.5  # s for each word that is drawn
LONGEST = 7200  # s
MOST_MISSES = MOST_FALSE = 8  # of MLPerf Tiny


@dataclass(frozen=True)
class Specification:
    """Contents of a long stream. `keywords`: their number, for words in turn at random times; or a list of
    (word, second).

    others: number of words of the unknown class, at random times. Raises KwsError for words that do not fit in
    a stream.
    """

    seconds: float = 1200.0
    keywords: int | tuple[tuple[str, float], ...] = 50
    others: int = 150
    split: str = "testing"
    seed: int = 0

    def __post_init__(self) -> None:
        if not 10 <= self.seconds <= LONGEST:
            raise KwsError(f'"seconds" of {self.seconds:g}: give 10 to {LONGEST}')
        if self.split not in SPLITS:
            raise KwsError(f'"split" {self.split!r}: use {", ".join(SPLITS)}')
        if self.others < 0 or self.count < 1 or self.seed < 0:
            raise KwsError('give one or more "keywords", and "others" and a "seed" of 0 or more')
        if self.slots and self.seconds / self.slots < SHORTEST_SLOT:
            most = int(self.seconds / SHORTEST_SLOT)
            default = f'"others", which are {Specification.others} by default'
            if isinstance(self.keywords, int):
                default = (
                    f'"keywords", {Specification.keywords} by default, and "others", {Specification.others}'
                )
            raise KwsError(
                f"{self.slots} words at random times in {self.seconds:g} s: {most} are the most that fit; set {default}"
            )
        listed = () if isinstance(self.keywords, int) else sorted(self.keywords, key=lambda word: word[1])
        for word, second in listed:
            if not 0 <= second <= self.seconds - LATEST:
                raise KwsError(
                    f"{word} at {second:g} s: a word begins within 0 to {self.seconds - LATEST:g} s"
                )
        for (word, begin), (after, second) in pairwise(listed):
            if second < begin + LENGTH:
                raise KwsError(
                    f"{word} at {begin:g} s and {after} at {second:g} s overlap: begin words {LENGTH:g} s or more apart"
                )

    @property
    def count(self) -> int:
        """Keywords."""
        return self.keywords if isinstance(self.keywords, int) else len(self.keywords)

    @property
    def slots(self) -> int:
        """Words at times drawn."""
        return self.others + (self.keywords if isinstance(self.keywords, int) else 0)


def specification(content: Any) -> Specification:
    """The specification in a JSON object. Raises KwsError, naming the invalid entry."""
    known = {
        "seconds": (int | float, "a number"),
        "keywords": (int | list, "a whole number or a list"),
        "others": (int, "a whole number"),
        "split": (str, f"one of {', '.join(SPLITS)}"),
        "seed": (int, "a whole number"),
    }
    if not isinstance(content, Mapping):
        raise KwsError(f"not a JSON object: give one with {', '.join(known)}")
    for name, value in content.items():
        if name not in known:
            raise KwsError(f'"{name}" is unknown: use {", ".join(known)}')
        kind, words = known[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise KwsError(f'"{name}" is {value!r}: give {words}')
    options = dict(content)
    try:
        if isinstance(options.get("keywords"), list):
            options["keywords"] = tuple(map(_listed, options["keywords"]))
        return Specification(**options)
    except OverflowError:
        raise KwsError("a number is too large: see `kws field --help`") from None


def _listed(entry: Any) -> tuple[str, float]:
    match entry:
        case {"word": str(word), "at": int(at) | float(at), **more} if not isinstance(at, bool) and not more:
            return word, float(at)
    raise KwsError(f'"keywords" lists {entry!r}: give {{"word": "yes", "at": 12.5}}, and no more, for each')


@dataclass(frozen=True)
class SpokenWord:
    """A word of a stream: its class, the time in seconds at which its clip starts, the clip's name."""

    label: str
    second: float
    clip: str


@dataclass(frozen=True)
class LongStream:
    """int16 samples and the words spoken in them, in order."""

    samples: np.ndarray
    words: tuple[SpokenWord, ...]


def long_stream(spec: Specification, stage: Stage) -> LongStream:
    """The stream of a specification. `stage`: one with its split and seed. Raises KwsError for a word that is
    not a keyword."""
    labels, material, field = stage.material.labels, stage.material, stage.field
    rng = np.random.default_rng([spec.seed, SPLITS.index(spec.split), 1200])
    planned = _planned(spec, labels, rng)
    length = round(spec.seconds * SAMPLE_RATE)
    pressure = np.zeros(length, np.float32)
    words = []
    for begin in range(0, length, SCENE):
        scene = slice(begin, min(begin + SCENE, length))
        room = stage.rooms[rng.integers(len(stage.rooms))]
        levels = []
        for label, second in planned:
            start = round(second * SAMPLE_RATE)
            if scene.start <= start < scene.stop:
                clip = material.clips[labels.index(label)]
                chosen = clip[rng.integers(len(clip))]
                word = speech_in_room(spoken(chosen), rng.uniform(*field.speech_spl), room)
                levels.append(loudest(word))
                add_speech(pressure, word, start)
                words.append(SpokenWord(label, start / SAMPLE_RATE, chosen.name))
        if field.snr is not None:
            kind = str(rng.choice(BACKGROUNDS))
            sound = background_in_room(kind, rng, material, room, scene.stop - scene.start, None)
            as_if = float(pascal(rng.uniform(*field.speech_spl))) / room.distance  # where nobody speaks
            level = float(np.median(levels)) if levels else as_if
            add_background(pressure[scene], sound, level, rng.uniform(*field.snr))
    return LongStream(record(pressure, field.microphone, rng, FULL_SCALE / 10), tuple(words))


def _planned(spec: Specification, labels: Sequence[str], rng: np.random.Generator) -> list[tuple[str, float]]:
    """(class, second) of every word, in order: those drawn stand in slots of equal length, in random company."""
    listed = () if isinstance(spec.keywords, int) else spec.keywords
    if wrong := sorted({word for word, _ in listed} - set(labels[2:])):
        raise KwsError(f"{', '.join(wrong)}: not a keyword of this model, which has {', '.join(labels[2:])}")
    drawn = [labels[2 + number % (len(labels) - 2)] for number in range(spec.slots - spec.others)]
    company = [(drawn + [labels[1]] * spec.others)[n] for n in rng.permutation(spec.slots)]
    slot = spec.seconds / max(spec.slots, 1)
    room = slot - min(slot, LATEST)
    places = [(label, n * slot + rng.uniform(0, room)) for n, label in enumerate(company)]
    return sorted([*places, *listed], key=lambda word: word[1])


@dataclass(frozen=True)
class LongResult:
    """Score of a long stream. `words`: its keywords. `reported`: time in seconds at which each is reported,
    None if it is missed. `false`: (class, second) of every other report."""

    words: tuple[SpokenWord, ...]
    reported: tuple[float | None, ...]
    false: tuple[tuple[str, float], ...]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The part of it that `kws field --long --json` prints."""
        hits = sum(second is not None for second in self.reported)
        return {
            "keywords": len(self.words),
            "hits": hits,
            "misses": len(self.words) - hits,
            "false_accepts": len(self.false),
            "seconds": self.seconds,
            "listed": [
                {"word": word.label, "at": word.second, "clip": word.clip, "reported": second}
                for word, second in zip(self.words, self.reported, strict=True)
            ],
            "false": [{"word": word, "at": second} for word, second in self.false],
        }


def run_long(network: StreamNetwork, stream: LongStream, settings: DecisionSettings) -> LongResult:
    """Score of the deployed chain on a stream. A report is matched to the earliest unreported keyword of its class that
    started within the last two seconds; any other report is false."""
    frames = listen(stream.samples)
    decision = decide(network.logits_of_stream(frames), network.scale, settings)
    times = inference_times(len(frames))
    keywords = tuple(word for word in stream.words if word.label in network.labels[2:])
    reported: list[float | None] = [None] * len(keywords)
    false = []
    for inference in np.flatnonzero(decision.reported >= 0):
        label, second = network.labels[decision.reported[inference]], float(times[inference])
        waiting = (
            number
            for number, word in enumerate(keywords)
            if reported[number] is None and word.label == label and 0 <= second - word.second <= LATEST
        )
        if (number := next(waiting, None)) is not None:
            reported[number] = second
        else:
            false.append((label, second))
    return LongResult(keywords, tuple(reported), tuple(false), len(stream.samples) / SAMPLE_RATE)
