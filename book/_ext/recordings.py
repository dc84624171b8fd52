"""The files of book/_static/sound: their samples, what the manifest says of them, and how a picture shows them.

They are made by book/sounds.py. A spectrogram here is for the eye: 64 bands up to 8 kHz, every 20 ms, 50 dB deep.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

FOLDER = Path(__file__).parents[1] / "_static" / "sound"
WINDOW, HOP, BANDS, DEPTH = 512, 320, 64, 50.0  # samples, samples, rows, dB


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """{stem: title, note, word said, clip, times turned up, digest} of every sound."""
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))[
        "sounds"
    ]
    return found


def entry(name: str) -> dict[str, Any]:
    """What the manifest says of a sound. Raises LookupError for one that there is not."""
    if name not in manifest():
        raise LookupError(f"there is no sound {name!r} in book/_static/sound: {', '.join(manifest())}")
    return manifest()[name]


def samples(name: str) -> np.ndarray:
    """int16 (n,) of a sound, as it was before it was turned up. Raises LookupError for one that there is not."""
    louder = entry(name)["louder"]
    heard, _ = soundfile.read(FOLDER / f"{name}.flac", dtype="int16")
    return heard // np.int16(louder)


def spectrogram(heard: np.ndarray) -> np.ndarray:
    """int16 (n,) as shades 0 to 1, (64, frames), the highest band first; the loudest is 1."""
    frames = np.lib.stride_tricks.sliding_window_view(heard.astype(np.float32), WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1))[:, 1:] ** 2
    bands = power.reshape(len(frames), BANDS, -1).mean(axis=2).T[::-1]
    level = 10 * np.log10(np.maximum(bands, 1e-3))
    return np.clip(1 + (level - level.max()) / DEPTH, 0, 1)
