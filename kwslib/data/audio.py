"""Recordings in, one-second clips out: any file that libsndfile reads becomes int16 mono at 16 kHz.

16-bit mono files at 16 kHz pass through untouched, bit for bit; everything else is averaged over its
channels, resampled by soxr (HQ) and rounded once. A clip is one second, the longest that Speech Commands
holds (Warden, arXiv:1804.03209).
"""

import re
from pathlib import Path

import numpy as np
import soundfile
import soxr

from kwslib.errors import KwsError
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE

RATES = range(1_000, 768_001)  # Hz; outside of it a header is damaged, not exotic
LONGEST = 2**31  # samples; a header that states more is damaged or does not know
CUT = re.compile(r"data : (\d+) \(should be (\d+)\)")  # libsndfile's note on a WAV file shorter than it says
STREAMED = 0x7FFF_0000  # bytes; programs that write WAV to a pipe state this much or more


def decode(path: Path) -> tuple[np.ndarray, int]:
    """The samples as stored, (n, channels), and their rate in Hz; int16 from 16-bit files, else float32.

    Raises KwsError naming a file that is missing, empty, cut short, damaged or not audio.
    """
    path = Path(path)
    if not path.is_file():
        raise KwsError(f"{path}: no such file")
    if not path.stat().st_size:
        raise KwsError(f"{path}: the file is empty: record it again or remove it")
    try:
        with soundfile.SoundFile(path) as file:
            rate, frames, cut = file.samplerate, file.frames, CUT.search(file.extra_info)
            dtype = "int16" if file.subtype == "PCM_16" else "float32"
            samples = file.read(dtype=dtype, always_2d=True) if frames < LONGEST else None  # (n, channels)
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        reason = getattr(error, "error_string", "no header").removeprefix("Error : ").rstrip(".")
        raise KwsError(f"{path}: no readable audio ({reason}): use WAV, FLAC, OGG or MP3") from None
    if samples is None:
        raise KwsError(f"{path}: does not say how long it is: save it again as WAV or FLAC")
    if not len(samples):
        raise KwsError(f"{path}: the recording is empty: record it again or remove it")
    if cut and int(cut[2]) < int(cut[1]) < STREAMED:
        raise KwsError(f"{path}: cut short ({cut[2]} of {cut[1]} bytes): copy or record it again")
    if rate not in RATES:
        raise KwsError(f"{path}: a sample rate of {rate} Hz is not one of sound: record it again")
    if dtype == "float32" and not np.isfinite(samples).all():
        raise KwsError(f"{path}: holds values that are not numbers: record it again")
    return samples, rate


def read_audio(path: Path) -> np.ndarray:
    """A recording as int16 (n,) at 16 kHz, mono. Raises KwsError as `decode` does."""
    samples, rate = decode(path)  # (n, channels)
    if samples.dtype == np.int16 and samples.shape[1] == 1 and rate == SAMPLE_RATE:
        return samples[:, 0]
    scale = 1.0 if samples.dtype == np.int16 else 32_768.0
    mono = samples.mean(axis=1, dtype=np.float64) * scale  # (n,) in units of one 16-bit step
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE, quality="HQ")
    return np.clip(np.rint(mono), -32_768, 32_767).astype(np.int16)


def fit(samples: np.ndarray, length: int = CLIP_SAMPLES) -> np.ndarray:
    """int16 (n,) as int16 (length,): between zeros when shorter, cut to its loudest window when longer.

    Of the windows within 1 % of the highest energy the middle one is taken, so a word stands amid its window.
    """
    spare = length - len(samples)
    if spare >= 0:
        return np.pad(samples, (spare // 2, spare - spare // 2))
    power = np.concatenate(([0], np.cumsum(np.square(samples, dtype=np.int64))))  # (n + 1,)
    energy = power[length:] - power[:-length]  # (n - length + 1,) of the window that starts here
    loudest = np.flatnonzero(energy >= 0.99 * energy.max())
    start = loudest[len(loudest) // 2]
    return samples[start : start + length]


def read_clip(path: Path) -> np.ndarray:
    """A recording of any rate, length, channel count and sample format as one clip, int16 (16000,)."""
    return fit(read_audio(path))
