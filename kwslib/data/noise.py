"""Generated noises: the backgrounds of the synthetic corpus and of the simulated field test.

Each noise is a pure function of a random generator and a length. All have the same level, -26 dBFS (RMS
0.05 of full scale), so that a signal-to-noise ratio or a playback volume means the same for each of them.
"""

import zlib
from collections.abc import Callable

import numpy as np

from kwslib.errors import KwsError
from kwslib.labels import SAMPLE_RATE

LEVEL = 0.05  # RMS, of full scale
LOWEST = 20.0  # Hz, below which nothing is heard and coloured noise would only drift


def white(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Equal power at every frequency. Float (samples,)."""
    return _level(rng.standard_normal(samples))


def pink(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Power falls by 3 dB per octave: every octave has the same power, as in much music. Float (samples,)."""
    return _level(_shaped(rng, samples, lambda f: f**-0.5))


def brown(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Power falls by 6 dB per octave: a distant rumble, traffic through a wall. Float (samples,)."""
    return _level(_shaped(rng, samples, lambda f: f**-1.0))


def room(rng: np.random.Generator, samples: int) -> np.ndarray:
    """A quiet room: noise that falls with frequency and has broad fan resonances, slowly modulated. Float
    (samples,)."""
    centres = rng.uniform(80, 1500, 4)  # Hz
    gains = rng.uniform(1, 4, 4)

    def spectrum(f: np.ndarray) -> np.ndarray:
        peaks = sum(
            g * np.exp(-0.5 * (np.log2(f / c) / 0.15) ** 2) for c, g in zip(centres, gains, strict=True)
        )
        return f**-0.8 * (1 + peaks)

    time = np.arange(samples) / SAMPLE_RATE
    breathing = 1 + 0.3 * np.sin(2 * np.pi * (rng.uniform(0.1, 0.4) * time + rng.uniform()))
    return _level(_shaped(rng, samples, spectrum) * breathing)


def hum(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Mains hum: 50 or 60 Hz and its harmonics, even ones stronger, with some hiss. Float (samples,)."""
    time = np.arange(samples) / SAMPLE_RATE
    base = rng.choice([50.0, 60.0]) * rng.uniform(0.998, 1.002)
    weights = rng.uniform(0.5, 1, 30) * np.exp(2j * np.pi * rng.uniform(size=30)) / np.arange(1, 31)
    weights[1::2] *= 2
    tone = _harmonics(2 * np.pi * base * time, weights)
    return _level(_level(tone) + 0.1 * white(rng, samples))


def clicks(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Dishes and keys: fifteen ringing clicks per second over a faint pink noise floor. Float (samples,)."""
    sound = np.zeros(samples)
    for start in rng.integers(0, samples, rng.poisson(15 * samples / SAMPLE_RATE)):
        decay = rng.uniform(0.004, 0.02)  # s
        length = min(int(8 * decay * SAMPLE_RATE), samples - start)
        time = np.arange(length) / SAMPLE_RATE
        ring = np.sin(2 * np.pi * (rng.uniform(400, 5000) * time + rng.uniform()))
        sound[start : start + length] += rng.uniform(0.3, 1) * np.exp(-time / decay) * ring
    return _level(_level(sound) + 0.2 * pink(rng, samples))


def music(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Plucked notes of a pentatonic scale, about six a second, five harmonics each. Float (samples,)."""
    scale = np.array([0, 2, 4, 7, 9])
    sound = np.zeros(samples)
    root = rng.uniform(100, 200)  # Hz
    count = 1 + int(6 * samples / SAMPLE_RATE)
    for start in np.sort(rng.integers(-SAMPLE_RATE // 2, samples, count)):
        first, stop = max(start, 0), min(start + SAMPLE_RATE, samples)
        time = np.arange(first - start, stop - start) / SAMPLE_RATE
        pitch = root * 2 ** ((rng.choice(scale) + 12 * rng.integers(0, 3)) / 12)
        envelope = np.minimum(time / 0.005, 1) * np.exp(-time / rng.uniform(0.1, 0.4))
        sound[first:stop] += envelope * _harmonics(2 * np.pi * pitch * time, 1 / np.arange(1, 6))
    return _level(_level(sound) + 0.02 * white(rng, samples))


NOISES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    noise.__name__: noise for noise in (white, pink, brown, room, hum, clicks, music)
}


def make_noise(kind: str, samples: int, seed: int = 0) -> np.ndarray:
    """The noise `kind` (a key of NOISES), determined by the seed: float (samples,), RMS 0.05.

    Raises KwsError for an unknown kind or fewer than one sample.
    """
    if samples < 1:
        raise KwsError(f"a noise of {samples} samples: ask for one or more")
    if kind not in NOISES:
        raise KwsError(f"noise {kind!r} is unknown: use {', '.join(NOISES)}")
    return NOISES[kind](np.random.default_rng([zlib.crc32(kind.encode()), seed]), samples)


def _shaped(
    rng: np.random.Generator, samples: int, amplitude: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """White noise times `amplitude(Hz)`, nothing below 20 Hz. Float (samples,)."""
    frequencies = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    audible = frequencies >= LOWEST
    spectrum[audible] *= amplitude(frequencies[audible])
    spectrum[~audible] = 0
    return np.fft.irfft(spectrum, samples)


def _harmonics(phase: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of the harmonics 1, 2, ... of a tone of this phase (radians), weighted. Float as `phase`."""
    turn = np.exp(1j * phase)
    total = np.zeros_like(turn)
    for weight in weights[::-1]:  # Horner's rule: a multiplication a harmonic instead of a sine
        total += weight
        total *= turn
    return total.imag


def _level(sound: np.ndarray) -> np.ndarray:
    """The same sound at RMS 0.05; quieter where peaks would leave [-1, 1]. Silence stays silence."""
    rms, peak = np.sqrt(np.mean(np.square(sound))), np.max(np.abs(sound))
    return sound * min(LEVEL / rms, 1 / peak) if rms > 0 else sound
