"""The sounds of the pages, book/_static/sound: chosen by rule from the recordings, never by hand.

Part 1's four recordings, the words that the recorded networks mistake most, the field's first trial with a keyword in
four stages, and keywords that Part 8's networks miss. FLAC without loss, which every browser plays; manifest.json
says what each file is.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from kwslib.data.audio import read_clip
from kwslib.data.corpus import Corpus, open_corpus
from kwslib.data.protocol import Protocol
from kwslib.errors import KwsError
from kwslib.experiments.zoo_field import FIELD_EFFORTS
from kwslib.features.dataset import feature_split
from kwslib.field.conditions import DEFAULT
from kwslib.field.detection import spoken_keywords
from kwslib.field.evaluate import Stage, stage, trial_logits
from kwslib.field.stream import StreamNetwork, open_network
from kwslib.field.trials import LENGTH
from kwslib.labels import SAMPLE_RATE, UNKNOWN, class_labels
from kwslib.predictors import TorchPredictor
from kwslib.record import names
from kwslib.report.part1.tables import examples
from kwslib.report.part3.tables import most_mistaken
from kwslib.report.part8.field import HERE
from kwslib.strict_json import json_text
from notebooks import ROOT

FOLDER = ROOT / "book" / "_static" / "sound"
MODELS = ROOT / "book" / "results" / "models"
MANIFEST, LICENCE = "manifest.json", "LICENSE.txt"
WORDS = 8  # of those mistaken most
FULL = 32_768


@dataclass(frozen=True)
class Sound:
    """A file to be: its stem, samples int16 (n,), title, the word said, the clip that it is or was made from, notes."""

    name: str
    samples: np.ndarray
    title: str
    said: str
    clip: str
    note: str = ""
    louder: int = 1  # times that the samples were turned up to be heard

    def entry(self) -> dict[str, Any]:
        """The manifest's line: all but the samples, of which it has the digest."""
        row = {key: value for key, value in asdict(self).items() if key not in ("name", "samples")}
        return row | {"sha256": sha256(self.samples)}


def sha256(samples: np.ndarray) -> str:
    """Digest of int16 samples, in little-endian order."""
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


def chosen(corpus: Corpus) -> Iterator[Sound]:
    """All sounds of the pages from a corpus and the recorded networks."""
    for title, path in examples(corpus).items():
        word, _, how = title.partition(", ")
        yield Sound(f"{word}_{how}", read_clip(path), f"“{word}”, {how}", word, _clip(path))
    yield from mistaken(corpus)
    where = stage(corpus, class_labels())
    yield from trial(where, first_keyword(where))
    yield from missed(where, FIELD_EFFORTS["report"].trials)


def mistaken(corpus: Corpus) -> Iterator[Sound]:
    """Of each word in Part 3's figure, worst first, the clip that most of its networks take for another class."""
    testing = feature_split(corpus, Protocol(), "testing")
    networks = [TorchPredictor(path) for path in sorted(MODELS.glob("tinyconv_seed*.pt"))]
    labels = networks[0].labels
    answers = np.stack([network.logits(testing.x).argmax(axis=1) for network in networks])  # (seeds, clips)
    others = np.flatnonzero(testing.y == labels.index(UNKNOWN))
    heard: dict[str, Counter[str]] = {}
    for index in others:
        word = testing.names[index].partition("/")[0]
        heard.setdefault(word, Counter()).update(labels[answer] for answer in answers[:, index])
    totals = {word: sum(said.values()) for word, said in heard.items()}
    paths = {clip.name: clip.path for clip in corpus.clips}
    wrong = (answers != labels.index(UNKNOWN)).sum(axis=0)
    for word in most_mistaken(heard, totals)[:WORDS]:
        index = max((i for i in others if testing.names[i].startswith(f"{word}/")), key=lambda i: wrong[i])
        taken = Counter(labels[a] for a in answers[:, index] if labels[a] != UNKNOWN)
        counts = ", ".join(f"“{label}” by {n}" for label, n in sorted(taken.items(), key=lambda p: -p[1]))
        note = f"taken for {counts} of {len(networks)} networks"
        name = testing.names[index]
        yield Sound(f"mistaken_{word}", read_clip(paths[name]), f"“{word}”", word, name, note)


def first_keyword(where: Stage) -> int:
    """Number of the stage's first trial in which a keyword is said."""
    return next(n for n in range(len(class_labels())) if where.trial(n).said in class_labels()[2:])


def trial(where: Stage, number: int) -> Iterator[Sound]:
    """A trial as it passes: as recorded, in the room, with background, as the microphone delivers it.

    The first three are as a recorder turned up to the clip's level has them, the last is `turned_up`.
    """
    drawn = where.trial(number)
    room = where.rooms[drawn.room]
    clip = read_clip(drawn.clip.path)
    recorded = np.zeros(LENGTH, np.int16)
    recorded[drawn.start : drawn.start + len(clip)] = clip[: LENGTH - drawn.start]
    recorder = replace(where, field=replace(DEFAULT, microphone=None))
    delivered, louder = turned_up(where.render(drawn))
    distance = f"{room.distance:.1f} m away in a room of {room.name}, reverberation time {room.rt60:.1f} s"
    background = f"{drawn.background}, {drawn.snr:.0f} dB below the speech"
    loud = f"{drawn.spl:.0f} dB SPL at 1 m, turned up {louder} times to be heard"
    for name, samples, title, note, times in (
        ("clip", recorded, "1. The clip as recorded", f"trial {number}, “{drawn.said}”", 1),
        ("room", recorder.render(replace(drawn, snr=None)), "2. In the room", distance, 1),
        (
            "background",
            recorder.render(drawn),
            "3. With background, at the microphone’s place",
            background,
            1,
        ),
        ("microphone", delivered, "4. As the microphone delivers it", loud, louder),
    ):
        yield Sound(f"trial_{name}", samples, title, drawn.said, drawn.clip.name, note, times)


def missed(where: Stage, trials: int) -> Iterator[Sound]:
    """Of each keyword, the trial with the weakest background that both of Part 8's networks for the field miss at their
    own settings, as the microphone delivers it, turned up."""
    networks, frames = heard_by(), where.frames(range(trials))
    rows = [spoken_keywords(each, where, trial_logits(each, frames), each.settings) for each in networks]
    numbers = [n for n in range(trials) if where.trial(n).said in class_labels()[2:]]
    both = [n for n, *found in zip(numbers, *rows, strict=True) if all(row["missed"] for row in found)]
    for word in class_labels()[2:]:
        drawn = max((t for t in map(where.trial, both) if t.said == word), key=lambda t: t.snr)
        samples, louder = turned_up(where.render(drawn))
        note = (
            f"{where.rooms[drawn.room].distance:.1f} m away, {drawn.background} {drawn.snr:.0f} dB below the speech,"
            f" turned up {louder} times"
        )
        yield Sound(f"missed_{word}", samples, f"“{word}”", word, drawn.clip.name, note, louder)


def heard_by() -> list[StreamNetwork]:
    """The networks that Part 8 trained for the field."""
    return [open_network(MODELS / names.field_tflite(arch)) for arch in HERE["report"]]


def turned_up(samples: np.ndarray) -> tuple[np.ndarray, int]:
    """int16 samples times a power of two, so that they can be heard and had back, and that power."""
    louder = 1
    while 2 * louder * int(np.abs(samples.astype(int)).max()) < FULL:
        louder *= 2
    return samples * np.int16(louder), louder


def _clip(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}.wav"


def write(corpus: Corpus | None = None) -> None:
    """Renew the folder but for its licence. Raises KwsError for a synthetic corpus: pages play recordings."""
    corpus = corpus or open_corpus(profile="report")
    if corpus.synthetic:
        raise KwsError(
            f"{corpus.root}: synthetic, and the pages play recordings: name a folder of them in KWS_DATA"
        )
    sounds = list(chosen(corpus))
    fresh = FOLDER.with_name("sound.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for sound in sounds:
        soundfile.write(fresh / f"{sound.name}.flac", sound.samples, SAMPLE_RATE, "PCM_16")
    entries = {sound.name: sound.entry() for sound in sounds}
    text = json_text({"corpus": corpus.name, "content": corpus.content_hash, "sounds": entries}, indent=2)
    (fresh / MANIFEST).write_text(text + "\n", encoding="utf-8")
    shutil.copy(FOLDER / LICENCE, fresh)
    shutil.rmtree(FOLDER)
    fresh.rename(FOLDER)
