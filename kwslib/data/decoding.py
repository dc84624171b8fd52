"""The samples of a sound file as stored, block by block, by libsndfile, or by ffmpeg for the formats of phones.

An error for a file that is not sound, or incomplete, names the file and the remedy.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import soundfile

from kwslib.errors import KwsError
from kwslib.labels import SAMPLE_RATE
from kwslib.paths import absent
from kwslib.quiet import quiet_stderr

BLOCK = 1 << 18  # samples of each channel
RATES = range(1_000, 768_001)  # Hz; outside of it a header is damaged, not exotic
LONGEST = 2**31  # samples; a header that states more is damaged or does not know
CUT = re.compile(r"data : (\d+) \(should be (\d+)\)")  # libsndfile's note on a WAV file shorter than it says
MP3 = (b"ID3", *(bytes((0xFF, second)) for second in range(0xE0, 0x100)))
STREAMED = 0x7FFF_0000  # bytes; programs that write WAV to a pipe state this much or more
SLACK = 4 * 1152  # samples by which a compressed file may be shorter than it says: four frames of MP3
CONTAINERS = {  # first bytes, where they stand: what libsndfile does not read and ffmpeg does
    (b"ftyp", 4): "MP4 (a voice memo, .m4a)",
    (b"\x1aE\xdf\xa3", 0): "WebM",
    (b"#!AMR", 0): "AMR",
    (b"0&\xb2u\x8ef\xcf\x11", 0): "WMA",
}


def stored(path: Path) -> Iterator[tuple[np.ndarray, int]]:
    """Blocks of samples as stored, (n, channels) with n >= 1, each with the rate in Hz; at least one.

    int16 from 16-bit files, else float32; ffmpeg's output is int16 mono at 16 kHz. Raises KwsError, naming the file, if
    it is missing, empty, truncated, damaged or not audio; for the last three possibly after some blocks.
    """
    path = Path(path)
    if not path.is_file():
        raise KwsError(f"{path}: {absent(path, 'file')}: give a recording instead")
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise KwsError(f"{path}: the file is empty: record it again or remove it")
    container = next(
        (kind for (magic, offset), kind in CONTAINERS.items() if head[offset:].startswith(magic)), None
    )
    found = 0
    for samples, rate in _ffmpeg(path, container) if container else _libsndfile(path, head):
        if rate not in RATES:
            raise KwsError(f"{path}: a sample rate of {rate} Hz is not one of sound: record it again")
        if samples.dtype == np.float32 and not np.isfinite(samples).all():
            raise KwsError(f"{path}: holds values that are not numbers: record it again")
        found += len(samples)
        yield samples, rate
    if not found:
        raise KwsError(f"{path}: the recording is empty: record it again or remove it")


def _libsndfile(path: Path, head: bytes) -> Iterator[tuple[np.ndarray, int]]:
    name = os.fsencode(path) if os.name == "posix" else str(path)  # bytes: names need not be UTF-8
    found = 0
    try:
        with quiet_stderr() if head.startswith(MP3) else nullcontext():  # its decoder warns on its own
            file = soundfile.SoundFile(name)
        with file:
            cut, stated = CUT.search(file.extra_info), file.frames
            if stated >= LONGEST:
                raise KwsError(f"{path}: does not say how long it is: save it again as WAV or FLAC")
            if stated and cut and int(cut[2]) < int(cut[1]) < STREAMED:
                raise KwsError(f"{path}: cut short ({cut[2]} of {cut[1]} bytes): copy or record it again")
            dtype = "int16" if file.subtype == "PCM_16" else "float32"
            while len(samples := file.read(BLOCK, dtype=dtype, always_2d=True)):  # (n, channels)
                found += len(samples)
                yield samples, file.samplerate
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        reason = getattr(error, "error_string", "no header").removeprefix("Error : ").rstrip(".")
        raise KwsError(f"{path}: no readable audio ({reason}): use WAV, FLAC, OGG or MP3") from None
    if found + SLACK < stated:
        raise KwsError(f"{path}: cut short ({found:,} of {stated:,} samples): copy or record it again")


def _ffmpeg(path: Path, container: str) -> Iterator[tuple[np.ndarray, int]]:
    program = shutil.which("ffmpeg")
    if program is None:
        raise KwsError(
            f"{path}: {container} needs ffmpeg to be read: install it, or save the recording as WAV"
        )
    command = [program, "-nostdin", "-v", "error", "-xerror", "-protocol_whitelist", "file,pipe"]
    command += ["-i", f"file:{path}", "-vn", "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        while content := process.stdout.read(2 * BLOCK):
            yield (
                np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.int16)[:, None],
                SAMPLE_RATE,
            )
        complaint = process.stderr.read().decode(errors="replace").strip().splitlines()
    if process.returncode:
        raise KwsError(f"{path}: no readable audio ({(complaint or ['ffmpeg'])[-1]}): record it again")
