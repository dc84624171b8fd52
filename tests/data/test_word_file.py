"""A corpus of one's own word in a file: its negatives reach training, and the words that are not it do not shrink."""

import json
import os
import zlib
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from small_corpus import write_corpus

from kwslib.cli.corpus import chosen_corpus
from kwslib.data import word_file
from kwslib.data.corpus import open_corpus
from kwslib.data.protocol import Protocol, build_splits
from kwslib.data.splits import SPLITS
from kwslib.data.word_file import WordFile, open_word, read_word_file
from kwslib.errors import KwsError


def record(folder, *names, seconds=0.6):
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        sound = np.random.default_rng(
            [zlib.crc32(f"{folder.parent.name}/{folder.name}".encode()), number]
        ).normal(0, 0.1, int(seconds * 16_000))
        soundfile.write(folder / name, sound, 16_000)
    return folder


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A corpus of three words, twenty takes of another, and a synthesizer that is a folder of noise."""
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    spoken = tmp_path / "spoken"
    for split, words in zip(
        SPLITS, (("kiwi", "like kiwi", "apple"), ("kiwi", "apple"), ("kiwi",)), strict=True
    ):
        for word in words:
            record(spoken / split / word, *(f"{split}{n}_nohash_0.wav" for n in range(4)))
    monkeypatch.setattr(word_file, "spoken_folder", lambda word: spoken)
    write_corpus(tmp_path / "data")
    record(tmp_path / "takes", *(f"s{n}_nohash_0.wav" for n in range(20)))
    record(tmp_path / "talk", "one.wav", "two.wav")
    record(tmp_path / "kitchen", "fridge.wav", seconds=12)
    return tmp_path


def given(world, **changed):
    folders = {"takes": world / "takes", "negatives": (), "background": (), "data": (world / "data",)}
    return WordFile(**({"word": "kiwi"} | folders | changed))


def split_words(corpus):
    splits = build_splits(corpus, Protocol(keywords=("kiwi",)))
    return {
        split: Counter(example.clip.word for example in examples if example.clip)
        for split, examples in splits.items()
    }


def test_the_synthesizer_trains_and_takes_test(world):
    corpus = open_word(given(world))
    words = split_words(corpus)
    mine = Counter(clip.split for clip in corpus.clips if clip.word == "kiwi")
    assert [words[split]["kiwi"] for split in SPLITS] == [mine[split] for split in SPLITS]
    assert mine["validation"] + mine["testing"] + mine["training"] == 20 + 4
    assert (words["training"]["like kiwi"], words["validation"]["apple"]) == (4, 4)
    assert any("4 times by the synthesizer, for training alone" in note for note in corpus.notes)


def test_without_takes_the_synthesizer_tests_too_and_says_so(world):
    corpus = open_word(given(world, takes=None))
    assert [split_words(corpus)[split]["kiwi"] for split in SPLITS] == [4, 4, 4]
    assert corpus.synthetic
    assert any("for want of takes" in note for note in corpus.notes)


def test_a_word_that_the_synthesizer_cannot_read_needs_takes(world):
    with pytest.raises(KwsError, match="cannot read 'киви': give your own recordings"):
        open_word(given(world, word="киви", takes=None))
    corpus = open_word(given(world, word="киви"))
    assert sum(clip.word == "киви" for clip in corpus.clips) == 20
    assert "киви: not by the synthesizer, whose voices are English and cannot read it" in corpus.notes


def test_other_words_do_not_shrink_with_the_keyword(world):
    words = split_words(open_word(given(world)))
    official = sum(
        clip.split == "training" for clip in open_word(given(world)).clips if clip.word in ("yes", "no", "up")
    )
    assert sum(words["training"][word] for word in ("yes", "no", "up")) == official > 60


def test_own_negatives_and_backgrounds_all_reach_training(world):
    made = given(world, negatives=(world / "talk",), background=(world / "kitchen",))
    corpus = open_word(made)
    assert split_words(corpus)["training"]["not kiwi"] == 2
    assert sum(words["not kiwi"] for words in split_words(corpus).values()) == 2
    heard = {
        example.noise.path.stem
        for example in build_splits(corpus, Protocol(keywords=("kiwi",)))["training"]
        if example.noise
    }
    assert "fridge" in heard


@pytest.mark.slow
@pytest.mark.parametrize(("word", "alike"), [("know", "no"), ("Yes", "yes"), ("yes", None)])
def test_recordings_of_homophones_are_left_out_with_a_note(world, word, alike):
    corpus = open_word(replace(given(world), word=word))
    assert {clip.word for clip in corpus.clips} == {"yes", "no", "up", "apple", "kiwi", "like kiwi", word} - {
        alike
    }
    left_out = [note for note in corpus.notes if "left out" in note]
    assert left_out == ([f"{alike}: left out, as it sounds like {word!r}"] if alike else [])


def test_takes_that_the_data_have_under_another_word_are_of_the_word_alone(world):
    for path in (world / "takes").iterdir():
        samples, rate = soundfile.read(path, dtype="int16")
        (world / "data" / "mine").mkdir(exist_ok=True)
        soundfile.write(world / "data" / "mine" / f"{path.stem}.flac", samples, rate)
    corpus = open_word(given(world))
    assert "mine" not in corpus.words
    assert len(corpus.skipped) == len(list((world / "takes").iterdir()))
    assert all("which is of 'kiwi'" in item.reason for item in corpus.skipped)


def test_two_folders_of_negatives_may_use_the_same_names(world):
    record(world / "radio", "one.wav", "two.wav")
    corpus = open_word(given(world, negatives=(world / "talk", world / "radio")))
    assert {clip.path for clip in corpus.clips if clip.word.startswith("not kiwi")} == {
        world / folder / name for folder in ("talk", "radio") for name in ("one.wav", "two.wav")
    }
    assert not corpus.skipped


@pytest.mark.slow
@pytest.mark.parametrize("source", ["takes", "data/kiwi"])
def test_recordings_of_the_word_are_no_negatives(world, source):
    record(world / "data" / "kiwi", *(f"t{n}_nohash_0.wav" for n in range(4)))
    mine = sorted((world / source).iterdir())
    for number, path in enumerate(mine):
        samples, rate = soundfile.read(path, dtype="int16")
        soundfile.write(world / "talk" / f"copy{number}.flac", samples, rate)
    made = given(world, negatives=(world / "talk",))
    corpus = open_word(made)
    assert sorted(clip.path.name for clip in corpus.clips if clip.word == "not kiwi") == [
        "one.wav",
        "two.wav",
    ]
    reasons = {item.path.name: item.reason for item in corpus.skipped}
    assert reasons == {
        f"copy{n}.flac": f"the same recording as {path.name}, which is of 'kiwi'"
        for n, path in enumerate(mine)
    }
    with pytest.raises(
        KwsError, match=r"no usable recordings of other words than 'kiwi': .* which is of 'kiwi'"
    ):
        open_word(replace(made, negatives=(world / source,)))


def test_the_file_says_the_same_wherever_it_is_read(world, monkeypatch):
    made = given(world, negatives=(world / "talk",))
    made.save(world / "kiwi" / "corpus.json")
    assert json.loads((world / "kiwi" / "corpus.json").read_text())["takes"] == "../takes"
    monkeypatch.chdir(world / "talk")
    again = open_word(read_word_file(world / "kiwi" / "corpus.json"))
    assert again.content_hash == open_word(made).content_hash
    assert chosen_corpus(world / "kiwi").content_hash == again.content_hash


@pytest.mark.parametrize("given_data", ["made", "made/corpus.json", "data{}made"])
def test_a_command_that_takes_folders_alone_says_what_to_give_for_a_corpus_file(world, given_data):
    given(world).save(world / "made" / "corpus.json")
    named = given_data.format(f"{os.pathsep}{world}/")
    with pytest.raises(
        KwsError, match=r'made.*: give the folders that (it|its corpus\.json) lists under "data"$'
    ):
        open_corpus(world / named)


@pytest.mark.parametrize(
    ("content", "culprit"),
    [
        ("{", "not a corpus file"),
        ("[]", "not a corpus file"),
        ('{"format": 2}', "format 1"),
        ('{"format": 1, "word": "a,b", "takes": null, "not": [], "background": [], "data": []}', "comma"),
        ('{"format": 1, "word": "a", "takes": 5, "not": [], "background": [], "data": []}', "5 is not the"),
        (
            '{"format": 1, "word": "a", "takes": null, "not": "x", "background": [], "data": []}',
            "'not' is not a list",
        ),
    ],
)
def test_another_file_is_named(tmp_path, content, culprit):
    (tmp_path / "corpus.json").write_text(content)
    with pytest.raises(KwsError, match=culprit) as error:
        read_word_file(tmp_path / "corpus.json")
    assert str(tmp_path / "corpus.json") in str(error.value)


def test_useless_folders_are_named_with_the_reason(world):
    record(world / "short", "click.wav", seconds=2)
    with pytest.raises(KwsError, match=r"short: no usable background: click\.wav: shorter than 10 s"):
        open_word(given(world, background=(world / "short",)))
    (world / "empty").mkdir()
    with pytest.raises(KwsError, match=r"empty: no usable recordings of other words than 'kiwi'"):
        open_word(given(world, negatives=(world / "empty",)))
    with pytest.raises(KwsError, match="nowhere"):
        open_word(given(world, negatives=(world / "nowhere",)))
