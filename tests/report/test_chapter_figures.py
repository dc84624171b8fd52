"""Figures of Parts 4 to 6 draw the numbers they are given, each where its axis says."""

import matplotlib as mpl
import numpy as np
import pandas
import pytest

from kwslib.deployment.decision import DecisionSettings
from kwslib.field.conditions import DEFAULT
from kwslib.field.evaluate import FieldResult
from kwslib.field.factors import Effect, Factor
from kwslib.labels import class_labels
from kwslib.measure.latency import Latency
from kwslib.networks.evaluation import Evaluation
from kwslib.quantization.grids import TERNARY
from kwslib.record import style
from kwslib.report.part4 import board_figures, conversion_figures, field, field_figures
from kwslib.report.part5 import figures as quantization
from kwslib.report.part6 import board_figures as pruned_board
from kwslib.report.part6 import figures as pruning
from kwslib.report.part6.board import Cost

LABELS = class_labels()


@pytest.fixture(autouse=True)
def book_style():
    with mpl.rc_context():
        style.use(synthetic=False)
        yield


def ticks(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def containers(ax):
    """x of the points of each error-bar series, in the order of drawing."""
    return [[float(x) for x in container.lines[0].get_xdata()] for container in ax.containers]


def result(right):
    said = np.arange(20) % 4
    return FieldResult(LABELS, said, np.where(np.arange(20) < right, said, 0), 0, 1.0, DecisionSettings())


def test_confusions_hold_every_count():
    counts = np.array([[5, 0, 0, 0], [3, 2, 0, 0], [0, 0, 4, 1], [0, 0, 0, 5]])
    figure = field_figures.confusions({"original": counts, "ours": 2 * counts}, LABELS)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["original", "ours"]
    texts = [text.get_text() for text in figure.axes[1].texts]
    assert texts[4] == "6\n60 %"  # unknown said, silence answered


def test_cells_that_no_source_states_are_hatched():
    counts, assumed = field.original_confusion().confusion, field.original_assumed()
    assert np.argwhere(assumed).tolist() == [
        [2, 0]
    ]  # the original does not say what lost "yes" were answered with
    (ax,) = field_figures.confusions({"original": counts}, LABELS, {"original": assumed}).axes
    assert [patch.get_xy() for patch in ax.patches if patch.get_hatch()] == [(-0.5, 1.5)]


def test_small_tests_are_counted():
    (ax,) = field_figures.small_tests(np.array([0.5, 0.5, 0.55, 0.6]), 20, whole=0.53, original=0.65).axes
    heights = [bar.get_height() for bar in ax.patches]
    assert (heights[10], heights[11], heights[12], sum(heights)) == (2, 1, 1, 4)
    assert ax.lines[0].get_xdata()[0] == pytest.approx(53)


def test_factors_stand_at_their_accuracy_and_groups_are_parted():
    rows = [
        Factor("clips", "clips", DEFAULT),
        Factor("room", "alone", DEFAULT),
        Factor("noise", "alone", DEFAULT),
    ]
    effects = [Effect(row, result(right)) for row, right in zip(rows, (20, 12, 8), strict=True)]
    (ax,) = field_figures.factors({"ours": effects}).axes
    assert ticks(ax) == ["clips", "room", "noise"]
    shares = [100 * effect.result.accuracy for effect in effects]
    assert [x for (x,) in containers(ax)] == pytest.approx(shares)
    grey = [line for line in ax.lines if list(line.get_xdata()) == [0, 1]]
    assert [line.get_ydata()[0] for line in grey] == [0.5]  # between clips and what is added alone


def test_bytes_of_a_step_are_stacked_to_the_file():
    (ax,) = conversion_figures.sizes({"PyTorch": (70_000, 66_608), "int8": (19_000, 16_700)}).axes
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx([66.608, 16.7, 70 - 66.608, 19 - 16.7])
    assert [text.get_text().strip() for text in ax.texts] == ["70,000 B", "19,000 B"]


def test_accuracy_by_type_has_every_class_and_the_total():
    evaluation = Evaluation(LABELS, np.diag([10, 10, 10, 10]) + np.eye(4, k=-1, dtype=int) * 10)
    (ax,) = conversion_figures.accuracy_by_type({"float32": evaluation, "int8": evaluation}).axes
    assert ticks(ax) == [*LABELS, "total"]
    assert [x for (x,) in containers(ax)][:5] == pytest.approx([100, 50, 50, 50, 100 * 40 / 70])


def test_stages_without_a_counterpart_are_left_out():
    table = pandas.DataFrame(
        {"original (ms)": [30.0, np.nan, 90.0], "ours (ms)": [1.2, 0.6, 6.4]},
        index=["front end", "one frame", "network"],
    )
    (ax,) = board_figures.stages(table).axes
    assert ticks(ax) == ["front end", "network"]
    assert [text.get_text() for text in ax.texts] == ["30", "90", "1.2", "6.4"]
    ours = next(line for line in ax.lines if line.get_label().startswith("ours"))
    assert list(ours.get_xdata()) == [1.2, 6.4]


def test_lines_of_time_by_channels_begin_at_their_fixed_part():
    times = {8: 6.4, 4: 3.4}
    (ax,) = board_figures.by_channels(
        {8: 88.0, 4: 72.0}, times, {"original": (56.0, 4.0), "ours": (0.4, 0.75)}
    ).axes
    dashed = [list(line.get_ydata()) for line in ax.lines if line.get_linestyle() == "--"]
    assert dashed == [[56.0, 88.0], [0.4, pytest.approx(6.4)]]
    assert "0.4 + 0.75 per channel" in [text.get_text() for text in ax.texts]


def test_peers_are_as_long_as_they_take():
    table = pandas.DataFrame({"network (ms)": [51.5, 6.4]}, index=["TFLM", "ours"])
    (ax,) = board_figures.peers(table).axes
    assert [bar.get_width() for bar in ax.patches] == [51.5, 6.4]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()


def widths_of(recipe, method, bits):
    return [
        {
            "recipe": recipe,
            "method": method,
            "bits": b,
            "flash": 1000 * n,
            "mean": 90 - n,
            "low": 88 - n,
            "high": 92 - n,
        }
        | {"lowest": 87 - n, "highest": 93 - n}
        for n, b in enumerate(bits, 1)
    ]


def test_accuracy_by_width_has_the_widths_in_their_order():
    points = pandas.DataFrame(widths_of("ours", "qat", (8, TERNARY, 1)) + widths_of("ours", "ptq", (8,)))
    ax, near = quantization.accuracy_by_bits(points, 94.0, {"ptq": {8: 93.0}, "qat": {2: 30.0}}).axes
    assert near.get_ylim() == (88, 95.5)  # the upper panel's head, enlarged
    curve = next(line for line in ax.lines if line.get_label() == "QAT, ours")
    assert list(curve.get_xdata()) == [0, 7, 8]
    assert list(curve.get_ydata()) == [89, 88, 87]
    assert [label.get_text() for label in near.get_xticklabels()] == [
        *("8", "7", "6", "5", "4", "3", "2"),
        TERNARY,
        "1",
    ]


def test_accuracy_by_bytes_names_widths():
    points = pandas.DataFrame(widths_of("ours", "qat", (2, 8)) + widths_of("original", "qat", (8,)))
    (ax,) = quantization.accuracy_by_bytes(points, (66_608, 94.0)).axes
    assert [text.get_text() for text in ax.texts] == ["2", "8", "float32"]
    assert list(ax.lines[0].get_xdata()) == [1000, 2000]


def test_grids_are_drawn_over_the_weights():
    figure = quantization.grids_over_weights(np.array([[-1.0, 0.5], [0.0, 1.0]]), {"extremes": [-1, 0, 1]})
    (ax,) = figure.axes
    assert ax.get_title(loc="left") == "extremes: 50 % become zero"
    (histogram,) = ax.collections  # a step: one path
    assert histogram.get_paths()[0].vertices[:, 1].max() == 1  # each of the four values in a bin of its own
    assert [line.get_xdata()[0] for line in ax.lines] == [-1, 0, 1]


def test_causes_have_a_panel_for_each_width_and_a_row_for_each_recipe():
    points = pandas.DataFrame(
        [*widths_of("as it was", "ptq", (3, 2)), *widths_of("with a learned range", "qat", (3, 2))]
    )
    figure = quantization.causes(points)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["3 bits", "2 bits"]
    assert ticks(figure.axes[0]) == ["as it was", "with a learned range"]
    assert [list(line.get_xdata()) for line in figure.axes[0].lines] == [[89], [89]]
    assert quantization.causes(points[:0]) is None


def points_of_pruning():
    columns = {
        "sparsity": [0.0, 0.5],
        "channels": [8, 4],
        "parameters": [16_652, 8_328],
        "flops": [672e3, 336e3],
    }
    for when, mean in (("raw", [94.0, 80.0]), ("finetuned", [94.5, 93.0])):
        for bound, shift in (("mean", 0), ("low", -1), ("high", 1)):
            columns[f"{when}_{bound}"] = [value + shift for value in mean]
    return pandas.DataFrame(columns)


def test_sparsity_curves_stand_at_what_is_left():
    ax, *_ = pruning.sparsity_curves(points_of_pruning(), {50: 91.0, 90: 70.0}).axes
    tuned = next(line for line in ax.lines if line.get_label() == "fine-tuned")
    assert list(tuned.get_xdata()) == [16_652, 8_328]
    assert list(tuned.get_ydata()) == [94.5, 93.0]
    original = next(line for line in ax.lines if line.get_label().startswith("original"))
    assert (list(original.get_xdata()), list(original.get_ydata())) == ([8_328], [91.0])  # at a share we have


def test_channel_curves_have_a_panel_for_each_cost():
    latencies = {c: Latency("PyTorch", "CPU", 1, (c / 100, c / 100, c / 100)) for c in (8, 4)}
    figure = pruning.channel_curves(points_of_pruning(), latencies, {4: 92.0})
    accuracy, time = figure.axes
    assert (accuracy.get_xlabel(), time.get_ylabel()) == ("parameters", "CPU latency (µs)")
    (upper,) = accuracy.child_axes
    assert [tick.get_text() for tick in upper.get_xticklabels()] == ["0.67", "0.34"]
    assert list(time.lines[0].get_xdata()) == [8, 4]
    assert list(time.lines[0].get_ydata()) == pytest.approx([80, 40])


def test_criteria_have_a_panel_for_each_size_of_block():
    index = pandas.MultiIndex.from_tuples([("L1", 1), ("LAMP", 1), ("L1", 4)])
    table = pandas.DataFrame([[90.0, 60.0], [91.0, 70.0], [85.0, 50.0]], index=index, columns=[0.5, 0.9])
    single, blocks = pruning.criteria(table).axes
    assert [line.get_label() for line in single.lines] == ["L1", "LAMP"]
    assert list(blocks.lines[0].get_ydata()) == [85.0, 50.0]


def test_memory_of_the_firmware_by_channels():
    costs = {c: Cost(ms=1, linear_ms=1, flash=20_000 + c, ram=9_000 + c, constants=1) for c in (8, 4)}
    (ax,) = pruned_board.memory_by_channels(costs).axes
    assert {line.get_label(): list(line.get_ydata()) for line in ax.lines} == {
        "flash": [20.008, 20.004],
        "RAM": [9.008, 9.004],
    }
