"""Sound without a keyword: scenes of one minute, each in another room, through a continuously running front end.

The kinds of minute alternate: words of the unknown class one by one, or without pauses; a background alone, of
any kind or of a given one; or a quiet room with its background at the field's highest signal-to-noise ratio.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.cache import cached, code, digest
from kwslib.data.clips import Clip
from kwslib.data.levels import SPEECH
from kwslib.features.frontend import STEP, Frontend
from kwslib.field.evaluate import Stage
from kwslib.field.microphone import FULL_SCALE
from kwslib.field.scene import add_background, add_speech, background_in_room, record, speech_in_room
from kwslib.field.sources import BACKGROUNDS, extent, loudest, spoken
from kwslib.labels import SAMPLE_RATE
from kwslib.progress import over_cores

SCENE = 60 * SAMPLE_RATE  # samples
PAUSE = (0.0, 2.0)  # s between clips of one second
EDGE = SAMPLE_RATE // 20  # kept before and after a word in running speech
THREE = ("words", "background", "quiet")  # of Parts 4 and 7
SIX = ("words", "running speech", "babble", "noise", "music", "quiet")
SPOKEN = ("words", "running speech")
ONE_KIND = {
    "babble": ("babble",),
    "noise": ("recorded", "hum", "clicks"),
    "music": ("music",),
}  # of background
TOGETHER = 30  # scenes rendered before the front end hears them


@dataclass(frozen=True)
class Sound:
    """frames: int8 (F, 40). speech: bool (F,), whether a foreground word is being spoken when a frame starts."""

    frames: np.ndarray
    speech: np.ndarray


def minutes(stage: Stage, hours: float, kinds: Sequence[str] = THREE) -> Sound:
    """Hours of sound without a keyword, cached; minute n is of kind n modulo the number of kinds."""

    def make() -> dict[str, np.ndarray]:
        frontend = Frontend()
        scenes = round(3600 * hours * SAMPLE_RATE / SCENE)
        frames, speech = [], []
        for start in range(0, scenes, TOGETHER):
            numbers = range(start, min(start + TOGETHER, scenes))
            found = over_cores(lambda n: _minute(stage, n, kinds), numbers, "minutes without a keyword")
            frames += [frontend.process(samples) for samples, _ in found]
            speech += [mask for _, mask in found]
        heard = np.concatenate(frames)
        return {"frames": heard, "speech": np.concatenate(speech)[: len(heard)]}

    key = digest(stage.key(()), hours, tuple(kinds), code(__name__))
    found = cached("field", key, make)
    return Sound(found["frames"], found["speech"])


def continuous_frames(stage: Stage, hours: float, kinds: Sequence[str] = THREE) -> np.ndarray:
    """The frames of `minutes`, int8 (F, 40)."""
    return minutes(stage, hours, kinds).frames


def kind_at(frame: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
    """Index of the kind of minute at frames (n,): int (n,)."""
    return frame * STEP // SCENE % len(kinds)


def words_said(stage: Stage, number: int, kinds: Sequence[str]) -> list[tuple[int, Clip]]:
    """The clips in a minute, in order, each with the frame of the minute at which it starts."""
    kind = kinds[number % len(kinds)]
    rng, _ = _begun(stage, number)
    return [(turn.start // STEP, turn.clip) for turn in _turns(stage, rng, kind)] if kind in SPOKEN else []


@dataclass(frozen=True)
class _Turn:
    """A word of a minute: sound float32 (n,) that begins at sample `start` and has its word between `first`, `last`."""

    clip: Clip
    sound: np.ndarray
    spl: float
    start: int
    first: int
    last: int


def _begun(stage: Stage, number: int) -> tuple[np.random.Generator, int]:
    """The draws of a minute, the first of which is its room."""
    rng = np.random.default_rng([stage.seed, 60, number])
    return rng, int(rng.integers(len(stage.rooms)))


def _turns(stage: Stage, rng: np.random.Generator, kind: str) -> Iterator[_Turn]:
    """Words one by one, as they are drawn, to the end of a minute."""
    pool = stage.material.clips[1]
    start = 0
    while start < SCENE - 2 * SAMPLE_RATE:
        clip = pool[rng.integers(len(pool))]
        sound = spoken(clip)
        first, last = extent(sound)
        if kind == "running speech":
            begin = min(max(first - EDGE, 0), len(sound) - SPEECH)
            sound = sound[begin : max(last + EDGE, begin + SPEECH)]
            first, last = first - begin, last - begin
        yield _Turn(clip, sound, rng.uniform(*stage.field.speech_spl), start, first, last)
        start += (
            len(sound) if kind == "running speech" else SAMPLE_RATE + int(rng.uniform(*PAUSE) * SAMPLE_RATE)
        )


def _minute(stage: Stage, number: int, kinds: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """A minute in one room, int16 (SCENE,), and whether a word is being said at each frame, bool (SCENE / STEP,)."""
    field = stage.field
    kind = kinds[number % len(kinds)]
    rng, chosen = _begun(stage, number)
    room = stage.rooms[chosen]
    pressure = np.zeros(SCENE, np.float32)
    speech = np.zeros(SCENE // STEP, bool)
    levels = []
    for turn in _turns(stage, rng, kind):
        word = speech_in_room(turn.sound, turn.spl, room)
        levels.append(loudest(word))
        if kind not in SPOKEN:
            break
        add_speech(pressure, word, turn.start)
        speech[(turn.start + turn.first) // STEP : (turn.start + turn.last) // STEP] = True
    if field.snr is not None:
        background = str(rng.choice(ONE_KIND.get(kind, BACKGROUNDS)))
        sound = background_in_room(background, rng, stage.material, room, SCENE, None)
        snr = field.snr[1] if kind == "quiet" else rng.uniform(*field.snr)
        add_background(pressure, sound, float(np.median(levels)), snr)
    return record(pressure, field.microphone, rng, FULL_SCALE / 10), speech
