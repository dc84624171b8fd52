"""kws data: counts that match the corpus, and one line for what is wrong."""

import json
import shutil
import tarfile

import numpy as np
import pytest
import soundfile
from small_corpus import write_corpus

from kwslib.data import speech_commands
from kwslib.data.speech_commands import Archive


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return write_corpus(tmp_path / "data")


def test_info_counts_splits_classes_and_broken_files(kws, small):
    (small / "yes" / "broken_nohash_0.wav").write_bytes(b"RIFF")
    status, out, _ = kws("data", "info", "--data", small, "--json")
    found = json.loads(out)
    assert status == 0
    assert found["name"] == "data"
    assert found["clips"] == 120
    assert found["words"] == {"no": 40, "up": 40, "yes": 40}
    assert found["synthetic"] is False
    assert found["skipped"] == 1
    assert found["skipped_files"][0]["file"].endswith("broken_nohash_0.wav")
    assert len(found["content_hash"]) == 64
    spoken = sum(split["yes"] + split["no"] for split in found["splits"].values())
    assert spoken == 80
    for split in found["splits"].values():
        assert sum(count for label, count in split.items() if label != "total") == split["total"]
        assert list(split) == ["silence", "unknown", "yes", "no", "total"]


def test_info_reads_well(kws, small):
    (small / "yes" / "broken_nohash_0.wav").write_bytes(b"RIFF")
    status, out, _ = kws("data", "info", "--data", small, "--keywords", "up, no")
    lines = out.splitlines()
    assert status == 0
    assert lines[0].startswith("data: data (recordings in ")
    assert any(line.startswith("skipped ") and "broken_nohash_0.wav" in line for line in lines)
    assert "silence     unknown          up          no       total" in out
    assert [line.split()[0] for line in lines[-3:]] == ["training", "validation", "testing"]


def test_info_lists_the_examples_of_a_split(kws, small):
    listed = json.loads(kws("data", "info", "--data", small, "--list", "testing", "--json")[1])
    assert len(listed["examples"]) == listed["splits"]["testing"]["total"]
    noises = [row for row in listed["examples"] if "noise" in row]
    assert all(row["label"] == "silence" and row["start"] > 0 and 0 < row["gain"] <= 1 for row in noises)
    lines = kws("data", "info", "--data", small, "--list", "testing")[1].splitlines()
    assert [line.split("\t")[1] for line in lines[-len(listed["examples"]) :]] == [
        row["name"] for row in listed["examples"]
    ]


def test_own_recordings_can_be_a_keyword(kws, small, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    for number in range(25):
        soundfile.write(mine / f"take {number}.wav", np.full(9_000, number + 1, np.int16), 48_000)
    status, out, _ = kws(
        "data", "info", "--data", small, "--own", f"marvin={mine}", "--keywords", "marvin", "--json"
    )
    assert status == 0
    assert sum(split["marvin"] for split in json.loads(out)["splits"].values()) == 25


def test_real_recordings_give_the_sizes_of_the_original_report(kws, speech_commands):
    status, out, _ = kws("data", "info", "--data", speech_commands, "--json")
    splits = json.loads(out)["splits"]
    assert status == 0
    assert [splits[name]["total"] for name in ("training", "validation", "testing")] == [10_522, 1_333, 1_368]


def test_the_quick_profile_prepares_the_synthetic_corpus(kws, synthetic):
    status, out, _ = kws("data", "prepare", "--profile", "quick", "--json")
    assert status == 0
    assert json.loads(out)["synthetic"] is True
    assert json.loads(out)["root"] == str(synthetic)


def test_prepare_fetches_the_archive_of_the_report_profile(kws, small, tmp_path, monkeypatch):
    monkeypatch.delenv("KWS_DATA", raising=False)
    with tarfile.open(tmp_path / "clips.tar.gz", "w:gz") as tar:
        tar.add(small, arcname=".")
    shutil.rmtree(small)
    archive = Archive("clips", (tmp_path / "clips.tar.gz").as_uri(), "0" * 64)
    monkeypatch.setattr(speech_commands.official_folder, "__defaults__", (archive,))
    status, out, err = kws("data", "prepare", "--profile", "report")
    assert (status, out) == (2, "")
    assert "wrong SHA-256" in err
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--data", "nowhere"), "nowhere: no such folder"),
        (("--profile", "best"), "profile 'best' is unknown"),
        (("--data", "DATA", "--keywords", "maybe"), "no clips of maybe"),
        (("--data", "DATA", "--keywords", "yes,,no"), "empty, repeated or reserved"),
        (("--data", "DATA", "--keywords", ""), "what follows --keywords is empty"),
        (("--data", "DATA", "--list", "all"), "--list all: use training"),
        (("--data", "DATA", "--own", "marvin"), "use WORD=FOLDER"),
        (("--data", "DATA", "--own", "marvin=nowhere"), "nowhere: no such folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(kws, small, arguments, complaint):
    given = [str(small) if argument == "DATA" else argument for argument in arguments]
    status, out, err = kws("data", "info", *given, "--json")
    assert (status, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1
