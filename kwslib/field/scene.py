"""Sound in a room and at the microphone: the one place where speech and background are mixed.

Trials, hours without a keyword and training differ in what they draw; what happens to it is the same. A clip is said at
a level and convolved with the room's response, a background with that of another place in the room; the background is
set to a ratio to the speech; the microphone makes samples of the sum. All sounds are pressures in Pa, float32.
"""

import numpy as np

from kwslib.field.microphone import Microphone, pascal, to_int16
from kwslib.field.rooms import Room
from kwslib.field.sources import Material, background


def speech_in_room(clip: np.ndarray, spl: float, room: Room) -> np.ndarray:
    """A clip (n,) as `spoken` gives it, said at `spl` dB at 1 m, as it arrives with its echoes: (n + m - 1,)."""
    return convolve(clip * np.float32(pascal(spl)), room.speech)


def background_in_room(
    kind: str, rng: np.random.Generator, material: Material, room: Room, samples: int, speaker: str | None
) -> np.ndarray:
    """A background of a kind as it arrives when the room is already full of it: (samples,), of any level.

    `speaker` does not babble.
    """
    before = len(room.background)
    sound = background(kind, rng, material, samples + before, speaker)
    return convolve(sound, room.background)[before : before + samples]


def add_speech(pressure: np.ndarray, word: np.ndarray, start: int) -> None:
    """Add a word to the pressure (n,) from sample `start` on, in place; what would come after its end is cut."""
    word = word[: len(pressure) - start]
    pressure[start : start + len(word)] += word


def add_background(
    pressure: np.ndarray, sound: np.ndarray, level: float, snr: float, power: type[np.floating] = np.float64
) -> None:
    """Add a background (n,) to the pressure (n,), in place, `snr` dB below speech of `level` (Pa, of `loudest`).

    power: type in which the background's power is summed.
    """
    rms = float(np.sqrt(np.mean(np.square(sound, dtype=power)))) or 1.0
    pressure += sound * np.float32(level / 10 ** (snr / 20) / rms)


def record(
    pressure: np.ndarray, microphone: Microphone | None, rng: np.random.Generator, gain: float
) -> np.ndarray:
    """Samples int16 (n,) of the pressure (n,); without a microphone, `gain` steps to the pascal."""
    return to_int16(gain * pressure) if microphone is None else microphone(pressure, rng)


def convolve(sound: np.ndarray, response: np.ndarray) -> np.ndarray:
    """The full convolution of (n,) and (m,): float32 (n + m - 1,)."""
    if len(response) == 1:
        return sound * response[0]
    from scipy.fft import irfft, next_fast_len, rfft

    length = len(sound) + len(response) - 1
    points = next_fast_len(length, real=True)
    return irfft(rfft(sound, points) * rfft(response, points), points)[:length]
