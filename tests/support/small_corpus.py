"""A corpus of a few seconds that tests can afford: clips of noise under official names."""

from pathlib import Path

import numpy as np
import soundfile

SPEAKERS = tuple(f"{number:08x}" for number in range(40))


def write_corpus(
    root: Path, words: tuple[str, ...] = ("yes", "no", "up"), suffix: str = ".wav", seed: int = 0
) -> Path:
    """One clip of each word by each of forty speakers, and two noise recordings of 12 and 20 s."""
    rng = np.random.default_rng(seed)
    for word in words:
        (root / word).mkdir(parents=True)
        for speaker in SPEAKERS:
            length = int(rng.integers(200, 400))
            samples = rng.integers(-9_000, 9_000, length).astype(np.int16)
            soundfile.write(root / word / f"{speaker}_nohash_0{suffix}", samples, 16_000)
    (root / "_background_noise_").mkdir()
    for name, seconds in (("hum", 12), ("rain", 20)):
        noise = rng.integers(-20_000, 20_000, seconds * 16_000).astype(np.int16)
        soundfile.write(root / "_background_noise_" / f"{name}{suffix}", noise, 16_000)
    return root
