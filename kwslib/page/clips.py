"""Sounds for a page without a microphone: synthesized words, and a trial of the simulated field."""

import importlib.util
import io
from dataclasses import dataclass

import numpy as np

from kwslib.data import espeak
from kwslib.data.synthetic import record
from kwslib.labels import SAMPLE_RATE, UNKNOWN

VOICE = "gmw/en-US+adam"  # one that the recorded networks understand
OTHER_WORDS = ("seven", "table")
QUALITY = 0.8  # of libsndfile's MP3, 0 best: 5 KB a second


@dataclass(frozen=True)
class PageClip:
    """A sound of the page: the bytes of an MP3 file, with a title."""

    title: str
    sound: bytes


def spoken_clips(keywords: tuple[str, ...]) -> list[PageClip]:
    """All keywords and one other word, synthesized, one second each. Raises KwsError as `espeak.speak` does."""
    other = next(word for word in OTHER_WORDS if word not in keywords)
    words = (*keywords, other)
    sounds = espeak.speak([espeak.Utterance(word, VOICE) for word in words])
    clips = [record(sound, np.random.default_rng(number)) for number, sound in enumerate(sounds)]
    return [PageClip(f"“{word}”, synthesized", mp3(clip)) for word, clip in zip(words, clips, strict=True)]


def field_clips(labels: tuple[str, ...], trials: range) -> list[PageClip]:
    """Trials of the simulated field with synthesized words; none if its packages are not installed."""
    if not importlib.util.find_spec("pyroomacoustics"):
        return []
    from kwslib.data.corpus import open_corpus
    from kwslib.field.evaluate import stage

    trial_stage = stage(open_corpus(profile="quick"), labels)
    clips = []
    for index in trials:
        trial = trial_stage.trial(index)
        room = trial_stage.rooms[trial.room]
        text = "another word" if trial.said == UNKNOWN else f"“{trial.said}”"
        title = f"{text} in a simulated room, at {room.distance:.1f} m"
        clips.append(PageClip(title, mp3(trial_stage.render(trial))))
    return clips


def mp3(samples: np.ndarray) -> bytes:
    """int16 (n,) at 16 kHz as an MP3 file, which every browser decodes."""
    import soundfile

    file = io.BytesIO()
    options = {"format": "MP3", "subtype": "MPEG_LAYER_III", "compression_level": QUALITY}
    soundfile.write(file, samples, SAMPLE_RATE, **options)
    return file.getvalue()
