"""Checks a folder of takes before training, and describes what is wrong with each.

Each file is a take of a single word. Levels are those of kwslib/data/levels.py; a frame of 10 ms is speech if it is
within 20 dB of the loudest 0.3 s and 6 dB above the background.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kwslib.data.audio import LEVEL_FRAME, fit, frame_levels, read_audio
from kwslib.data.corpus import read_takes
from kwslib.data.faults import SHORTEST, fault
from kwslib.data.levels import background_level, speech_level
from kwslib.errors import KwsError
from kwslib.features.frontend import features
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE
from kwslib.paths import expand, files_within

QUIET = -50.0  # dB of full scale of speech from which a take is too quiet
CLEAR = 10.0  # dB that speech stands above its background
EDGE = 3  # frames at either end in which a word must not be
PAUSE = 30  # frames without speech that end a word
UNLIKE = 4.0  # robust standard deviations from the others


@dataclass(frozen=True)
class Take:
    """One file: its length, its levels of speech and background in dB of full scale, and its problems."""

    path: Path
    seconds: float
    speech_db: float
    background_db: float
    problems: tuple[str, ...]


def speech(samples: np.ndarray) -> list[tuple[int, int]]:
    """Segments of speech in int16 (n,), n >= 4800, in frames of 10 ms: (first, end), separated by pauses of 0.3 s."""
    db = 20 * np.log10(np.maximum(frame_levels(samples) / 32_768, 1e-5))
    loud = db > max(speech_level(samples) - 20, float(np.quantile(db, 0.1)) + 6)
    loud_frames = np.flatnonzero(loud)
    if not len(loud_frames):
        return []
    breaks = np.flatnonzero(np.diff(loud_frames) > PAUSE)
    firsts, lasts = (
        np.append(loud_frames[0], loud_frames[breaks + 1]),
        np.append(loud_frames[breaks], loud_frames[-1]),
    )
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]


def look(folder: Path | str) -> list[Take]:
    """All files of a folder of takes, and of the speakers' folders in it, sorted by name.

    Raises KwsError for a folder that is missing or contains no files.
    """
    folder = Path(folder)
    _, skipped = read_takes(folder, "take")
    refused = {item.path: item.reason for item in skipped}
    root = expand(folder).resolve()
    takes, usable = [], []
    for path in files_within(root):
        try:
            samples = read_audio(path)
        except KwsError as error:
            takes.append(Take(path, 0.0, -100.0, -100.0, (str(error).removeprefix(f"{path}: "),)))
            continue
        problem = fault(samples) or refused.get(path, "")
        if len(samples) < SHORTEST * SAMPLE_RATE:
            takes.append(Take(path, len(samples) / SAMPLE_RATE, -100.0, -100.0, (problem,)))
            continue
        found = _faults(samples) if not problem else []
        levels = speech_level(samples), background_level(samples)
        takes.append(Take(path, len(samples) / SAMPLE_RATE, *levels, tuple(filter(None, [problem, *found]))))
        if not problem:
            usable.append((len(takes) - 1, fit(samples)))
    if not takes:
        raise KwsError(f"{folder}: no files here: put recordings of one word into it")
    for number in _strangers(usable):
        said = "unlike the others: check by ear that it is the whole word"
        takes[number] = replace(takes[number], problems=(*takes[number].problems, said))
    return takes


def _faults(samples: np.ndarray) -> list[str]:
    """What is wrong with the word in a take that is one."""
    loud, floor, stretches = speech_level(samples), background_level(samples), speech(samples)
    found = []
    if loud < QUIET:
        found.append(f"quiet ({loud:.0f} dB): record it again, nearer")
    if loud - floor < CLEAR and len(samples) > SAMPLE_RATE // 2:
        found.append(
            f"no clear word: {loud - floor:.0f} dB above its background: record it in a quieter place"
        )
        return found
    frames = len(samples) // LEVEL_FRAME
    if stretches and (stretches[0][0] < EDGE or stretches[-1][1] > frames - EDGE):
        edge = "beginning" if stretches[0][0] < EDGE else "end"
        found.append(f"cut off at its {edge}: leave a moment before and after the word")
    longest = max((end - first for first, end in stretches), default=0)
    if longest * LEVEL_FRAME > CLIP_SAMPLES:
        found.append(
            f"too long: {longest / 100:.1f} s of speech, and a network hears one: choose a shorter word"
        )
    elif len(stretches) > 1 and sum(end - first >= 15 for first, end in stretches) > 1:
        found.append(f"{len(stretches)} words: cut it up with `kws data cut`")
    return found


def _strangers(usable: list[tuple[int, np.ndarray]]) -> list[int]:
    """Numbers of takes, of ten or more, whose nearest neighbours are much further away than the others'."""
    if len(usable) < 10:
        return []
    x = features(np.stack([clip for _, clip in usable])).astype(np.float64).reshape(len(usable), -1)
    x -= x.mean(axis=1, keepdims=True)
    x /= np.linalg.norm(x, axis=1, keepdims=True) + 1e-9
    likeness = x @ x.T
    np.fill_diagonal(likeness, -1)
    distance = 1 - np.sort(likeness, axis=1)[:, -3:].mean(axis=1)
    centre = np.median(distance)
    deviation = 1.4826 * np.median(np.abs(distance - centre))
    return [usable[row][0] for row in np.flatnonzero(distance > centre + UNLIKE * max(deviation, 0.01))]
