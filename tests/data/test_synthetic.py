"""The synthetic corpus: the same bytes for a seed, voices disjoint over splits, whole words, or nothing."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.data import espeak
from kwslib.data import synthetic as corpus_maker
from kwslib.data.noise import NOISES
from kwslib.data.splits import which_split
from kwslib.data.synthetic import SPEAKERS, draw_speakers, fingerprint, make_synthetic, record
from kwslib.errors import KwsError
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corpus of eight speakers, made in a second."""
    monkeypatch.setattr(corpus_maker, "SPEAKERS", {"training": 4, "validation": 2, "testing": 2})
    monkeypatch.setattr(corpus_maker, "NOISE_SECONDS", 2)


def digest(folder: Path) -> str:
    """One hash over the names and bytes of all files."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def clips(folder: Path) -> list[Path]:
    """All spoken clips of a corpus."""
    return sorted(path for path in folder.glob("*/*.wav") if path.parent.name[0] != "_")


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        make_synthetic(tmp_path / name, seed) for name, seed in (("first", 0), ("again", 0), ("other", 1))
    )
    assert digest(first) == digest(again)
    assert not {path.read_bytes() for path in clips(first)} & {path.read_bytes() for path in clips(other)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "first", "other"]


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_what_is_there_is_kept_or_refused(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()  # an empty folder is no obstacle
    root = make_synthetic(tmp_path / "corpus")
    stamp = clips(root)[0].stat().st_mtime_ns
    assert make_synthetic(root) == root
    assert clips(root)[0].stat().st_mtime_ns == stamp
    with pytest.raises(KwsError, match="corpus holds something else"):
        make_synthetic(root, seed=1)
    occupied = tmp_path / "mine"
    occupied.mkdir()
    (occupied / "thesis.txt").write_text("dear")
    with pytest.raises(KwsError, match="mine holds something else"):
        make_synthetic(occupied)
    assert (occupied / "thesis.txt").read_text() == "dear"
    with pytest.raises(KwsError, match="txt holds something else"):
        make_synthetic(occupied / "thesis.txt")


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_noise(*_: object) -> None:
        raise KwsError("no noise today")

    monkeypatch.setattr("kwslib.data.noise.make_noise", no_noise)
    with pytest.raises(KwsError, match="no noise today"):
        make_synthetic(tmp_path / "corpus")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(5))
def test_speakers_are_different_voices_in_the_promised_splits(seed: int) -> None:
    speakers = draw_speakers(seed)
    assert len({speaker.id for speaker in speakers}) == len({speaker.voice for speaker in speakers})
    assert Counter(which_split(f"{speaker.id}_nohash_2.wav") for speaker in speakers) == SPEAKERS


@pytest.mark.slow
def test_every_voice_sounds_different() -> None:
    for word in ("yes", "no"):
        spoken = espeak.speak(
            [espeak.Utterance(word, speaker.voice, speed=140, seed=1) for speaker in draw_speakers()]
        )
        assert len({sound.tobytes() for sound in spoken}) == len(spoken)


def test_the_fingerprint_tells_seeds_apart() -> None:
    assert fingerprint(0) == fingerprint(0)
    assert fingerprint(0) != fingerprint(1)


@given(length=st.integers(100, 30_000), amplitude=st.integers(100, 32_767), seed=st.integers(0, 1_000))
@settings(max_examples=30)
def test_any_sound_becomes_a_clip_that_does_not_overflow(length: int, amplitude: int, seed: int) -> None:
    tone = amplitude * np.sin(2 * np.pi * 440 * np.arange(1, length + 1) / espeak.RATE)
    clip = record(np.round(tone).astype(np.int16), np.random.default_rng(seed))
    assert clip.shape == (CLIP_SAMPLES,)
    assert clip.dtype == np.int16
    assert 0 < np.abs(clip.astype(int)).max() <= 0.96 * 32768


@pytest.mark.parametrize("seed", [0, 1])
def test_no_word_is_longer_than_its_clip_or_clipped(seed: int) -> None:
    long_words = ("five", "nine", "marvin", "right", "zero")
    script = [utterance for _, utterance in corpus_maker._script(seed) if utterance.text in long_words]
    for sound in espeak.speak(script):
        assert len(corpus_maker._trim(sound / 32768)) < 0.97 * espeak.RATE
        assert np.abs(sound.astype(int)).max() < 32_767


def test_the_whole_corpus_is_as_described(synthetic: Path) -> None:
    files = clips(synthetic)
    assert (synthetic / "SYNTHETIC").is_file()
    words = Counter((which_split(path.name), path.parent.name) for path in files)
    for split, speakers in SPEAKERS.items():
        assert words[split, "yes"] == words[split, "no"] == 3 * speakers
        others = sum(n for (where, word), n in words.items() if where == split and word not in ("yes", "no"))
        assert others == 8 * speakers
    assert len({path.parent.name for path in files}) == 30
    loudness = []
    for path in files[::40]:
        samples, rate = soundfile.read(path, dtype="int16")
        assert (rate, samples.shape) == (SAMPLE_RATE, (CLIP_SAMPLES,))
        loudness.append(20 * np.log10(np.sqrt(np.mean((samples / 32768) ** 2))))
    assert max(loudness) - min(loudness) > 10  # some speak up, some do not
    noises = sorted((synthetic / "_background_noise_").iterdir())
    assert [path.stem for path in noises] == sorted(NOISES)
    assert all(soundfile.info(path).duration == 60 for path in noises)
