"""Recordings as one-second clips: any file that libsndfile or ffmpeg can read, as int16 mono at 16 kHz.

16-bit mono files at 16 kHz are read unchanged, bit for bit; everything else is averaged over its
channels, resampled by soxr (HQ) and rounded once. A clip is one second, the longest in Speech Commands
(Warden, arXiv:1804.03209). Files are read block by block: hours of sound take no more memory than minutes.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import soxr

from kwslib.data.decoding import stored
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE

LEVEL_FRAME = SAMPLE_RATE // 100  # 10 ms, over which a level is taken
SYLLABLE = 25  # frames: their median passes a syllable and stops a click, a knock or a key
KEPT = 8  # blocks of a recording that are kept in memory
ABSURD = 2.0**24  # in steps of 16 bits; the resampler stays finite below


def decode(path: Path) -> tuple[np.ndarray, int]:
    """The samples as stored, (n, channels), and their rate in Hz; int16 from 16-bit files, else float32.

    Raises KwsError as `stored` does.
    """
    blocks, rates = zip(*stored(path), strict=True)
    return np.concatenate(blocks), rates[0]


def audio_blocks(path: Path) -> Iterator[np.ndarray]:
    """A recording as blocks of int16 (n,) at 16 kHz, mono. Raises KwsError as `stored` does."""
    resampler = None
    for samples, rate in stored(path):  # (n, channels)
        if samples.dtype == np.int16 and samples.shape[1] == 1 and rate == SAMPLE_RATE:
            yield samples[:, 0]
            continue
        scale = 1.0 if samples.dtype == np.int16 else 32_768.0
        mono = samples.mean(axis=1, dtype=np.float64) * scale  # (n,) in units of one 16-bit step
        mono = np.clip(mono, -ABSURD, ABSURD)
        if rate != SAMPLE_RATE:
            resampler = resampler or soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float64", quality="HQ")
            mono = resampler.resample_chunk(mono)
        yield _int16(mono)
    if resampler:
        yield _int16(resampler.resample_chunk(np.empty(0), last=True))


def read_audio(path: Path) -> np.ndarray:
    """A recording as int16 (n,) at 16 kHz, mono. Raises KwsError as `stored` does."""
    return np.concatenate(list(audio_blocks(path)))


def fit(samples: np.ndarray, length: int = CLIP_SAMPLES) -> np.ndarray:
    """int16 (n,) as int16 (length,): padded with zeros when shorter, cut to its loudest window when longer.

    Loudness is the root mean square of 10 ms without their mean and slope (a microphone's offset and drift), and
    its median over a quarter of a second (no click). Of the windows within 1 % of the loudest, the middle one is
    taken, so that a word is centred in its window.
    """
    spare = length - len(samples)
    if spare >= 0:
        return np.pad(samples, (spare // 2, spare - spare // 2))
    start = _loudest(*_levels([samples]), length)
    return samples[start : start + length]


def read_second(path: Path) -> tuple[np.ndarray, float]:
    """A recording of any rate, length, channel count and sample format as one clip, and the time at which the
    clip starts.

    Returns int16 (16000,) and seconds: 0 if the recording is a second or shorter. Raises KwsError as `stored` does.
    """
    kept = list(islice(audio_blocks(path), KEPT))
    long = len(kept) == KEPT  # then it is read again rather than kept
    levels, total = _levels(audio_blocks(path) if long else kept)
    start = _loudest(levels, total, CLIP_SAMPLES)
    clip = _cut(audio_blocks(path) if long else kept, start, CLIP_SAMPLES)
    return fit(clip), start / SAMPLE_RATE


def read_clip(path: Path) -> np.ndarray:
    """A recording of any rate, length, channel count and sample format as one clip, int16 (16000,)."""
    return read_second(path)[0]


def frame_levels(samples: np.ndarray) -> np.ndarray:
    """Root mean square of each whole 10 ms of int16 (n,) without its mean and its slope: float64 (n // 160,)."""
    return _levels([samples])[0]


def _int16(mono: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(mono), -32_768, 32_767).astype(np.int16)


def _levels(blocks: Iterable[np.ndarray]) -> tuple[np.ndarray, int]:
    """Root mean square of each whole frame without its mean and its slope, float64 (n // 160,); and n."""
    slope = np.arange(LEVEL_FRAME) - (LEVEL_FRAME - 1) / 2
    slope /= np.sqrt(slope @ slope)  # of length 1, and at a right angle to a constant
    rest, levels, total = np.empty(0, np.int16), [], 0
    for block in blocks:
        total += len(block)
        joined = np.concatenate([rest, block])
        whole = len(joined) // LEVEL_FRAME
        frames, rest = (
            joined[: whole * LEVEL_FRAME].reshape(whole, LEVEL_FRAME).astype(np.float64),
            joined[whole * LEVEL_FRAME :],
        )
        frames -= frames.mean(axis=1, keepdims=True)
        frames -= (frames @ slope)[:, None] * slope
        levels.append(np.sqrt(np.mean(np.square(frames), axis=1)))
    return np.concatenate(levels), total


def _loudest(levels: np.ndarray, total: int, length: int) -> int:
    """Where the loudest `length` of `total` samples begin; 0 where there are no more."""
    from scipy.ndimage import median_filter

    width = max(length // LEVEL_FRAME, 1)
    if len(levels) <= width:
        return max(total - length, 0) // 2
    summed = np.concatenate(([0.0], np.cumsum(median_filter(levels, SYLLABLE, mode="reflect"))))
    loudness = summed[width:] - summed[:-width]  # of the window that begins with this frame
    loudest = np.flatnonzero(loudness >= 0.99 * loudness.max())
    return int(min(loudest[len(loudest) // 2] * LEVEL_FRAME, total - length))


def _cut(blocks: Iterable[np.ndarray], start: int, length: int) -> np.ndarray:
    """Samples from `start` on, `length` of them or what there is."""
    parts, position = [], 0
    for block in blocks:
        if position + len(block) > start:  # an empty part would keep its block in memory
            parts.append(block[max(start - position, 0) : start + length - position])
        position += len(block)
        if position >= start + length:
            break
    return np.concatenate(parts) if parts else np.empty(0, np.int16)
