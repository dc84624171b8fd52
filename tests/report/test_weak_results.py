"""Networks that learned nothing, sweeps of few points, classes without clips: what is recorded is a number, and what is
shown reads."""

import inspect
import pkgutil
import re
import warnings
from dataclasses import replace
from importlib import import_module

import numpy as np
import pandas
import pytest
import weak_results
from matplotlib.figure import Figure
from weak_results import (
    CHANCE,
    EFFECTS,
    EVALUATIONS,
    LABELS,
    ONE,
    RECORDED,
    SHOWN,
    TESTING,
    TRIALS,
    TRUE,
    TWO,
    pruned,
    quantized,
    trained,
)

import kwslib.report
from kwslib.profiles import PROFILES
from kwslib.record.recording import Run, Table
from kwslib.report.part3 import figures as draw3
from kwslib.report.part3 import tables as part3
from kwslib.report.part5 import tables as part5
from kwslib.report.part6 import tables as part6

pytestmark = pytest.mark.slow  # hundreds of figures

WITHOUT_ACCURACY = {  # sizes, times, counts and settings; or read from a model's file
    *("part1.tables.level_values", "part1.tables.agreement_values", "part2.tables.count_values"),
    *("part2.tables.latency_values", "part3.tables.size_values", "part4.board.board_values"),
    *("part4.board.channel_values", "part4.conversion.size_values", "part4.field.clean_values"),
    *("part5.board.board_values", "part6.board.sparse_values", "part6.board.break_even_values"),
    *("part6.board.channel_values", "part6.board.ternary_values", "part6.tables.latency_values"),
    *("part7.chains.bill_values", "part8.field.clean_values", "part8.field.costs"),
}


def label(function):
    return f"{function.__module__}.{function.__name__}".removeprefix("kwslib.report.")


def record(tmp_path, values):
    """Record the values as a notebook does, which raises for all but finite numbers."""
    run = Run("06_pruning", PROFILES["quick"], None, tmp_path, ONE)
    run.record_all(values)
    return run.values


def texts(shown):
    if isinstance(shown, Figure):
        shown.draw_without_rendering()
        return [text.get_text() for text in shown.findobj(lambda artist: hasattr(artist, "get_text"))]
    return [repr(Table(shown, ""))] if isinstance(shown, pandas.DataFrame) else [str(shown or "")]


def reads(shown):
    """Whether a table or figure can be drawn without a complaint, and no text has a number that is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return not [text for text in texts(shown) if re.search(r"\b(nan|inf|None)\b", text)]


@pytest.fixture(params=LABELS)
def lacking(request, monkeypatch):
    """A test split without a clip of one class."""
    number = LABELS.index(request.param)
    true = np.where(number == TRUE, (number + 1) % len(LABELS), TRUE)
    trials = replace(TRIALS, said=true)
    monkeypatch.setattr(weak_results, "TRUE", true)
    monkeypatch.setattr(weak_results, "TRIALS", trials)
    monkeypatch.setattr(weak_results, "EFFECTS", [replace(effect, result=trials) for effect in EFFECTS])
    monkeypatch.setattr(
        weak_results, "EVALUATIONS", dict.fromkeys(EVALUATIONS, trained(0).evaluations["testing"])
    )
    monkeypatch.setattr(weak_results, "TESTING", replace(TESTING, y=true))


@pytest.mark.parametrize("function", RECORDED, ids=label)
def test_values_of_a_split_that_lacks_a_class_are_numbers(function, lacking, tmp_path):
    record(tmp_path, function(*RECORDED[function](TWO)))


@pytest.mark.parametrize("function", SHOWN, ids=label)
def test_a_split_that_lacks_a_class_can_be_shown(function, lacking):
    assert reads(function(*SHOWN[function](TWO)))


def test_the_original_has_no_point_at_a_class_that_ours_lacks(lacking):
    intervals = part3.class_intervals(weak_results.runs(TWO))
    assert len(intervals["labels"]) == len(LABELS)  # three of the classes, and the total
    assert reads(draw3.per_class_bars(**intervals, original=part3.original_accuracies(*LABELS, "total")))


@pytest.mark.parametrize("seeds", [ONE, TWO], ids=["a seed", "two seeds"])
@pytest.mark.parametrize("function", RECORDED, ids=label)
def test_values_of_networks_at_chance_are_numbers(function, seeds, tmp_path):
    assert record(tmp_path, function(*RECORDED[function](seeds)))


@pytest.mark.parametrize("seeds", [ONE, TWO], ids=["a seed", "two seeds"])
@pytest.mark.parametrize("function", SHOWN, ids=label)
def test_networks_at_chance_can_be_shown(function, seeds):
    assert reads(function(*SHOWN[function](seeds)))


def test_every_function_that_gives_values_is_tested_here():
    found = set()
    for module in pkgutil.walk_packages(kwslib.report.__path__, "kwslib.report."):
        members = inspect.getmembers(import_module(module.name), inspect.isfunction)
        found |= {
            label(function)
            for _, function in members
            if function.__module__ == module.name
            and str(inspect.signature(function).return_annotation).startswith(
                "dict[str, kwslib.record.values"
            )
        }
    assert found == set(map(label, RECORDED)) | WITHOUT_ACCURACY


@pytest.mark.parametrize("whole", [CHANCE, 0.9])
def test_a_sweep_of_some_points_records_numbers(whole, tmp_path):
    swept = pruned(TWO, whole)
    single = [swept[swept.point == point] for point in swept.point.unique()]
    for rows in (
        swept,
        swept[swept.structured],
        swept[~swept.structured],
        swept[swept.sparsity > 0],
        *single,
    ):
        record(tmp_path, part6.point_values(rows) | part6.reach_values(rows))
        assert reads(part6.points_table(part6.over_points(rows, structured=False)))


def test_what_falls_at_the_first_share_holds_at_none(tmp_path):
    values = record(tmp_path, part6.reach_values(pruned(TWO, whole=0.9)))
    assert values["falls_unstructured_finetuned"]["value"] == 0  # fine-tuning lost it
    assert "holds_unstructured_finetuned" not in values
    assert values["falls_unstructured_raw"]["value"] == 0.5
    assert values["holds_unstructured_raw"]["value"] == 0


def test_methods_without_a_seed_in_common_are_not_compared(tmp_path):
    rows = quantized(TWO)
    parted = rows[(rows.bits != 8) | ((rows.method == "qat") == (rows.seed == 0))]
    differences = part5.paired_differences(parted)
    assert 8 not in differences
    assert 7 in differences
    record(tmp_path, part5.paired_values(differences))
    assert reads(part5.paired_table(differences))
