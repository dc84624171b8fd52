"""The synthetic corpus: a substitute for Speech Commands, generated in seconds on any machine, without a network.

eSpeak NG speaks the words. A speaker is a voice (accent, variant, pitch, tempo); its eight hexadecimal
digits are the hash of that description, so that the official split rule keeps the splits' voices disjoint.
The folder has the layout of the official one, and a file SYNTHETIC at its root that describes it.
"""

import hashlib
import wave
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from kwslib.cache import code
from kwslib.data import espeak, noise
from kwslib.data.splits import which_split
from kwslib.errors import KwsError
from kwslib.labels import CLIP_SAMPLES, DEFAULT_KEYWORDS, SAMPLE_RATE
from kwslib.progress import progress
from kwslib.writing import atomic_folder

MARKER = "SYNTHETIC"
SPEAKERS = {"training": 75, "validation": 25, "testing": 25}
TAKES = 3  # of each keyword by each speaker
OTHER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("up", "down", "left", "right", "on", "off", "stop", "go", "bed", "bird", "cat", "dog"),
    *("happy", "house", "marvin", "sheila", "tree", "wow"),
)
OTHERS = 8  # other words, once each, by each speaker
NOISE_SECONDS = 60

ACCENTS = (
    *("gmw/en", "gmw/en-US", "gmw/en-029"),  # New York's is left out: its "no" is that of en-US
    *("gmw/en-GB-scotland", "gmw/en-GB-x-gbclan", "gmw/en-GB-x-gbcwmd", "gmw/en-GB-x-rp"),
)
# Variants that sound like people: no robot, whisper or echo, none that hurries or drawls, no near twins.
VARIANTS = """
    Alex Annie Denis Diogo Gene Henrique Hugo Jacky Lee Mario Michael Mike Nguyen Reed RicishayMax adam
    aunty belinda benjamin boris caleb david ed edward f1 f2 f3 f4 f5 grandma grandpa gustave ian iven
    iven3 john klatt3 linda m1 m2 m3 m4 m5 m6 m7 m8 marcelo max michel miguel mike2 norbert pablo paul
    quincy rob robert sandro shelby steph travis victor zac
"""


@dataclass(frozen=True)
class Speaker:
    """A synthesizer voice, with which one speaker says all words."""

    voice: str  # accent and variant, an eSpeak name
    pitch: int  # 0 to 99
    speed: int  # words per minute

    @property
    def id(self) -> str:
        """Eight hexadecimal digits, as in official file names."""
        return hashlib.sha1(f"{self.voice} {self.pitch} {self.speed}".encode()).hexdigest()[:8]


def fingerprint(seed: int = 0) -> str:
    """Twelve hexadecimal digits that change with everything the corpus depends on, for use in a folder's name."""
    return hashlib.sha256(f"seed {seed} {code(__name__)}".encode()).hexdigest()[:12]


def make_synthetic(root: Path, seed: int = 0) -> Path:
    """Generate the corpus as folder `root`, completely or not at all; a seed determines every byte. Returns `root`.

    1,750 clips `<word>/<speaker>_nohash_<take>.wav` of one second at 16 kHz, and
    `_background_noise_/<kind>.wav`, a minute each. An existing corpus with the same fingerprint is
    left unchanged. Raises KwsError when `root` is anything else, or eSpeak NG does not work on this machine.
    """
    root = Path(root)
    marker = (
        f"No recordings: spoken by eSpeak NG, noises computed. Seed {seed}, recipe {fingerprint(seed)}.\n"
    )
    if root.is_dir() and not any(root.iterdir()):
        root.rmdir()
    if root.exists():
        return _already_there(root, marker)
    with atomic_folder(root) as temporary:
        _write_clips(temporary, seed)
        _write_noises(temporary / "_background_noise_", seed)
        (temporary / MARKER).write_text(marker, encoding="utf-8", newline="\n")
    return _already_there(root, marker)  # by this process or by one that was first


def _already_there(root: Path, marker: str) -> Path:
    """`root` when it holds the corpus of this marker, else KwsError."""
    found = root / MARKER
    if not found.is_file() or found.read_text(encoding="utf-8") != marker:
        raise KwsError(
            f"{root} holds something else than this synthetic corpus: remove it or name another folder"
        )
    return root


def draw_speakers(seed: int = 0) -> tuple[Speaker, ...]:
    """Different voices, in each split the number in SPEAKERS; no two share both accent and variant."""
    rng = np.random.default_rng([1, seed])
    voices = [f"{accent}+{variant}" for accent in ACCENTS for variant in VARIANTS.split()]
    chosen: list[Speaker] = []
    room = Counter(SPEAKERS)
    for index in rng.permutation(len(voices)):
        speaker = Speaker(voices[index], pitch=int(rng.integers(25, 76)), speed=int(rng.integers(120, 175)))
        split = which_split(f"{speaker.id}_nohash_0.wav")
        if room[split]:
            room[split] -= 1
            chosen.append(speaker)
    return tuple(chosen)


def _script(seed: int) -> list[tuple[str, espeak.Utterance]]:
    """What is spoken: (file name below the root, utterance), in the order of speaking."""
    rng = np.random.default_rng([2, seed])
    lines: list[tuple[str, espeak.Utterance]] = []
    for number, speaker in enumerate(draw_speakers(seed)):
        others = [OTHER_WORDS[(number * OTHERS + i) % len(OTHER_WORDS)] for i in range(OTHERS)]
        keywords = [(word, take) for word in DEFAULT_KEYWORDS for take in range(TAKES)]
        for word, take in [*keywords, *((word, 0) for word in others)]:
            utterance = espeak.Utterance(
                word,
                speaker.voice,
                speed=round(speaker.speed * rng.uniform(0.92, 1.08)),
                pitch=speaker.pitch + int(rng.integers(-8, 9)),
                pitch_range=int(rng.integers(20, 80)),
                seed=len(lines) + 1,
            )
            lines.append((f"{word}/{speaker.id}_nohash_{take}.wav", utterance))
    return lines


def _write_clips(folder: Path, seed: int) -> None:
    """Speak the script and write its clips."""
    script = _script(seed)
    spoken = espeak.speak([utterance for _, utterance in script])
    pairs = progress(zip(script, spoken, strict=True), "making the synthetic corpus", len(script))
    for number, ((name, _), sound) in enumerate(pairs):
        clip = record(sound, np.random.default_rng([3, seed, number]))
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, clip)


def _write_noises(folder: Path, seed: int) -> None:
    """Write a minute of each noise."""
    folder.mkdir(parents=True)
    for kind in noise.NOISES:
        sound = noise.make_noise(kind, NOISE_SECONDS * SAMPLE_RATE, seed)
        write_wav(folder / f"{kind}.wav", _to_int16(sound))


def record(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A spoken word as recorded by a microphone in a room.

    sound: int16 (n,) at 22,050 Hz -> int16 (16000,) at 16 kHz, with the word at a random position and level, over one
    of the noises at 5 to 35 dB signal-to-noise ratio.
    """
    word = soxr.resample(_trim(sound / 32768.0), espeak.RATE, SAMPLE_RATE)[:CLIP_SAMPLES]
    free = CLIP_SAMPLES - len(word)
    start = int(np.clip(rng.normal(0.5, 0.15), 0, 1) * free)
    clip = np.zeros(CLIP_SAMPLES)
    clip[start : start + len(word)] = word
    kind = list(noise.NOISES)[rng.integers(len(noise.NOISES))]
    background = noise.NOISES[kind](rng, CLIP_SAMPLES)
    snr = 10 ** (rng.uniform(5, 35) / 20)
    rms = np.sqrt(np.mean(word**2))
    clip += background * (rms / snr / noise.LEVEL)
    level = 10 ** (rng.uniform(-30, -12) / 20)  # of the word, RMS
    clip *= min(level / rms, 0.95 / np.max(np.abs(clip)))
    return _to_int16(clip)


def _trim(sound: np.ndarray, below_peak: float = 0.005, margin: float = 0.01) -> np.ndarray:
    """Without the ends where the sound stays under a share of its peak, but for `margin` seconds."""
    loud = np.flatnonzero(np.abs(sound) > below_peak * np.max(np.abs(sound)))
    keep = round(margin * espeak.RATE)
    return sound[max(loud[0] - keep, 0) : loud[-1] + keep + 1]


def _to_int16(sound: np.ndarray) -> np.ndarray:
    """Float in [-1, 1] to int16."""
    return np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)


def write_wav(path: Path, samples: np.ndarray) -> None:
    """Write int16 samples (n,) as 16 kHz mono; `wave` takes a quarter of soundfile's time."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
