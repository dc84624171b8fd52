"""A run's values land whole where they belong, and nowhere else."""

import dataclasses
import json
import math
import re
from pathlib import Path
from types import SimpleNamespace

import pandas
import pytest

from kwslib.errors import KwsError
from kwslib.record import comparison, recording
from kwslib.record.provenance import processor
from kwslib.record.table import Table

PART = "02_size_estimation"


@pytest.fixture
def run(tmp_path):
    """A quick run with a corpus that need not be made."""
    run = recording.start(PART, profile="quick", results=tmp_path / "results")
    run.__dict__["corpus"] = SimpleNamespace(
        name="synthetic", counts=lambda: {"testing": {"yes": 3}}, content_hash="ab" * 32
    )
    return run


def test_finish_writes_the_contract(run, capsys):
    run.record("parameters", 16_652)
    run.record("accuracy_testing", 0.95, "fraction", ci95=(0.94, 0.96), n=1368)
    run.finish()
    contents = json.loads((run.results / f"{PART}.json").read_text())
    assert list(contents) == ["profile", "data", "seeds", "versions", "commit", "values"]
    assert contents["profile"] == "quick"
    assert contents["data"] == {
        "name": "synthetic",
        "clips": {"testing": {"yes": 3}},
        "content_hash": "ab" * 32,
    }
    assert contents["seeds"] == [0, 1]
    assert {"kwslib", "python", "torch", "numpy"} <= contents["versions"].keys()
    assert contents["values"]["parameters"] == {"value": 16_652, "unit": ""}
    expected = {"value": 0.95, "unit": "fraction", "ci95": [0.94, 0.96], "n": 1368}
    assert contents["values"]["accuracy_testing"] == expected
    assert [path.name for path in run.results.iterdir()] == [f"{PART}.json"]
    assert str(run.results) not in capsys.readouterr().out


def test_start_says_which_data_and_seeds(tmp_path, capsys):
    recording.start(PART, profile="quick", results=tmp_path)
    assert "profile quick, the synthetic corpus, seeds 0, 1" in capsys.readouterr().out
    recording.start(PART, profile="quick", data=tmp_path, results=tmp_path, seeds=[7])
    assert "profile quick, real recordings, seeds 7" in capsys.readouterr().out


@pytest.mark.parametrize("value", [math.nan, math.inf, "0.9", None, True])
def test_only_finite_numbers_are_recorded(run, value):
    with pytest.raises(KwsError, match=r"02_size_estimation/x"):
        run.record("x", value)


def test_numpy_scalars_are_recorded_as_numbers(run):
    numpy = pytest.importorskip("numpy")
    run.record("x", numpy.int64(3))
    run.record("y", numpy.float32(0.5))
    assert json.dumps(run.values) == '{"x": {"value": 3, "unit": ""}, "y": {"value": 0.5, "unit": ""}}'


def test_quick_and_synthetic_numbers_never_reach_the_recorded_ones(tmp_path):
    recorded = comparison.recorded_folder()
    for profile, data in (("quick", None), ("quick", tmp_path)):
        with pytest.raises(KwsError, match="only the report profile on real recordings"):
            recording.start(PART, profile=profile, data=data, results=recorded)
    assert recording.start(PART, profile="report", results=recorded).results == recorded


def test_runs_by_hand_write_beside_not_over(monkeypatch, tmp_path):
    root = comparison.repository()
    assert recording.start(PART, profile="report").results == root / "_build" / "results" / "report"
    monkeypatch.setattr(recording, "repository", lambda: None)
    monkeypatch.chdir(tmp_path)
    assert recording.start(PART, profile="quick").results == tmp_path / "kws-results"


def test_unknown_profile_is_refused():
    with pytest.raises(KwsError, match="profile 'slow' is unknown"):
        recording.start(PART, profile="slow")


def test_model_is_found_made_or_asked_for(run):
    with pytest.raises(KwsError, match=r"no model tinyconv\.pt yet"):
        run.model("tinyconv.pt")
    path = run.model("tinyconv.pt", make=lambda path: path.write_text("made"))
    assert path.read_text() == "made"
    assert run.model("tinyconv.pt", make=lambda _: pytest.fail("made twice")) == path


def test_a_model_is_kept_whole_or_not_at_all(run, tmp_path, monkeypatch):
    def full(source, target):
        Path(target).write_bytes(b"ha")
        raise OSError("no space left on device")

    source = tmp_path / "trained.pt"
    source.write_text("half")
    run.keep(source, "tinyconv.pt")
    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(KwsError, match="no space"):
        run.keep(tmp_path / "other.pt", "tinyconv.pt")
    assert [path.read_text() for path in run.models.iterdir()] == ["half"]


def test_compare_table_converts_to_the_originals_unit(run):
    run.record("parameters", 16_652)
    run.record("weights_bytes_float32", 66_608, "B")
    table = run.compare_table(["weights_bytes_float32", "parameters"])
    assert list(table["original"]) == ["≈ 66.6", "16,652"]
    assert list(table["ours"]) == ["66.61", "16,652"]
    assert list(table["unit"]) == ["KB", ""]
    with pytest.raises(KwsError, match="no counterpart of 02_size_estimation/speed"):
        run.compare_table(["speed"])
    everything = run.compare_table()
    assert "not recorded" in set(everything["ours"])
    assert len(everything) == len(set(everything.index))


def test_compare_table_shows_intervals(tmp_path):
    run = recording.start("03_training", profile="quick", results=tmp_path)
    run.record("accuracy_testing", 0.9487, "fraction", ci95=(0.946, 0.952))
    table = run.compare_table(["accuracy_testing"])
    assert table.to_dict("list") == {"original": ["93.2"], "ours": ["94.9 (94.6 to 95.2)"], "unit": ["%"]}


def test_compare_table_gives_all_shares_in_per_cent_and_none_an_interval_without_width(tmp_path):
    run = recording.start("03_training", profile="quick", results=tmp_path)
    run.record("accuracy_testing_no", 0.9402, "fraction", ci95=(0.9343, 0.9461), n=5)
    run.record("accuracy_testing_silence", 1.0, "fraction", ci95=(1.0, 1.0), n=5)
    table = run.compare_table(["accuracy_testing_no", "accuracy_testing_silence"])
    assert list(table.index) == ["test accuracy on no", "test accuracy on silence"]
    assert list(table["original"]) == ["93.6", "99.6"]
    assert list(table["ours"]) == ["94.0 (93.4 to 94.6)", "100.0 (98.6 to 100.0)"]  # Wilson's, of 272 clips
    assert set(table["unit"]) == {"%"}


def test_tables_separate_thousands_but_not_those_of_years():
    frame = pandas.DataFrame({"year": [2017, 2024], "bytes": [7_840, 16_000], "share": [0.5, 12_345.25]})
    for shown in (repr(Table(frame, "Sizes.")), Table(frame, "Sizes.")._repr_html_()):
        assert {"2017", "7,840", "16,000", "0.5", "12,345.2"} <= set(re.findall(r"[\d.,]*\d", shown))


def test_tables_separate_thousands_in_mixed_rows_too():
    rows = {"a": {"clips": 1368, "ms": 131.5678, "p": "1"}, "b": {"clips": 272, "ms": 2.0, "p": math.nan}}
    frame = pandas.DataFrame(rows).T
    for shown in (repr(Table(frame, "Clips.")), Table(frame, "Clips.")._repr_html_()):
        for number in ("1,368", "131.6", "2.0"):
            assert re.search(rf"(?<![\d.]){number}(?![\d.])", shown)
        assert "nan" not in shown


def test_no_zero_has_a_minus():
    frame = pandas.DataFrame(
        {
            "loss": [-0.04, -0.06, -0.5],
            "mixed": [-0.01, "-0.0 (-0.03 to +2.4)", "-0.00 to -0.10"],
            "text": ["-0", "-0.05", "tinyconv-0"],
        }
    )
    for shown in (repr(Table(frame, "Losses.")), Table(frame, "Losses.")._repr_html_()):
        numbers = re.findall(r"[\w.+-]*\d", shown)
        assert not {"-0", "-0.0", "-0.00"} & set(numbers)
        for kept in ("-0.1", "-0.5", "0.0 (-0.03 to +2.4)", "0.00 to -0.10", "-0.05", "tinyconv-0"):
            assert kept in shown


def test_synthetic_tables_are_stamped(run):
    table = run.show(run.compare_table(["parameters"]), "Sizes & shares.")
    assert "Sizes &amp; shares. (synthetic corpus)" in table._repr_html_()
    assert repr(table).startswith("Sizes & shares. (synthetic corpus)\n")
    real = recording.start(PART, profile="report", results=run.results)
    assert "synthetic" not in repr(real.show(run.compare_table(["parameters"]), "Sizes."))


def test_the_processor_is_named(tmp_path):
    described = tmp_path / "cpuinfo"
    described.write_text("processor\t: 0\nmodel name\t: Some Maker's CPU @ 2 GHz\n")
    assert processor(described) == "Some Maker's CPU @ 2 GHz"
    assert processor(tmp_path / "nothing")


def test_what_another_part_recorded_is_read_from_this_run_first(tmp_path):
    fresh = recording.start("06_pruning", "quick", results=tmp_path)
    assert fresh.recorded("03_training") == {}
    named = dataclasses.replace(fresh, data=tmp_path)  # real recordings, as far as a run can say
    assert named.recorded("03_training")["epochs"]["value"] > 0  # the book's
    (tmp_path / "03_training.json").write_text('{"values": {"epochs": {"value": 3, "unit": ""}}}')
    assert named.recorded("03_training")["epochs"]["value"] == 3
