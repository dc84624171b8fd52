"""The synthesizer's part in a keyword: voices that no other split has, words near it, words for the test alone."""

import shutil

import numpy as np
import pytest

from kwslib.data import espeak, voices
from kwslib.data.corpus import read_folder
from kwslib.data.splits import SPLITS
from kwslib.data.synthetic import ACCENTS
from kwslib.errors import KwsError
from kwslib.paths import cache_dir

COMPUTER = ("k", "@", "m", "p", "j", "'u:", "t", "3")


def test_no_variant_speaks_in_two_splits():
    variants = {
        split: {voice.voice.split("+")[1] for voice in voices.draw_voices(split, 300)} for split in SPLITS
    }
    assert all(variants[a].isdisjoint(variants[b]) for a in SPLITS for b in SPLITS if a != b)
    assert [len(variants[split]) for split in SPLITS[1:]] == [8, 12]


def test_voices_are_the_same_every_time_and_others_for_another_purpose():
    first, again, other = (voices.draw_voices("training", 40, purpose) for purpose in (0, 0, 1))
    assert first == again
    assert set(first).isdisjoint(other)
    assert {voice.voice.split("+")[0] for voice in first} == set(ACCENTS)


def test_everyday_words_of_the_test_train_nothing():
    training, testing = voices.everyday_words()
    assert len(testing) == len(set(testing)) == 200
    assert len(training) >= 300
    assert set(training).isdisjoint(testing)


@pytest.mark.slow
def test_homophones_are_what_any_accent_says_alike():
    assert voices.homophones(("know", "snow", "write"), ("yes", "no", "right")) == {"know", "write"}
    assert voices.homophones(("snow",), ("no",)) == set()
    assert voices.homophones(("Right", "IT", "it", "left"), ("right", "it")) == {"Right", "IT"}
    assert voices.homophones(("rôle", "cafe\u0301"), ("role", "caf\u00e9")) == {"rôle", "cafe\u0301"}
    assert voices.homophones(("再见", "Да", "да"), ("你好", "да")) == {"Да"}


WORDS = (
    "computer",
    "café",
    "Größe",
    "Łódź",
    "œuvre",
    "hal 9000",
    "R2D2",
    "o'clock",
    "TV",
    "7",
    "psst",
    "kiwi!",
)
STRANGE = (
    "Привет",
    "hey Привет",
    "γεια",
    "你好",
    "안녕",
    "नमस्ते",
    "שלום",
    "مرحبا",
    "こんにちは",
    "ไทย",
    "việt",
    "ｆｕｌｌ",
    "ț",
)


@pytest.mark.slow
@pytest.mark.parametrize("word", WORDS)
def test_english_voices_read_words_in_latin_letters_and_digits(word):
    assert voices.is_read(word)


@pytest.mark.parametrize("word", STRANGE)
def test_what_english_voices_spell_is_refused_with_the_remedy(word):
    assert not voices.is_read(word)
    with pytest.raises(KwsError, match=f"cannot read '{word}': give your own recordings of it with --takes"):
        voices.require_read(word)


@pytest.mark.slow
def test_every_everyday_word_is_read():
    """Or the rule refuses words that the voices say."""
    texts = [(word, accent) for word in sum(voices.everyday_words(), ()) for accent in ACCENTS]
    assert not [said for said in espeak.transcriptions(texts) if voices.SPELLED in said]


def test_confusables_are_near_and_never_the_word():
    made = voices.confusables(COMPUTER)
    assert COMPUTER not in made
    assert len(made) == len(set(made)) == voices.CONFUSABLES
    changed = [word for word in made if len(word) == len(COMPUTER)]
    assert all(sum(a != b for a, b in zip(word, COMPUTER, strict=True)) == 1 for word in changed)
    assert any(word[5].startswith("'") and word[5] != "'u:" for word in changed)
    shorter = [word for word in made if len(word) < len(COMPUTER)]
    assert shorter
    assert all(word in (COMPUTER[: len(word)], COMPUTER[-len(word) :]) for word in shorter)


@pytest.mark.parametrize("word", [("'aI",), ("S",), ("'i:", "S")])
def test_the_shortest_words_have_confusables_too(word):
    assert word not in voices.confusables(word)


@pytest.mark.slow
def test_phonemes_are_what_the_voice_says():
    happy, good_morning = (
        espeak.phonemes("happy", ["gmw/en-US"])[0],
        espeak.phonemes("good morning", ["gmw/en"])[0],
    )
    assert happy == ("h", "'a", "p", "i")
    assert good_morning[:2] == ("g", "'U")
    spoken, written = espeak.speak([espeak.Utterance(text, "gmw/en-US") for text in ("[[h'api]]", "happy")])
    assert abs(len(spoken) - len(written)) < 0.1 * len(written)


@pytest.fixture
def few(monkeypatch, tmp_path):
    """A synthesizer of a few words."""
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(voices, "VOICES", {"training": 6, "validation": 3, "testing": 4})
    monkeypatch.setattr(voices, "CONFUSABLES", 5)
    monkeypatch.setattr(voices, "everyday_words", lambda: (("apple", "table", "happy"), ("cloud", "happy")))


@pytest.mark.slow
def test_a_folder_for_a_word_has_the_layout_of_speech_commands(few):
    root = voices.spoken_folder("happy")
    words = {split: [clip.word for clip in read_folder(root / split).clips] for split in SPLITS}
    assert [words[split].count("happy") for split in SPLITS] == [6, 3, 4]
    assert words["training"].count("like happy") == 5 * voices.TIMES
    assert words["training"].count("apple") == 2
    assert set(words["validation"]) == {"happy", "apple", "table"}
    assert set(words["testing"]) == {"happy"}
    assert voices.spoken_folder("happy") == root


@pytest.mark.slow
def test_damaged_voices_are_spoken_again(few):
    root = voices.spoken_folder("happy")
    whole = {split: read_folder(root / split).content_hash for split in SPLITS}
    shutil.rmtree(root / "validation")
    cut = next((root / "training" / "happy").iterdir())
    cut.write_bytes(cut.read_bytes()[:999])
    again = voices.spoken_folder("happy")
    assert {split: read_folder(again / split).content_hash for split in SPLITS} == whole


@pytest.mark.slow
def test_of_a_word_that_is_not_read_there_are_other_words_alone(few):
    root = voices.spoken_folder("Привет")
    assert {path.name for path in root.iterdir()} == {"training", "validation"}
    assert set(read_folder(root / "training").words) == {"apple", "table", "happy"}


@pytest.mark.slow
def test_a_word_without_a_sound_is_refused_and_leaves_nothing(few):
    with pytest.raises(KwsError, match="says nothing for '\\?': choose a word with letters"):
        voices.spoken_folder("?")
    assert not [*cache_dir().iterdir()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "other", "alike"),
    [("know", "apple", {"no"}), ("Apple", "table", {"apple"}), ("tail", "no", {"tale"})],
)
def test_homophones_are_no_negatives_and_change_no_other_clip(few, monkeypatch, word, other, alike):
    listed = ("apple", "table", "no", "tale")
    monkeypatch.setattr(voices, "everyday_words", lambda: (listed, listed))
    found = read_folder(voices.spoken_folder(word) / "training").clips
    assert {clip.word for clip in found} == {word, f"like {word}", *listed} - alike
    assert set(voices.everyday_clips(word)) == {*listed} - alike
    monkeypatch.setattr(voices, "homophones", lambda words, keywords: frozenset())
    monkeypatch.setenv("KWS_CACHE", f"{cache_dir()}-all")
    every = read_folder(voices.spoken_folder(word) / "training").clips
    assert {clip.name: clip.digest for clip in every if clip.word not in alike} == {
        clip.name: clip.digest for clip in found
    }


@pytest.mark.slow
def test_everyday_words_are_spoken_but_for_the_word_itself(few):
    clips = voices.everyday_clips("happy")
    assert list(clips) == ["cloud"]
    assert clips["cloud"].dtype == np.int16
    assert clips["cloud"].shape == (16_000,)
    np.testing.assert_array_equal(voices.everyday_clips("happy")["cloud"], clips["cloud"])
