"""Measured impulse responses of rooms: read, freed of the recording's noise, and their reverberation time.

A recording has rumble, and ends in a floor of noise. Neither is an echo: played back, they would be a second
background, and they hide the decay. Rumble is filtered out; as in Lundeby et al. (Acustica 81, 1995), a response ends
where it reaches the floor.
"""

from pathlib import Path

import numpy as np

from kwslib.data.audio import decode
from kwslib.errors import KwsError
from kwslib.labels import SAMPLE_RATE

LONGEST = 10  # s
RUMBLE_HZ = 80  # and below: the front end hears from 125 Hz on
BEFORE = 16  # samples kept before the direct sound
BLOCK, BLOCKS = SAMPLE_RATE // 100, 5  # levels are of 10 ms, averaged over 50 ms
ABOVE = 5.0  # dB over the level of the last tenth: where the floor begins, if
SLOWER = 4  # times as slowly as before the level falls from there on


def read_response(path: Path) -> tuple[float, np.ndarray, str]:
    """Reverberation time in s; response float32 (n,) at 16 kHz with its direct sound (5 ms) at gain 1; and what of the
    file is left out, in words, or "".

    The first channel is taken: the mean over microphones apart, or of B-format, is a comb filter. Raises KwsError,
    naming the file, if it is silent, and as `decode` does.
    """
    samples, rate = decode(path)
    response, taken = samples[:, 0].astype(np.float64), []
    if samples.shape[1] > 1:
        taken.append(f"the first of {samples.shape[1]} channels")
    from scipy.signal import butter, sosfilt

    if rate != SAMPLE_RATE:
        import soxr

        response = soxr.resample(response, rate, SAMPLE_RATE, quality="HQ")
    response = sosfilt(butter(2, RUMBLE_HZ, "highpass", fs=SAMPLE_RATE, output="sos"), response)
    peak = int(np.argmax(np.abs(response)))
    around = response[max(peak - 40, 0) : peak + 40]
    direct = np.sqrt(np.sum(np.square(around)))
    if not direct > 0:
        raise KwsError(f"{path}: a silent impulse response: measure it again or remove it")
    response = without_floor(response[max(peak - BEFORE, 0) :])
    if len(response) > LONGEST * SAMPLE_RATE:
        taken.append(f"the first {LONGEST} of {len(response) / SAMPLE_RATE:.1f} s")
        response = response[: LONGEST * SAMPLE_RATE]
    return decay_time(response), (response / direct).astype(np.float32), " and ".join(taken)


def without_floor(response: np.ndarray) -> np.ndarray:
    """The response (n,) up to where it reaches its floor of noise, with the last 10 ms faded; whole if it has none."""
    blocks = len(response) // BLOCK
    if blocks < 4 * BLOCKS:
        return response
    free = response - response[-len(response) // 10 :].mean()
    energy = np.square(free[: blocks * BLOCK]).reshape(-1, BLOCK).mean(axis=1)
    level = _level(np.convolve(energy, np.full(BLOCKS, 1 / BLOCKS), "same"))[: -(BLOCKS // 2)]
    reached = int(np.argmax(level < _level(energy[-blocks // 10 :].mean()) + ABOVE))
    if reached < BLOCKS or len(level) - reached < 2 * BLOCKS:
        return response
    falls, floors = (
        np.polyfit(np.arange(len(part)), part, 1)[0] for part in (level[:reached], level[reached:])
    )
    if floors < falls / SLOWER:
        return response
    kept: np.ndarray = free[: reached * BLOCK]
    kept[-BLOCK:] *= np.linspace(1, 0, BLOCK)
    return kept


def _level(power: np.ndarray) -> np.ndarray:
    """dB."""
    return 10 * np.log10(np.maximum(power, 1e-20))


def decay_time(response: np.ndarray) -> float:
    """Seconds for 60 dB of decay, from the slope between -5 and -25 dB of Schroeder's integral (ISO 3382)."""
    energy = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    level = 10 * np.log10(np.maximum(energy / energy[0], 1e-12))
    part = np.flatnonzero((level <= -5) & (level >= -25))
    if len(part) < 2:
        return 0.0
    slope = np.polyfit(part / SAMPLE_RATE, level[part], 1)[0]
    return float(-60 / slope)
