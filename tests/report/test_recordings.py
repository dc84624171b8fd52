"""A part is found again on the clips that it was recorded from, whichever folders are named beside them."""

import json
import os
import shutil

import pytest
from small_corpus import write_corpus

from kwslib.data.corpus import open_corpus
from kwslib.errors import KwsError
from kwslib.record.comparison import load_results, recorded_folder
from kwslib.report.recordings import not_at_hand, recordings_of


@pytest.fixture
def named(tmp_path):
    """Two folders of clips, named together."""
    write_corpus(tmp_path / "first", words=("yes", "no"))
    write_corpus(tmp_path / "more", words=("dog",))
    return os.pathsep.join(str(tmp_path / name) for name in ("first", "more"))


def recorded(**parts):
    return {part: {"data": {"name": part, "content_hash": content}} for part, content in parts.items()}


def content(named):
    return open_corpus(named).content_hash


def test_parts_of_one_folder_and_of_both_are_told_by_their_contents(named):
    first, more = named.split(os.pathsep)
    corpora = recordings_of(
        recorded(p3=content(first), p4=content(named), p5=content(more)), open_corpus(named)
    )
    assert {part: corpus.name for part, corpus in corpora.items()} == {
        "p3": "first",
        "p4": "first + more",
        "p5": "more",
    }


def test_a_part_whose_recordings_are_elsewhere_is_named(named):
    first = named.split(os.pathsep)[0]
    parts = {
        "03_training": recorded(x=content(first))["x"],
        "05_quantization": recorded(both="feed" * 16)["both"],
    }
    corpora = recordings_of(parts, open_corpus(named))
    assert set(corpora) == {"03_training"}
    (line,) = not_at_hand(parts, corpora)
    assert "Part 5 is not verified: it was recorded from both (content feedfeedfeed)" in line


def test_other_recordings_are_refused_in_one_line(named):
    with pytest.raises(KwsError, match="recorded feedfeedfeed: give the recordings with --data"):
        recordings_of(recorded(x="feed" * 16), open_corpus(named))


@pytest.mark.slow
def test_verify_ends_badly_where_a_part_s_recordings_are_missing(kws, tmp_path, named, monkeypatch):
    monkeypatch.setattr("kwslib.report.verify.verify", lambda *_: iter(()))
    results = tmp_path / "results"
    shutil.copytree(recorded_folder() / "sweeps", results / "sweeps")
    for part, contents in load_results(recorded_folder()).items():
        here = content(named) if part != "05_quantization" else "feed" * 16
        (results / f"{part}.json").write_text(
            json.dumps(contents | {"data": {"name": "x", "content_hash": here}})
        )
    status, out, err = kws("verify", "--data", named, "--results", results, "--json")
    assert status == 1
    assert "NOT  Part 5 is not verified" in err
    assert "1 of 6 parts not verified" in err
    assert json.loads(out)["recorded_from"]["03_training"] == "first + more"
