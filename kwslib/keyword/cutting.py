"""Cuts one long recording of a repeated word into takes."""

import io
from pathlib import Path

import numpy as np
import soundfile

from kwslib.data.audio import FRAME, read_audio
from kwslib.data.own import NAMED
from kwslib.errors import KwsError
from kwslib.keyword.takes import speech
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE, check_label
from kwslib.paths import atomic_files

WORD = 15  # frames of 10 ms, the least that a word lasts
AROUND = 15  # frames kept before and after one that lasts longer than a second


def cut(samples: np.ndarray) -> list[np.ndarray]:
    """The words in int16 (n,), each int16 (m,): centred in one second, or with a margin if it is longer."""
    takes = []
    for first, end in speech(samples):
        if end - first < WORD:
            continue
        spare = max(CLIP_SAMPLES - (end - first) * FRAME, 2 * AROUND * FRAME)
        start = max(first * FRAME - spare // 2, 0)
        takes.append(samples[start : end * FRAME + spare - spare // 2])
    return takes


def cut_file(recording: Path, folder: Path, speaker: str) -> list[Path]:
    """Write the words of a recording as <speaker>_nohash_<n>.wav to a folder, numbered after those in it, or none.

    Raises KwsError for a recording that is not audio or contains no word, and for a speaker that is not a valid file
    name.
    """
    if not speaker or NAMED in speaker or speaker != Path(speaker).name or speaker[0] == ".":
        raise KwsError(f"--speaker {speaker!r} does not make a file name: use letters and digits")
    check_label(speaker)
    samples = read_audio(recording)
    takes = cut(samples) if len(samples) >= CLIP_SAMPLES else []
    if not takes:
        raise KwsError(
            f"{recording}: no word stands out in {len(samples) / SAMPLE_RATE:.1f} s: record it nearer, with pauses"
        )
    begin = len(list(folder.glob(f"{speaker}{NAMED}*"))) if folder.is_dir() else 0
    while (folder / f"{speaker}{NAMED}{begin}.wav").exists():
        begin += 1
    paths = [folder / f"{speaker}{NAMED}{begin + number}.wav" for number in range(len(takes))]
    with atomic_files(paths) as temporaries:
        for temporary, take in zip(temporaries, takes, strict=True):
            sound = io.BytesIO()
            soundfile.write(sound, take, SAMPLE_RATE, subtype="PCM_16", format="WAV")
            temporary.write_bytes(sound.getvalue())
    return paths
