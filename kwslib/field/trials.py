"""One trial of the field test: its random draws, and the samples that the microphone delivers.

A trial is a stream of four seconds. In the first, the front end adapts to the background; in the second, the
whole chain is running; then comes the prompt, and the answer is that of the two seconds after it (as in
firmware/arduino). The clip with the word starts within 0.6 s of the prompt. A trial is a function of its index,
the seed, the field and the corpus: it can be replayed on its own, bit for bit. All quantities are drawn as
shares of their ranges, so that the same trial in two fields differs only where the fields do.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kwslib.data.clips import Clip
from kwslib.data.splits import SPLITS
from kwslib.field.conditions import Field
from kwslib.field.microphone import FULL_SCALE
from kwslib.field.rooms import Room
from kwslib.field.scene import add_background, add_speech, background_in_room, record, speech_in_room
from kwslib.field.sources import BACKGROUNDS, Material, loudest, recorded_level, spoken
from kwslib.labels import SAMPLE_RATE

PROMPT, LENGTH = 2 * SAMPLE_RATE, 4 * SAMPLE_RATE  # samples
LATEST = int(0.6 * SAMPLE_RATE)  # start of the clip after the prompt


@dataclass(frozen=True)
class Trial:
    """The draws of a trial. `said`: a class; `clip`: the recording played, or in a trial of silence one that
    only sets levels.

    start: sample at which the clip starts. spl: level of the speech at 1 m. snr: None for no background. room: index.
    """

    seed: int
    index: int
    split: str
    said: str
    clip: Clip
    start: int
    spl: float
    snr: float | None
    room: int
    background: str

    def listed(self, rooms: tuple[Room, ...]) -> dict[str, Any]:
        """The draws as plain values, including those of the room."""
        room = rooms[self.room]
        row = asdict(self) | {"clip": self.clip.name, "speaker": self.clip.speaker}
        row |= {"start_s": self.start / SAMPLE_RATE, "room": room.name, "room_number": self.room}
        del row["start"]
        return row | {"distance": room.distance, "rt60": room.rt60}


def draw(material: Material, field: Field, rooms: tuple[Room, ...], seed: int, index: int) -> Trial:
    """Trial `index`: classes alternate, and so do the clips of a class, in an order shuffled with the seed."""
    labels = material.labels
    said = index % len(labels)
    pool = material.clips[said or 1]
    order = np.random.default_rng([seed, SPLITS.index(material.split), said]).permutation(len(pool))
    rng = _generator(material.split, seed, index, 0)
    level, ratio, start = rng.random(3)
    return Trial(
        seed,
        index,
        material.split,
        labels[said],
        pool[order[index // len(labels) % len(pool)]],
        PROMPT + int(start * LATEST),
        field.speech_spl[0] + level * (field.speech_spl[1] - field.speech_spl[0]),
        None if field.snr is None else float(field.snr[0] + ratio * (field.snr[1] - field.snr[0])),
        int(rng.integers(len(rooms))),
        str(rng.choice(BACKGROUNDS)),
    )


def classes_of(indices: Sequence[int], labels: Sequence[str]) -> np.ndarray:
    """The classes of trials, int (n,): they alternate."""
    return np.array(indices, int) % len(labels)


def render(trial: Trial, material: Material, field: Field, rooms: tuple[Room, ...]) -> np.ndarray:
    """The samples that the microphone delivers: int16 (64000,)."""
    rng = _generator(trial.split, trial.seed, trial.index, 1)
    room = rooms[trial.room]
    word = speech_in_room(spoken(trial.clip), trial.spl, room)
    level = loudest(word)
    pressure = np.zeros(LENGTH, np.float32)
    if trial.said != material.labels[0]:
        add_speech(pressure, word, trial.start)
    if trial.snr is not None:
        sound = background_in_room(trial.background, rng, material, room, LENGTH, trial.clip.speaker)
        add_background(pressure, sound, level, trial.snr)
    as_recorded = FULL_SCALE * recorded_level(trial.clip) / (level or 1)
    return record(pressure, field.microphone, rng, as_recorded)


def _generator(split: str, seed: int, index: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, SPLITS.index(split), index, purpose])
