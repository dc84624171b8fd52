"""Cuts one long recording of a repeated word into takes."""

import io
import re
from pathlib import Path

import numpy as np
import soundfile

from kwslib.data.audio import LEVEL_FRAME, read_audio
from kwslib.data.own import NAMED
from kwslib.errors import KwsError
from kwslib.keyword.takes import speech
from kwslib.labels import CLIP_SAMPLES, LONGEST_LABEL, SAMPLE_RATE, check_label
from kwslib.locks import alone
from kwslib.writing import atomic_files, check_folder

WORD = 15  # frames of 10 ms, the least that a word lasts
AROUND = 15  # frames kept before and after one that lasts longer than a second


def cut(samples: np.ndarray) -> list[np.ndarray]:
    """The words in int16 (n,), each int16 (m,): centred in one second, or with a margin if it is longer."""
    takes = []
    for first, end in speech(samples):
        if end - first < WORD:
            continue
        spare = max(CLIP_SAMPLES - (end - first) * LEVEL_FRAME, 2 * AROUND * LEVEL_FRAME)
        start = max(first * LEVEL_FRAME - spare // 2, 0)
        takes.append(samples[start : end * LEVEL_FRAME + spare - spare // 2])
    return takes


def cut_file(recording: Path, folder: Path, speaker: str) -> list[Path]:
    """Write the words of a recording as <speaker>_nohash_<n>.wav to a folder, all or none, and no file twice: the
    numbers follow the highest of that speaker's takes in the folder.

    Raises KwsError for a recording that is not audio or contains no word, and for a speaker that is not a valid file
    name.
    """
    _check_speaker(speaker)
    check_folder(folder)
    samples = read_audio(recording)
    seconds = len(samples) * 10 // SAMPLE_RATE / 10  # rounded down
    if len(samples) < CLIP_SAMPLES:
        raise KwsError(f"{recording}: too short ({seconds} s): give a second or more")
    takes = cut(samples)
    if not takes:
        raise KwsError(f"{recording}: no word stands out in {seconds} s: record it nearer, with pauses")
    with alone(folder, "takes for the same folder"):
        begin = _next_number(folder, speaker)
        paths = [folder / f"{speaker}{NAMED}{begin + number}.wav" for number in range(len(takes))]
        with atomic_files(paths) as temporaries:
            for temporary, take in zip(temporaries, takes, strict=True):
                sound = io.BytesIO()
                soundfile.write(sound, take, SAMPLE_RATE, subtype="PCM_16", format="WAV")
                temporary.write_bytes(sound.getvalue())
    return paths


def _check_speaker(speaker: str) -> None:
    """Raises KwsError for a name that a take's name would not give back."""
    valid = speaker == Path(speaker).name and speaker[:1] != "." and NAMED not in speaker + NAMED[:-1]
    try:
        check_label(speaker)
    except KwsError:
        valid = False
    if not valid:
        rule = f"part of a file's name, up to {LONGEST_LABEL} bytes without a comma or {NAMED}"
        raise KwsError(f"--speaker {speaker!r} is not {rule}: use letters and digits")


def _next_number(folder: Path, speaker: str) -> int:
    """The number after the highest of a speaker's takes in a folder and in those within it, whatever their format; a
    speaker in another letter case is the same one, as on some file systems."""
    numbered = re.compile(re.escape(speaker) + NAMED + r"(\d+)", re.IGNORECASE)
    found = (numbered.fullmatch(path.stem) for path in folder.rglob("*"))
    return max((int(match[1]) + 1 for match in found if match), default=0)
