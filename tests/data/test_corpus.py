"""A folder becomes a corpus: whatever is in it, wherever it lies, however it is packed."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from small_corpus import write_corpus

from kwslib.data import inspection
from kwslib.data.corpus import _entries, add_recordings, open_corpus, read_folder, read_folders
from kwslib.data.splits import SPLITS, which_split
from kwslib.errors import KwsError
from kwslib.paths import files_within


@pytest.fixture(autouse=True)
def own_cache(request, tmp_path, monkeypatch):
    """A cache of its own for every test but those of the large inspection."""
    if not {"speech_commands", "synthetic"} & set(request.fixturenames):
        monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))


def test_lists_clips_by_name_with_word_and_speaker(tmp_path):
    corpus = read_folder(write_corpus(tmp_path / "data"))
    assert len(corpus.clips) == 120
    assert corpus.words == ("no", "up", "yes")
    assert [path.name for path in corpus.noises] == ["hum.wav", "rain.wav"]
    first = corpus.clips[0]
    assert (first.name, first.word, first.speaker) == ("no/00000000_nohash_0.wav", "no", "00000000")
    assert not corpus.synthetic
    assert "data" in corpus.describe()
    assert sum(sum(words.values()) for words in corpus.counts().values()) == 120


def test_folders_and_files_are_listed_by_the_case_of_their_names(tmp_path, monkeypatch):
    """On Windows, whose paths compare without it, too."""
    for name in ("b", "A", "a", "B"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(type(tmp_path), "__lt__", lambda one, other: str(one).lower() < str(other).lower())
    assert [path.name for path in _entries(tmp_path)] == ["A", "B", "a", "b"]
    for name in ("b", "A", "a", "B"):
        (tmp_path / name / "x.wav").touch()
    assert [path.parent.name for path in files_within(tmp_path)] == ["A", "B", "a", "b"]


@given(speaker=st.text("0123456789abcdef", min_size=1, max_size=8), takes=st.integers(0, 99))
def test_all_takes_of_a_speaker_share_a_split(speaker, takes):
    split = which_split(f"yes/{speaker}_nohash_0.wav")
    assert split in SPLITS
    assert which_split(f"another/{speaker}_nohash_{takes}.wav") == split


def test_content_hash_depends_on_names_and_sound_alone(tmp_path):
    wav = read_folder(write_corpus(tmp_path / "a"))
    flac = read_folder(write_corpus(tmp_path / "elsewhere" / "b", suffix=".flac"))
    assert wav.content_hash == flac.content_hash
    clip = tmp_path / "a" / "yes" / "00000000_nohash_0.wav"
    samples, _ = soundfile.read(clip, dtype="int16")
    samples[5] ^= 1
    soundfile.write(clip, samples, 16_000)
    changed = read_folder(tmp_path / "a")
    assert changed.content_hash != wav.content_hash
    clip.rename(clip.with_name("0000ffff_nohash_0.wav"))
    assert read_folder(tmp_path / "a").content_hash not in (wav.content_hash, changed.content_hash)
    shutil.copy(
        tmp_path / "a" / "yes" / "00000001_nohash_0.wav", tmp_path / "a" / "_background_noise_" / "x.wav"
    )
    assert len(read_folder(tmp_path / "a").noises) == 3


def test_broken_files_are_named_and_skipped(tmp_path):
    root = write_corpus(tmp_path / "data")
    (root / "yes" / "empty_nohash_0.wav").write_bytes(b"")
    (root / "yes" / "notes.txt").write_text("not a sound")
    (root / "no" / "text_nohash_0.wav").write_text("not a sound either")
    (root / "no" / ".hidden").write_text("an editor's file")
    (root / "_background_noise_" / "torn.flac").write_bytes(b"fLaC")
    (root / "_background_noise_" / "README.md").write_text("the official one")
    (root / "README.md").write_text("not in a word's folder")
    shutil.copy(root / "up" / "00000000_nohash_0.wav", root / "up" / "00000001_nohash_0.flac")
    corpus = read_folder(root)
    assert len(corpus.clips) == 120
    assert len(corpus.noises) == 2
    assert sorted(item.path.name for item in corpus.skipped) == [
        "00000001_nohash_0.wav",
        "empty_nohash_0.wav",
        "notes.txt",
        "text_nohash_0.wav",
        "torn.flac",
    ]
    assert "5 unusable files" in corpus.describe()


ODD = {  # what is no recording and no folder of them, by what is said of it
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to nothing, ": lambda path: path.symlink_to(path.name),
    "a pipe or a device": os.mkfifo,
    "a folder, not a file": Path.mkdir,
    "a folder, ": lambda path: path.symlink_to(path.parent),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "reason"),
    [
        *((where, reason) for where in (".", "yes", "_background_noise_") for reason in [*ODD][:3]),
        *(("_background_noise_", reason) for reason in [*ODD][3:]),
        ("yes", [*ODD][4]),
    ],
)
def test_what_a_corpus_cannot_use_is_named_wherever_it_lies(tmp_path, where, reason):
    root = write_corpus(tmp_path / "data")
    whole = read_folder(root).content_hash
    ODD[reason](root / where / "odd")
    corpus = read_folder(root)
    assert corpus.content_hash == whole
    assert [(item.path.name, item.reason.startswith(reason)) for item in corpus.skipped] == [("odd", True)]


@pytest.mark.parametrize("where", ["yes/closed", "closed"])
def test_a_folder_that_may_not_be_read_is_not_an_empty_one(tmp_path, monkeypatch, where):
    root, scandir = write_corpus(tmp_path / "data"), os.scandir
    (root / where).mkdir()

    def locked(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(PermissionError, match="closed"):
        read_folder(root)


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("nowhere"), lambda path: path.write_text("")])
def test_a_folder_of_noise_that_is_none_is_named(tmp_path, make):
    root = write_corpus(tmp_path / "data")
    shutil.rmtree(root / "_background_noise_")
    make(root / "_background_noise_")
    (item,) = read_folder(root).skipped
    assert item.path.name == "_background_noise_"
    assert item.reason.endswith("not a folder: remove it")


def test_files_are_decoded_once_and_again_when_they_change(tmp_path, monkeypatch):
    monkeypatch.setattr(inspection, "COARSEST", -(10**12))  # as if the files had been there for long
    root = write_corpus(tmp_path / "data")
    read_folder(root)
    looked = []
    look = inspection._look
    monkeypatch.setattr(inspection, "_look", lambda path: looked.append(path.name) or look(path))
    read_folder(root)
    assert looked == []
    soundfile.write(root / "no" / "00000003_nohash_0.wav", np.zeros(99, np.int16), 16_000)
    read_folder(root)
    assert looked == ["00000003_nohash_0.wav"]


def test_same_audio_in_two_splits_is_found(tmp_path):
    root = write_corpus(tmp_path / "data")
    assert read_folder(root).duplicates_across_splits() == ()
    by_split = {which_split(path.name): path for path in (root / "yes").iterdir()}
    shutil.copy(by_split["training"], by_split["testing"])
    (group,) = read_folder(root).duplicates_across_splits()
    assert {which_split(name) for name in group} == {"training", "testing"}


def test_own_recordings_become_a_word(tmp_path):
    corpus = read_folder(write_corpus(tmp_path / "data"))
    mine = tmp_path / "my recordings"
    mine.mkdir()
    for number in range(30):
        soundfile.write(
            mine / f"Take {number}.ogg", np.random.default_rng(number).normal(size=4_000) / 9, 44_100
        )
    (mine / "list.txt").write_text("thirty takes")
    extended = add_recordings(corpus, "marvin", mine)
    counts = {split: words["marvin"] for split, words in extended.counts().items()}
    assert sum(counts.values()) == 30
    assert counts["training"] > counts["validation"] + counts["testing"] > 0
    assert [item.path.name for item in extended.skipped] == ["list.txt"]
    assert extended.content_hash != corpus.content_hash
    with pytest.raises(KwsError, match="no such folder"):
        add_recordings(corpus, "marvin", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(KwsError, match="no recordings of 'marvin'"):
        add_recordings(corpus, "marvin", tmp_path / "empty")


def test_what_is_no_corpus_is_named(tmp_path):
    with pytest.raises(KwsError, match="nowhere: no such folder"):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(KwsError, match="empty: no clips here"):
        read_folder(tmp_path / "empty")
    (tmp_path / "file").write_text("a file")
    with pytest.raises(KwsError, match="file: a file, not a folder"):
        read_folder(tmp_path / "file")


@pytest.mark.slow
def test_data_argument_then_environment_then_archive(tmp_path, monkeypatch):
    given_, named, unpacked = (write_corpus(tmp_path / name) for name in ("given", "named", "unpacked"))
    monkeypatch.setattr("kwslib.data.speech_commands.official_folder", lambda: unpacked)
    monkeypatch.setattr("kwslib.data.synthetic.make_synthetic", lambda root, seed=0: write_corpus(root))
    monkeypatch.delenv("KWS_DATA", raising=False)
    assert open_corpus(given_, "report").root == given_.resolve()
    assert open_corpus(given_, "quick").root == given_.resolve()
    assert open_corpus(profile="report").root == unpacked.resolve()
    monkeypatch.setenv("KWS_DATA", str(named))
    assert open_corpus(given_, "report").root == given_.resolve()
    assert open_corpus(profile="report").root == named.resolve()
    assert open_corpus(profile="quick").name == "synthetic"
    monkeypatch.setenv("KWS_PROFILE", "report")
    assert open_corpus().root == named.resolve()


def test_a_damaged_synthetic_corpus_is_made_again(monkeypatch):
    monkeypatch.setattr("kwslib.data.synthetic.make_synthetic", write_corpus)
    whole = open_corpus(profile="quick")
    for damaged in (whole.noises[0], whole.clips[0].path):
        damaged.write_bytes(damaged.read_bytes()[:200])
        again = open_corpus(profile="quick")
        assert (again.content_hash, again.skipped) == (whole.content_hash, ())


@pytest.mark.slow
def test_the_synthetic_corpus_says_so(synthetic):
    corpus = read_folder(synthetic)
    assert corpus.synthetic
    assert "synthetic speech, not recordings" in corpus.describe()
    assert {"yes", "no"} < set(corpus.words)


def test_real_recordings_are_all_sound(speech_commands):
    corpus = read_folder(speech_commands)
    assert corpus.skipped == ()
    assert len(corpus.clips) == sum(1 for _ in speech_commands.glob("[a-z]*/*"))
    assert len(corpus.noises) == 6
    assert corpus.duplicates_across_splits() == ()


def test_several_folders_are_one_corpus_in_whatever_order(tmp_path):
    first = write_corpus(tmp_path / "first")
    second = write_corpus(tmp_path / "second", words=("go", "up"), suffix=".flac", seed=1)
    (second / "_background_noise_" / "hum.flac").unlink()
    for path in (second / "up").iterdir():
        path.rename(path.with_name(path.name.replace("_0.", "_1.")))
    both = open_corpus(f"{first}{os.pathsep}{second}")
    assert both.name == "first + second"
    assert both.words == ("go", "no", "up", "yes")
    assert len(both.clips) == 200
    assert [path.name for path in both.noises] == ["hum.wav", "rain.wav"]
    assert [item.path for item in both.skipped] == [second.resolve() / "_background_noise_" / "rain.flac"]
    assert open_corpus(both.root) == both
    again = open_corpus(f"{second}{os.pathsep}{first}")
    assert [clip.name for clip in again.clips] == [clip.name for clip in both.clips]
    assert read_folders([first, first]) == read_folder(first)


def test_an_index_that_cannot_be_saved_is_done_without(tmp_path, monkeypatch):
    root = write_corpus(tmp_path / "data")
    kept = read_folder(root)
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    (tmp_path / "index-v4").touch()  # as in a cache that is only to be read, which nothing is for root
    assert read_folder(root) == kept


def test_a_recording_that_lies_in_two_folders_counts_once(tmp_path):
    first = write_corpus(tmp_path / "first")
    copy = write_corpus(tmp_path / "copy", suffix=".flac")
    both = read_folders([first, copy])
    assert (both.clips, both.skipped, both.content_hash) == (
        (alone := read_folder(first)).clips,
        (),
        alone.content_hash,
    )
    shutil.copy(copy / "yes" / "00000001_nohash_0.flac", copy / "yes" / "00000000_nohash_0.flac")
    (skipped,) = read_folders([first, copy]).skipped
    assert skipped.path == copy.resolve() / "yes" / "00000000_nohash_0.flac"
    assert skipped.reason == "a second recording called yes/00000000_nohash_0.wav"


def test_words_without_official_names_are_split_over_all_folders(tmp_path):
    base = write_corpus(tmp_path / "base")
    for folder, takes in (("mine", range(2)), ("more", range(2, 4))):
        (tmp_path / folder / "marvin").mkdir(parents=True)
        for take in takes:
            source = base / "yes" / f"{take:08x}_nohash_0.wav"
            shutil.copy(source, tmp_path / folder / "marvin" / f"take{take}.wav")
    corpus = read_folders([base, tmp_path / "mine", tmp_path / "more"])
    assert {clip.split for clip in corpus.clips if clip.word == "marvin"} == set(SPLITS)


@pytest.mark.parametrize("wrong", ["{first}:", ":{first}", "{first}::{first}", "{first}:nowhere"])
def test_a_list_of_folders_says_which_is_wrong(tmp_path, wrong):
    text = wrong.replace(":", os.pathsep).format(first=write_corpus(tmp_path / "first"))
    with pytest.raises(KwsError, match=r"nowhere: no such folder|an empty name in this list of folders"):
        open_corpus(text)


def test_a_folder_may_have_the_separator_in_its_name(tmp_path):
    odd = write_corpus(tmp_path / f"a{os.pathsep}b")
    assert len(open_corpus(odd).clips) == 120
