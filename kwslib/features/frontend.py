"""Audio to features, computed by the C core: the micro front end of TensorFlow Lite Micro with a 20 ms step.

A second of sound becomes 49 frames of 40 mel channels: 30 ms windows, noise reduction, PCAN gain control and
a logarithm, all in integers (original report, section 1; gain control: arXiv:1607.05666). The int8 features
are the input of every network in kwslib, both on the host and on the board.
"""

import functools
import hashlib

import numpy as np

from kwslib.errors import KwsError
from kwslib.features.ccore import constants, interface, library, pointer
from kwslib.labels import SAMPLE_RATE

FRAMES, CHANNELS, WINDOW, STEP, HOP = (
    constants()[f"KWS_{name}"] for name in ("FRAMES", "CHANNELS", "WINDOW", "STEP", "HOP")
)
FRAME_SECONDS, WINDOW_SECONDS = STEP / SAMPLE_RATE, WINDOW / SAMPLE_RATE
HOP_MS = 1000 * HOP * STEP // SAMPLE_RATE
STEPS_MS = (10, 20)

# A network reads x = (q8 - INPUT_ZERO_POINT) * INPUT_SCALE. Over the spoken training clips of the yes/no task
# the int8 features have mean -46.6 and deviation 86.8; tests/features/test_frontend.py measures them again.
INPUT_ZERO_POINT = -47
INPUT_SCALE = 0.0115


def _int16(samples: np.ndarray) -> np.ndarray:
    if not isinstance(samples, np.ndarray) or samples.dtype != np.int16:
        kind = samples.dtype if isinstance(samples, np.ndarray) else type(samples).__name__
        raise KwsError(
            f"the front end takes int16 samples, not {kind}: read audio with kwslib.data.audio.read_audio"
        )
    return np.ascontiguousarray(samples)


def _step(step_ms: int) -> int:
    if step_ms not in STEPS_MS:
        raise KwsError(f"step_ms = {step_ms}: the front end steps by 10 or 20 ms")
    return step_ms * SAMPLE_RATE // 1000


def _quantized(raw: np.ndarray) -> np.ndarray:
    q8 = np.empty(raw.shape, np.int8)
    library().kws_frontend_quantize(pointer(raw), raw.size, pointer(q8))
    return q8


def raw_features(samples: np.ndarray, step_ms: int = 20) -> np.ndarray:
    """Features on the log scale (64 x the natural logarithm); the front end is reset before each clip.

    samples: int16 (..., n) at 16 kHz, n >= 480. Returns uint16 (..., 1 + (n - 480) // step, 40): 49 frames
    for one second. Raises KwsError for another sample type and for too few samples.
    """
    samples, step = _int16(samples), _step(step_ms)
    if samples.ndim == 0 or samples.shape[-1] < WINDOW:
        raise KwsError(f"samples of shape {samples.shape}: one frame needs {WINDOW} samples (30 ms)")
    *clips, length = samples.shape
    raw = np.empty((*clips, 1 + (length - WINDOW) // step, CHANNELS), np.uint16)
    library().kws_frontend_clips(pointer(samples), samples.size // length, length, step, pointer(raw))
    return raw


def features(samples: np.ndarray, step_ms: int = 20) -> np.ndarray:
    """As raw_features, rescaled to the networks' int8 input: clip((raw * 256 + 333) // 666 - 128, -128, 127)."""
    return _quantized(raw_features(samples, step_ms))


def normalise(q8: np.ndarray) -> np.ndarray:
    """Int8 features as a network's float32 input, of mean about 0 and standard deviation about 1, same shape."""
    return (q8.astype(np.float32) - INPUT_ZERO_POINT) * np.float32(INPUT_SCALE)


class Frontend:
    """The front end on a stream: takes samples in chunks of any length and returns int8 frames as they complete."""

    def __init__(self, step_ms: int = 20) -> None:
        """Raises KwsError unless step_ms is 10 or 20."""
        self._step = _step(step_ms)
        self._state = interface().new("kws_frontend *")
        self.reset()

    def reset(self) -> None:
        """Discard the buffered samples and the noise estimate."""
        library().kws_frontend_init(self._state, self._step)

    def process(self, chunk: np.ndarray) -> np.ndarray:
        """chunk: int16 (n,). Returns the frames that it completes, int8 (frames, 40)."""
        chunk = _int16(chunk)
        if chunk.ndim != 1:
            raise KwsError(f"a stream takes chunks of shape (n,), not {chunk.shape}")
        raw = np.empty((chunk.size // self._step + 1, CHANNELS), np.uint16)
        frames = library().kws_frontend_stream(self._state, pointer(chunk), chunk.size, pointer(raw))
        return _quantized(raw[:frames])


@functools.cache
def fingerprint() -> str:
    """SHA-256 of the features of eight noise signals, from quiet to clipped: it changes when the front end's
    output does."""
    rng = np.random.default_rng(0)
    levels = np.geomspace(3, 60_000, 8)[:, None]
    noises = np.clip(np.rint(rng.standard_normal((8, SAMPLE_RATE)) * levels), -32_768, 32_767).astype(
        np.int16
    )
    return hashlib.sha256(features(noises).tobytes()).hexdigest()
