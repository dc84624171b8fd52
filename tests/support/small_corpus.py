"""A corpus of a few seconds that tests can afford: clips of noise under official names."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

SPEAKERS = tuple(f"{number:08x}" for number in range(40))


@cache
def files(words: tuple[str, ...], suffix: str, seed: int) -> dict[str, bytes]:
    """The corpus's files by their paths in it."""

    def encoded(samples: np.ndarray) -> bytes:
        file = io.BytesIO()
        soundfile.write(file, samples.astype(np.int16), 16_000, format=suffix[1:])
        return file.getvalue()

    rng, content = np.random.default_rng(seed), {}
    for word in words:
        for speaker in SPEAKERS:
            length = int(rng.integers(200, 400))
            content[f"{word}/{speaker}_nohash_0{suffix}"] = encoded(rng.integers(-9_000, 9_000, length))
    for name, seconds in (("hum", 12), ("rain", 20)):
        noise = encoded(rng.integers(-20_000, 20_000, seconds * 16_000))
        content[f"_background_noise_/{name}{suffix}"] = noise
    return content


def write_corpus(
    root: Path, words: tuple[str, ...] = ("yes", "no", "up"), suffix: str = ".wav", seed: int = 0
) -> Path:
    """One clip of each word by each of forty speakers, and two noise recordings of 12 and 20 s."""
    for folder in (*words, "_background_noise_"):
        (root / folder).mkdir(parents=True)
    for name, content in files(words, suffix, seed).items():
        (root / name).write_bytes(content)
    return root
