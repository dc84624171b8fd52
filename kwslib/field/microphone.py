"""Model of the Nano 33 BLE Sense's microphone, the MP34DT05-A: from sound pressure to 16-bit samples at 16 kHz.

From its data sheet (STMicroelectronics, MP34DT05-A, "MEMS audio sensor omnidirectional digital microphone"):
sensitivity -26 dBFS at 94 dB SPL and 1 kHz, acoustic overload point 122.5 dB SPL, signal-to-noise ratio 64 dB(A)
re 94 dB SPL, flat from 100 Hz to 5 kHz. A level in dBFS is that of a sine against a full-scale one. The one-bit
stream is not simulated: the data sheet's noise includes its quantization noise, and decimation to 16 kHz acts as a
band-pass filter. The filter's edges and the offset are not in the data sheet; they are assumptions, and factors of the
test.
"""

import functools
from dataclasses import dataclass

import numpy as np

from kwslib.errors import KwsError
from kwslib.labels import SAMPLE_RATE

PASCAL_DB = 94.0  # dB SPL of 1 Pa
FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class Microphone:
    """A microphone. `gain`, dB, is the gain of the PDM library set by the sketch, in addition to the sensitivity.

    noise: self-noise in dB(A) SPL, None for none. offset: largest DC offset, in parts of full scale. band: -3 dB
    frequencies of high-pass and low-pass in Hz, None for none. Raises KwsError for a gain outside -20 to 40 dB.
    """

    sensitivity: float = -26.0  # dBFS at 94 dB SPL
    overload: float = 122.5  # dB SPL
    noise: float | None = 30.0
    offset: float = 0.002
    band: tuple[float, float] | None = (35.0, 7_200.0)
    gain: float = 0.0

    def __post_init__(self) -> None:
        if not -20 <= self.gain <= 40:
            raise KwsError(f"a microphone gain of {self.gain:g} dB: stay within -20 to 40")

    @property
    def per_pascal(self) -> float:
        """Output for a pressure of 1 Pa, in parts of full scale."""
        return 10 ** ((self.sensitivity + self.gain) / 20) / np.sqrt(2)

    def __call__(self, pressure: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Pressure in Pa, float (n,), as int16 (n,)."""
        n = len(pressure)
        sound = pressure
        if self.noise is not None:
            rms = pascal(self.noise) / _white_weighting()
            sound = sound + rms * rng.standard_normal(n, np.float32)
        limit = np.sqrt(2) * pascal(self.overload)
        sound = np.clip(sound, -limit, limit)
        if self.band is not None:
            from scipy.signal import sosfilt

            sound = sosfilt(_band(*self.band), sound)
        offset = self.offset * rng.uniform(-1, 1)
        return to_int16(FULL_SCALE * (self.per_pascal * sound + offset))


MP34DT05 = Microphone()


def to_int16(sound: np.ndarray) -> np.ndarray:
    """Sound in 16-bit steps as samples, rounded and clipped at full scale: int16 of the same shape."""
    return np.clip(np.rint(sound), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def pascal(spl: float) -> float:
    """Root mean square pressure in Pa for a level in dB SPL."""
    return 10 ** ((spl - PASCAL_DB) / 20)


@functools.cache
def _band(low: float, high: float) -> np.ndarray:
    """First-order high-pass, sixth-order low-pass (Butterworth), as second-order sections."""
    from scipy.signal import butter

    parts = [
        butter(order, edge, kind, fs=SAMPLE_RATE, output="sos")
        for order, edge, kind in ((1, low, "highpass"), (6, high, "lowpass"))
    ]
    return np.concatenate(parts)


@functools.cache
def _white_weighting() -> float:
    """Root mean square of A-weighted white noise of 1 that fills 0 to 8 kHz (IEC 61672-1)."""
    f2 = np.square(np.linspace(1, SAMPLE_RATE / 2, 8_000))
    gain = (
        f2**2 * 12_194**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12_194**2))
    )
    return float(10 ** (2.0 / 20) * np.sqrt(np.mean(gain**2)))
