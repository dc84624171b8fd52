"""The tables of Parts 5 and 6 from rows of a sweep, on numbers that can be counted by hand."""

import numpy as np
import pandas
import pytest

from kwslib.measure.latency import Latency
from kwslib.report.part5 import tables as part5
from kwslib.report.part6 import board
from kwslib.report.part6 import tables as part6
from kwslib.statistics import student_factor

FLOATS = {0: 0.95, 1: 0.90}


def width(method, bits, *accuracies, recipe="ours", flash=1000.0):
    point = f"{method}_{bits}bit" + ("" if recipe == "ours" else f"_{recipe}")
    return [
        {
            "point": point,
            "bits": bits,
            "method": method,
            "recipe": recipe,
            "seed": seed,
            "flash": flash,
            "testing": accuracy,
            "validation": accuracy - 0.01,
        }
        for seed, accuracy in enumerate(accuracies)
    ]


QUANTIZED = pandas.DataFrame(
    [
        *width("ptq", 8, 0.94, 0.90),
        *width("qat", 8, 0.95, 0.90),
        *width("ptq", 2, 0.50, 0.30),
        *width("qat", 2, 0.90, 0.86),
        *width("ptq", 8, 0.80, 0.70, recipe="original", flash=np.nan),
    ]
)


def test_a_loss_is_taken_seed_by_seed():
    values = part5.point_values(QUANTIZED, FLOATS)
    assert values["accuracy_float"].value == pytest.approx(0.925)
    assert values["accuracy_ptq_2bit"].value == pytest.approx(0.40)
    assert values["accuracy_ptq_2bit_lowest"].value == pytest.approx(0.30)
    loss = values["loss_ptq_8bit"]
    assert loss.value == pytest.approx(np.mean([0.95 - 0.94, 0.90 - 0.90]))
    assert values["flash_weights_8bit"].value == 1000
    table = part5.losses_table(QUANTIZED, FLOATS)
    assert table.loc[("PTQ", 8), "mean"] == pytest.approx(100 * loss.value)
    assert table.loc[("PTQ", 8), "95 % from"] == pytest.approx(100 * loss.ci95[0])


def test_points_over_seeds():
    points = part5.over_seeds(QUANTIZED)
    row = points[(points.recipe == "original") & (points.bits == 8)].iloc[0]
    assert (row["mean"], row.lowest, row.highest) == pytest.approx((75, 70, 80))
    table = part5.widths_table(points)
    assert list(table.index) == [8, 2]
    assert table.loc[2, "QAT, ours"] == "88.0 (86.0 to 90.0)"
    assert table.loc[2, "PTQ, original's recipe"] == ""


def test_methods_are_compared_seed_by_seed_over_as_many_widths_as_there_are():
    differences = part5.paired_differences(QUANTIZED)
    assert differences[8] == pytest.approx([0.01, 0.0])
    assert differences[2] == pytest.approx([0.40, 0.56])
    assert part5.paired_values(differences)["qat_minus_ptq_2bit"].value == pytest.approx(0.48)
    rows = {8: [0.001, 0.0, -0.001], 2: [0.40, 0.41, 0.42], 1: [-0.2, -0.21, -0.22]}
    table = part5.paired_table(rows)
    assert table["better"].tolist() == ["not told apart", "QAT", "PTQ"]
    low = float(table.loc[2, "QAT more than PTQ (points)"].split("(")[1].split()[0])
    half = (
        4.303 * np.std(rows[2], ddof=1) / np.sqrt(3) * student_factor(3, 3)
    )  # t at 2 degrees, widened for three
    assert low == pytest.approx(100 * (0.41 - half), abs=0.01)
    assert part5.paired_differences(QUANTIZED[QUANTIZED.method == "ptq"]) == {}


def pruned(structured, share, channels, raw, finetuned, qat, parameters=100):
    name = f"channels_{channels}" if structured else f"unstructured_{round(100 * share)}"
    return [
        {
            "structured": structured,
            "sparsity": share,
            "channels": channels,
            "point": name,
            "parameters": parameters,
        }
        | {"flops": 2 * parameters, "raw": raw + shift, "finetuned": finetuned + shift, "qat_8": qat + shift}
        | {"flash_8": parameters, "seed": seed}
        for seed, shift in enumerate((0.0, 0.02))
    ]


PRUNED = pandas.DataFrame(
    [
        *pruned(False, 0.0, 8, 0.94, 0.94, 0.94, 1000),
        *pruned(False, 0.5, 8, 0.93, 0.94, 0.93, 500),
        *pruned(False, 0.9, 8, 0.60, 0.92, 0.91, 100),
        *pruned(False, 0.99, 8, 0.30, 0.70, 0.69, 10),
        *pruned(True, 0.5, 4, 0.80, 0.93, 0.92, 500),
    ]
)


def test_points_of_pruning_over_seeds():
    points = part6.over_points(PRUNED, structured=False)
    assert points.sparsity.tolist() == [0.0, 0.5, 0.9, 0.99]
    assert points.raw_mean.tolist() == pytest.approx([95, 94, 61, 31])
    assert (points.qat_8_low < points.qat_8_mean).all()
    table = part6.points_table(points)
    assert table.loc["90 %", "parameters"] == "100"
    assert table.loc["90 %", "fine-tuned (%)"].startswith("93.0 (")


def test_values_of_points_of_pruning():
    values = part6.point_values(PRUNED)
    assert values["accuracy_unstructured_90_raw"].value == pytest.approx(0.61)
    assert values["parameters_unstructured_99"].value == 10
    assert values["flops_channels_4"].value == 1000
    assert "flops_unstructured_90" not in values
    assert values["flash_weights_channels_4"].value == 500


def test_accuracy_falls_at_the_first_share_that_loses_too_much_and_holds_at_the_last_before():
    values = part6.reach_values(PRUNED)
    assert (values["sparsity_lowest"].value, values["sparsity_highest"].value) == (0.0, 0.99)
    assert (values["holds_unstructured_raw"].value, values["falls_unstructured_raw"].value) == (0.5, 0.9)
    assert values["falls_unstructured_finetuned"].value == 0.99
    assert values["falls_channels_raw"].value == 0.5
    assert "falls_channels_finetuned" not in values  # it lost 1 point


def test_a_width_costs_what_its_layers_count():
    table = part6.widths_table()
    assert table.loc[8, "parameters"] == 16_652
    assert table.loc[4, "MACs"] * 2 == table.loc[8, "MACs"]


def test_latencies_by_width():
    times = {8: Latency("PyTorch", "CPU", 1, (0.1, 0.2, 0.9))}
    value = part6.latency_values(times)["cpu_latency_ms_channels_8"]
    assert (value.value, value.n) == (0.2, 3)


def test_a_line_through_the_times():
    costs = {c: board.Cost(ms=0.4 + 0.8 * c, linear_ms=0, flash=1, ram=1, constants=1) for c in (8, 6, 4)}
    lines = board.fixed_and_per_channel(costs)
    assert lines["ours"] == pytest.approx((0.4, 0.8))
    assert list(board.fixed_and_per_channel({8: costs[8]})) == ["original"]
    assert board.channels_table(costs).loc[6, "network (ms)"] == "5.2"
