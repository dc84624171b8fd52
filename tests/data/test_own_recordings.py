"""Own recordings as they come: whatever the files are called, no split is empty, and what is wrong is said early."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from small_corpus import SPEAKERS, write_corpus

from kwslib.data.check import problems
from kwslib.data.clips import Clip
from kwslib.data.corpus import add_recordings, read_folder
from kwslib.data.own import spread
from kwslib.data.protocol import Protocol
from kwslib.data.splits import SPLITS, which_split
from kwslib.errors import KwsError


@pytest.fixture(autouse=True)
def own_cache(request, tmp_path, monkeypatch):
    """A cache of its own for every test but that of the large inspection."""
    if "speech_commands" not in request.fixturenames:
        monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def corpus(tmp_path):
    return read_folder(write_corpus(tmp_path / "data"))


def record(folder: Path, *names: str, samples: int = 9_000) -> Path:
    """Takes of noise under these names, each another."""
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        sound = np.random.default_rng(number).normal(0, 0.1, samples)
        soundfile.write(folder / name, sound, 16_000)
    return folder


def splits_of(corpus, word: str) -> dict[str, set[str]]:
    """{split: speakers} of a word."""
    found: dict[str, set[str]] = {split: set() for split in SPLITS}
    for clip in corpus.clips:
        if clip.word == word:
            found[clip.split].add(clip.speaker)
    return found


def test_speech_commands_names_keep_their_split(corpus):
    assert corpus.notes == ()
    assert all(clip.split == which_split(clip.name) for clip in corpus.clips)


def test_real_clips_keep_their_split(speech_commands):
    corpus = read_folder(speech_commands)
    assert corpus.notes == ()
    assert all(clip.split == which_split(clip.path.name) for clip in corpus.clips)


@given(
    takes=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 99)), min_size=3, unique=True),
    words=st.sampled_from([("one",), ("one", "two")]),
)
def test_no_split_is_empty_whatever_the_names(takes, words):
    clips = [
        Clip(Path(f"{word}/{who}/{take}.wav"), word, who, f"{word}/{who}_nohash_{take}.wav")
        for word in words
        for who, take in takes
    ]
    done, note = spread(clips)
    assert {(clip.word, clip.split) for clip in done} == {(word, split) for word in words for split in SPLITS}
    assert [clip.path for clip in sorted(done, key=lambda c: c.path)] == sorted(clip.path for clip in clips)
    shared = len({(clip.speaker, clip.split) for clip in done}) > len({clip.speaker for clip in done})
    assert shared == ("for want of speakers" in note)


def test_a_split_that_the_rule_leaves_with_few_takes_gets_a_tenth():
    """By the rule alone four of a hundred takes were a test, which said little about a word."""
    names = [
        name for name in (f"speaker{n}_nohash_0.wav" for n in range(400)) if which_split(name) != "testing"
    ]
    tested = [
        name for name in (f"other{n}_nohash_0.wav" for n in range(100)) if which_split(name) == "testing"
    ]
    for few, kept in ((4, False), (5, True)):
        takes = names[: 100 - few] + tested[:few]
        clips = [Clip(Path(name), "one", name.split("_")[0], f"one/{name}") for name in takes]
        done, note = spread(clips)
        assert (Counter(clip.split for clip in done)["testing"] == 5) == kept
        assert (done == clips) == kept
        assert Counter(clip.split for clip in done)["testing"] >= 5
        assert note == "one: split by speaker"


def test_sub_folders_are_speakers(corpus, tmp_path):
    names = [f"speaker {who}/take{take}.wav" for who in range(5) for take in range(4)]
    extended = add_recordings(corpus, "marvin", record(tmp_path / "mine", *names))
    found = splits_of(extended, "marvin")
    assert all(found.values())
    assert sum(map(len, found.values())) == 5
    assert extended.notes == ("marvin: split by speaker",)


def test_takes_of_equal_names_are_all_kept(corpus, tmp_path):
    """Of a speaker's days, and named as one that the corpus has; a copy is none, nor what may be a conversion."""
    names = ["alex/mon/1.wav", "alex/tue/1.wav", "mon/alex_nohash_1.wav", "c.flac"]
    mine = record(tmp_path / "mine", *names)
    record(mine / "00000001", "0.wav", samples=8_000)
    record(mine, "c.ogg", samples=7_000)
    shutil.copy(corpus.root / "yes" / "00000000_nohash_0.wav", mine)
    extended = add_recordings(corpus, "yes", mine)
    assert {
        clip.path.relative_to(mine).as_posix() for clip in extended.clips if mine in clip.path.parents
    } == {
        *names,
        "00000001/0.wav",
    }
    assert [(item.path.name, item.reason) for item in extended.skipped] == [
        ("00000000_nohash_0.wav", "in the data already: leave it out, or move it out of the data"),
        ("c.ogg", "c.flac has the same name: give one of them another if they differ"),
    ]
    assert len({clip.name for clip in extended.clips}) == len(extended.clips) == len(corpus.clips) + 5
    assert {clip.speaker for clip in extended.clips if "alex" in clip.name} == {"alex"}
    assert len({clip.split for clip in extended.clips if "alex" in clip.name}) == 1


@pytest.mark.parametrize("folder", ["yes", "yes/ann", "copies"])
def test_recordings_that_the_data_have_are_no_more_takes(kws, tmp_path, folder):
    """Not under other names either, by which one recording could be in two splits; one remedy goes for all."""
    root = write_corpus(tmp_path / "data")
    record(root / "yes" / "ann", *(f"{number}.wav" for number in range(7)))
    mine = root / folder
    if folder == "copies":
        mine = shutil.copytree(root / "yes" / "ann", tmp_path / folder)
    status, out, err = kws("data", "info", "--data", root, "--own", f"yes={mine}")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert f"{mine}: no recordings of 'yes' here, 3 are the fewest: " in err
    assert err.count("in the data already: leave it out, or move it out of the data") == 1
    assert " more: in the data already" in err


def test_in_the_layout_of_speech_commands_too(tmp_path):
    root = write_corpus(tmp_path / "data")
    for word in ("stop", "go"):
        record(root / word, *(f"{who}/{take}.wav" for who in ("ann", "bob", "cid") for take in range(2)))
    corpus = read_folder(root)
    assert splits_of(corpus, "stop") == splits_of(corpus, "go")
    assert all(splits_of(corpus, "go").values())
    assert all(clip.split == which_split(clip.name) for clip in corpus.clips if clip.word == "yes")


@pytest.mark.slow
def test_four_takes_train(kws, corpus, tmp_path):
    mine = record(tmp_path / "mine", "take1.wav", "take2.wav", "take3.wav", "take4.wav")
    out = tmp_path / "model.pt"
    data = ("--data", corpus.root, "--own", f"marvin={mine}", "--keywords", "marvin")
    status, text, err = kws("train", *data, "--epochs", 1, "--out", out, "--json")
    assert status == 0, err
    assert out.is_file()
    assert "marvin: split by take" in err
    assert "marvin: split by take" in json.loads(text)["notes"][0]
    status, text, _ = kws("data", "info", *data)
    assert status == 0
    assert "marvin: split by take" in text


def test_two_takes_are_refused_before_any_work(kws, corpus, tmp_path):
    mine = record(tmp_path / "mine", "take1.wav", "take2.wav")
    (mine / "copy.wav").write_bytes((mine / "take1.wav").read_bytes())
    soundfile.write(mine / "silent.wav", np.zeros(16_000), 16_000)
    (mine / "notes.txt").write_text("hello")
    arguments = ("--own", f"marvin={mine}", "--keywords", "marvin", "--out", tmp_path / "model.pt")
    status, out, err = kws("train", "--data", corpus.root, *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    for said in ("only 2 recordings of 'marvin'", "copy.wav", "silent.wav: silent", "notes.txt"):
        assert said in err
    assert not (tmp_path / "model.pt").exists()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "no recordings of 'marvin' here, 3 are the fewest: put audio files into it"),
        (("a.wav",), "only 1 recording of 'marvin' here, 3 are the fewest: record more"),
        (("a.wav", "b.wav"), "only 2 recordings of 'marvin' here, 3 are the fewest: record more"),
    ],
)
def test_too_few_takes_with_nothing_wrong(corpus, tmp_path, names, said):
    (tmp_path / "mine").mkdir()
    with pytest.raises(KwsError, match=f"{said}$"):
        add_recordings(corpus, "marvin", record(tmp_path / "mine", *names))


def test_ten_voice_memos_have_one_remedy(kws, corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "mine").mkdir()
    for number in range(10):
        (tmp_path / "mine" / f"memo {number}.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(99 + number))
    for command in (("train", "--out", tmp_path / "model.pt"), ("data", "info")):
        status, out, err = kws(
            *command, "--data", corpus.root, "--own", f"marvin={tmp_path / 'mine'}", "--keywords", "marvin"
        )
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert err.count("ffmpeg") == 1
        assert "and 5 more" in err


def test_takes_of_one_sample_to_three_seconds(corpus, tmp_path):
    mine = tmp_path / "mine"
    for number, samples in enumerate((1, 2, 479, 480, 16_000, 16_001, 48_000)):
        record(mine, f"a/{number}.wav", f"b/{number}.wav", f"c/{number}.wav", samples=samples)
    extended = add_recordings(corpus, "marvin", mine)
    taken = {clip.path.name for clip in extended.clips if clip.word == "marvin"}
    assert {f"{number}.wav" for number in range(2, 7)} <= taken


def test_all_that_is_wrong_is_said_at_once_before_the_first_epoch(kws, tmp_path):
    root = tmp_path / "data"
    training = [name for name in SPEAKERS if which_split(f"{name}_nohash_0") == "training"]
    for word in ("yes", "no"):
        record(root / word, *(f"{name}_nohash_0.wav" for name in training[:4]))
    (root / "_background_noise_").mkdir()
    soundfile.write(root / "_background_noise_" / "silent.wav", np.zeros(200_000), 16_000)
    found = problems(read_folder(root), Protocol(keywords=("yes", "no", "maybe")))
    assert len(found) == 5
    status, out, err = kws(
        "train", "--data", root, "--keywords", "yes,no,maybe", "--out", tmp_path / "model.pt"
    )
    line = err.splitlines()[-1]
    assert (status, out) == (2, "")
    for said in ("no clips of maybe", "no clips of yes for validation, testing", "no clips of no for"):
        assert said in line
    assert "other words than the keywords for training, validation, testing" in line
    assert "silent.wav" in line
    status, out, _ = kws("data", "info", "--data", root, "--keywords", "yes,no", "--json")
    assert status == 0
    assert len(json.loads(out)["problems"]) == 4


def test_one_noise_recording_is_enough(corpus):
    (corpus.root / "_background_noise_" / "hum.wav").unlink()
    assert problems(read_folder(corpus.root), Protocol()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_nothing_in_a_folder_of_recordings_is_passed_over_in_silence(kws, tmp_path):
    root = write_corpus(tmp_path / "data")
    for folder in (
        root / "yes",
        root / "_background_noise_",
        record(tmp_path / "mine", "a.wav", "b.wav", "c.wav"),
    ):
        os.mkfifo(folder / "pipe.wav")
        (folder / "gone.wav").symlink_to("nowhere")
        (folder / "loop.wav").symlink_to("loop.wav")
        (folder / "elsewhere").symlink_to(root / "no")
        (folder / "notes.txt").write_text("hello")
    said = {"pipe.wav", "gone.wav", "loop.wav", "elsewhere", "notes.txt"}
    corpus = read_folder(root)
    for _ in range(2):  # the second time with the index of the first
        for place in ("yes", "_background_noise_"):
            reasons = {
                item.path.name: item.reason for item in corpus.skipped if item.path.parent.name == place
            }
            assert set(reasons) == said
            assert all(reasons.values())
        corpus = read_folder(root)
    extended = add_recordings(corpus, "kiwi", tmp_path / "mine")
    assert {item.path.name for item in extended.skipped if item.path.parent.name == "mine"} >= said
    status, out, _ = kws("data", "check", tmp_path / "mine")
    assert status == 1
    for name in said:
        assert name in out
