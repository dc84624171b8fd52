"""Speaking words: repeatable, and a machine where it cannot work gets one line with the remedy."""

from dataclasses import replace
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from kwslib.data.espeak import RATE, Utterance, speak
from kwslib.errors import KwsError

WORDS = [
    Utterance("yes", "gmw/en-US+f2", speed=140, pitch=60, seed=1),
    Utterance("no", "gmw/en+m3", seed=2),
    Utterance("yes", "gmw/en-GB-scotland+linda", seed=3),
]


def fake_loader(folder: Path, library: str, data: str) -> str:
    """A stand-in for the package espeakng_loader that points at these two paths; returns its folder."""
    (folder / "espeakng_loader.py").write_text(
        f"def get_library_path():\n    return {library!r}\n\ndef get_data_path():\n    return {data!r}\n"
    )
    return str(folder)


@pytest.fixture(scope="module")
def spoken() -> list[np.ndarray]:
    """WORDS, spoken once for all tests."""
    return speak(WORDS)


def test_the_same_words_give_the_same_samples(spoken: list[np.ndarray]) -> None:
    again = speak(WORDS)
    for one, other in zip(spoken, again, strict=True):
        assert one.dtype == np.int16
        assert np.array_equal(one, other)


def test_words_are_whole_and_do_not_clip(spoken: list[np.ndarray]) -> None:
    for sound in spoken:
        assert 0.2 * RATE < len(sound) < RATE
        assert 2_000 < np.abs(sound.astype(int)).max() < 32_700
        assert np.abs(sound[-50:].astype(int)).max() < 500  # it ends in silence: nothing is cut off


def test_voice_speed_and_pitch_are_heard() -> None:
    plain, slow, high, other = speak(
        [
            Utterance("yes", "gmw/en-US+m1", seed=1),
            Utterance("yes", "gmw/en-US+m1", speed=100, seed=1),
            Utterance("yes", "gmw/en-US+m1", pitch=90, seed=1),
            Utterance("yes", "gmw/en-US+m2", seed=1),
        ]
    )
    assert len(slow) > 1.2 * len(plain)
    assert not np.array_equal(plain, high)
    assert not np.array_equal(plain, other)


def test_nothing_to_say() -> None:
    assert speak([]) == []


@pytest.mark.slow
@pytest.mark.parametrize("text", [".", "", "…", "'", "()", "؟", " . ", "\u200d", "_", "[[ ]]", "[[_]]"])
def test_a_text_without_a_sound_is_named(text: str) -> None:
    with pytest.raises(KwsError, match=r"says nothing for .*: choose a word with letters") as refusal:
        speak([WORDS[0], replace(WORDS[0], text=text), WORDS[1]])
    assert repr(text) in str(refusal.value)


def test_an_unknown_voice_is_named() -> None:
    with pytest.raises(KwsError, match="no voice gmw/nowhere"):
        speak([Utterance("yes", "gmw/nowhere")])


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(KwsError, match="speed must be 80 to 450"):
        Utterance("yes", "gmw/en", speed=20)


def test_a_library_that_does_not_load_gives_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "libespeak-ng.so"
    broken.write_bytes(b"not a library")
    monkeypatch.setenv("PYTHONPATH", fake_loader(tmp_path, str(broken), espeakng_loader.get_data_path()))
    with pytest.raises(KwsError, match=r"eSpeak NG does not work here .*pip install") as caught:
        speak(WORDS)
    assert "\n" not in str(caught.value)


def test_missing_voice_data_gives_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "espeak-ng-data"
    monkeypatch.setenv("PYTHONPATH", fake_loader(tmp_path, espeakng_loader.get_library_path(), str(data)))
    with pytest.raises(KwsError, match="eSpeak NG does not work here"):
        speak(WORDS)


def test_a_deep_folder_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("deep" * 25) / ("deeper" * 15)
    deep.mkdir(parents=True)
    data = deep / "espeak-ng-data"
    try:
        data.symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no symbolic links")
    monkeypatch.setenv("PYTHONPATH", fake_loader(tmp_path, espeakng_loader.get_library_path(), str(data)))
    assert [len(sound) > 0 for sound in speak(WORDS)] == [True] * 3
