"""Sound in a room and at the microphone: the only module that mixes speech and background.

Trials, hours without a keyword and training differ in what they draw; the processing is the same. A clip is scaled to a
level and convolved with the room's response, a background with that of another position in the room; the background is
scaled to a signal-to-noise ratio; the microphone turns the sum into samples. Sounds are pressures in Pa, float32.
"""

import numpy as np

from kwslib.field.microphone import Microphone, pascal, to_int16
from kwslib.field.rooms import Room
from kwslib.field.sources import Material, background


def speech_in_room(clip: np.ndarray, spl: float, room: Room) -> np.ndarray:
    """A clip (n,) from `spoken` at a level of `spl` dB at 1 m, as it arrives with its reflections: (n + m - 1,)."""
    return convolve(clip * np.float32(pascal(spl)), room.speech)


def background_in_room(
    kind: str, rng: np.random.Generator, material: Material, room: Room, samples: int, speaker: str | None
) -> np.ndarray:
    """A background of a kind as it arrives after the room's response has settled: (samples,), at an arbitrary level.

    `speaker` is left out of the babble.
    """
    before = len(room.background)
    sound = background(kind, rng, material, samples + before, speaker)
    return convolve(sound, room.background)[before : before + samples]


def add_speech(pressure: np.ndarray, word: np.ndarray, start: int) -> None:
    """Add a word to the pressure (n,) from sample `start` on, in place; anything beyond its end is cut."""
    word = word[: len(pressure) - start]
    pressure[start : start + len(word)] += word


def add_background(
    pressure: np.ndarray, sound: np.ndarray, level: float, snr: float, power: type[np.floating] = np.float64
) -> None:
    """Add a background (n,) to the pressure (n,), in place, `snr` dB below speech of `level` (Pa, of `loudest`).

    power: data type in which the background's power is summed.
    """
    rms = float(np.sqrt(np.mean(np.square(sound, dtype=power)))) or 1.0
    pressure += sound * np.float32(level / 10 ** (snr / 20) / rms)


def record(
    pressure: np.ndarray, microphone: Microphone | None, rng: np.random.Generator, gain: float
) -> np.ndarray:
    """Samples int16 (n,) of the pressure (n,); without a microphone, `gain` steps per pascal."""
    return to_int16(gain * pressure) if microphone is None else microphone(pressure, rng)


def convolve(sound: np.ndarray, response: np.ndarray) -> np.ndarray:
    """The full convolution of (n,) and (m,): float32 (n + m - 1,)."""
    if len(response) == 1:
        return sound * response[0]
    from scipy.fft import irfft, next_fast_len, rfft

    length = len(sound) + len(response) - 1
    points = next_fast_len(length, real=True)
    return irfft(rfft(sound, points) * rfft(response, points), points)[:length]
