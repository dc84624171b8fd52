"""The original's values are complete and well-formed; ours are set beside them fairly."""

import json
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.errors import KwsError
from kwslib.record.comparison import compare, load_original, load_results, recorded_folder
from kwslib.record.units import UNITS, convert, format_value
from kwslib.record.verdict import Verdict
from kwslib.statistics import wilson

ORIGINAL = load_original()


def test_figures_7_to_9_add_up():
    for figure, split in ((7, "training"), (8, "validation"), (9, "testing")):
        for kind in ("samples", "correct"):
            classes = [
                ORIGINAL[f"figure{figure}_{kind}_{label}"].value
                for label in ("silence", "unknown", "yes", "no")
            ]
            assert sum(classes) == ORIGINAL[f"figure{figure}_{kind}_total"].value
        for label in ("silence", "unknown", "yes", "no", "total"):
            share = ORIGINAL[f"figure{figure}_correct_{label}"].value
            share /= ORIGINAL[f"figure{figure}_samples_{label}"].value
            assert ORIGINAL[f"figure{figure}_accuracy_{label}"].value == pytest.approx(share, abs=6e-4)
        assert ORIGINAL[f"samples_{split}"].value == ORIGINAL[f"figure{figure}_samples_total"].value


def test_every_part_and_numbered_value_is_there():
    assert {entry.part for entry in ORIGINAL.values()} == {1, 2, 3, 4, 5, 6}
    figures = {entry.where for entry in ORIGINAL.values()} - {"text"}
    assert all(re.fullmatch(r"Figure ([1-9]|1[0-5])", figure) for figure in figures)
    assert {f"Figure {number}" for number in (7, 8, 9, 10, 11, 12, 13, 14, 15)} <= figures
    stated = {entry.value for entry in ORIGINAL.values()}
    for value in (
        16652,
        66.6,
        0.079696,
        31.1,
        676004,
        1.019,
        35.968,
        22.52,
        87.91,
        0.23,
        86,
        2400,
        43,
        84,
        38.6,
    ):
        assert value in stated
    for value in (87.6, 0.46, 87.85, 84.08, 72.16, 18, 65, 60, 45):
        assert value in stated


def test_counterparts_are_named_by_part():
    """Part 4 has the board, so the times of Part 6's narrow networks are recorded there; Part 2 counts bits. A GPU's
    time is recorded by itself, where there is one."""
    elsewhere = r"04_deployment/board_\w+_channels_\w+|02_size_estimation/bits_per_parameter|93_gpu/\w+"
    for entry in ORIGINAL.values():
        if entry.ours:
            assert re.fullmatch(rf"0{entry.part}_[a-z]+(_[a-z]+)*/\w+|{elsewhere}", entry.ours)


def test_values_are_compared_in_the_originals_unit():
    values = {
        "accuracy_testing": {"value": 0.95, "unit": "fraction", "ci95": [0.94, 0.96], "n": 5},
        "accuracy_testing_first_seed": {"value": 0.945, "unit": "fraction"},
        "accuracy_testing_first_seed_redrawn": {"value": 0.94, "unit": "fraction"},
    }
    found = next(
        row for row in compare({"03_training": {"values": values}}) if row.original.key == "accuracy_testing"
    )
    assert found.ours == pytest.approx(95)
    assert found.ci95 == pytest.approx((94, 96))
    low, high = wilson(round(0.95 * 1368), 1368)
    assert found.interval == pytest.approx((100 * low, max(96, 100 * high)))
    assert found.difference == pytest.approx(1.8)
    assert found.shift == pytest.approx(0.5)


@given(st.floats(1e-6, 1e9), st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)))
def test_conversion_is_undone_by_its_inverse(value, unit, other):
    if UNITS[unit][0] == UNITS[other][0]:
        assert convert(convert(value, unit, other), other, unit) == pytest.approx(value)
    else:
        with pytest.raises(KwsError, match="cannot be shown"):
            convert(value, unit, other)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (16652, "", "16,652"),
        (0.9487, "fraction", "94.9 %"),
        (35.968, "us", "35.97 µs"),
        (0.00012345, "s", "0.0001234 s"),
        (12345.678, "B", "12,346 B"),
        (0, "%", "0.0 %"),
        (-1.5, "ms", "-1.5 ms"),
        (2.0, "ms", "2 ms"),
    ],
)
def test_values_are_written_for_readers(value, unit, text):
    assert format_value(value, unit) == text


def test_interval_is_written_after_the_value():
    assert format_value(0.95, "fraction", (0.938, 0.961)) == "95.0 % (93.8 to 96.1)"
    assert (
        format_value(1529 / 2000, "fraction", (0.5, 1529 / 2000)) == "76.5 % (50.0 to 76.5)"
    )  # as share_text has it
    assert format_value(6.5, "ms", (6.25, 6.75)) == "6.50 ms (6.25 to 6.75)"
    assert format_value(-0.0002, "fraction", (-0.0048, 0.0043)) == "0.0 % (-0.5 to 0.4)"


def test_an_interval_says_how_many_digits_mean_something():
    assert format_value(2.0, "", (0.9591, 3.678)) == "2.0 (1.0 to 3.7)"
    assert format_value(0.0, "", (0.0, 0.3689)) == "0.00 (0.00 to 0.37)"
    assert format_value(12345.6, "B", (12300.0, 12400.4)) == "12,346 B (12,300 to 12,400)"
    assert format_value(3.0, "B", (3.0, 3.0)) == "3 B (3 to 3)"


def test_broken_results_are_named(tmp_path):
    (tmp_path / "03_training.json").write_text("{")
    with pytest.raises(KwsError, match=r"03_training\.json is not JSON"):
        load_results(tmp_path)
    with pytest.raises(KwsError, match=r"no recorded values in .*nowhere"):
        load_results(tmp_path / "nowhere")


def test_kws_compare(kws, tmp_path):
    values = {
        "parameters": {"value": 16652, "unit": ""},
        "cpu_latency_ms_pytorch": {"value": 0.2, "unit": "ms"},
    }
    contents = {"profile": "quick", "values": values}
    (tmp_path / "02_size_estimation.json").write_text(json.dumps(contents))
    status, out, err = kws("compare", "--results", tmp_path, "--json")
    assert (status, err) == (0, "")
    rows = {row["key"]: row for row in json.loads(out)["rows"]}
    assert rows.keys() == ORIGINAL.keys()
    assert {row["verdict"] for row in rows.values()} <= set(get_args(Verdict))
    assert rows["cpu_latency"]["verdict"] == "not comparable"  # a faster computer is no better network
    assert rows["cpu_latency"]["better"] is None
    assert "another computer" in rows["cpu_latency"]["reason"]
    assert rows["accuracy_testing"]["original_ci95"] == pytest.approx(
        [100 * bound for bound in wilson(1275, 1368)]
    )
    assert rows["cpu_latency"]["difference"] == pytest.approx(-0.819)
    assert rows["parameters"]["verdict"] == "same"
    assert rows["ram_capacity"]["reason"]
    assert rows["accuracy_testing"]["ours"] is None

    status, out, _ = kws("compare", "--results", tmp_path)
    assert status == 0
    assert "1.019 ms" in out
    assert "-0.819" in out
    assert "not to be quoted: 02_size_estimation" in out

    status, out, err = kws("compare", "--results", tmp_path / "nowhere")
    assert (status, out) == (2, "")
    assert err.startswith("kws: no recorded values")


def test_recorded_values_fit_their_originals():
    """Units of what has been recorded so far can be set beside the original's."""
    folder = recorded_folder()
    if folder is None or not any(folder.glob("*.json")):
        pytest.skip("nothing is recorded yet")
    compare(load_results(folder))


def test_every_value_of_the_original_has_ours_or_the_reason_why_not():
    folder = recorded_folder()
    if folder is None or len(list(folder.glob("0[1-6]_*.json"))) < 6:
        pytest.skip("not all parts are recorded yet")
    rows = compare(load_results(folder))
    assert [row.original.key for row in rows if row.ours is None and row.original.reason is None] == []
