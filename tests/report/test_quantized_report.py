"""Part 5's tables of networks as integers: what they check, and what they record."""

from dataclasses import replace

import numpy as np
import pandas
import pytest
from small_networks import Q8, SOUND, checkpoint

from kwslib.errors import CheckFailed
from kwslib.features.dataset import FeatureSet
from kwslib.features.frontend import features
from kwslib.report.part5.board import (
    board_cost,
    board_costs,
    board_table,
    board_values,
    energy_uj,
    in_micro,
    integers_table,
    micro_table,
    micro_values,
)
from kwslib.report.part5.tables import activation_values, activations_table

TESTING = FeatureSet(features(SOUND), np.array([2, 3]), ("a", "b"))


def test_milliseconds_are_energy_at_the_data_sheet_s_current():
    assert energy_uj(1000) == pytest.approx(3.3 * 3.0 * 1000)  # mA x V x ms is microjoules


def test_the_board_s_table_has_a_row_for_each_width_and_records_time_and_energy(tmp_path):
    costs = board_costs({2: checkpoint(tmp_path, 2)}, TESTING, SOUND, quick=True)
    table = board_table(costs)
    assert list(table.index) == ["2 bits"]
    assert table.loc["2 bits", "flash, constants (B)"] == "4,268"
    values = board_values(costs)
    ms, energy = (values[f"board_{what}_2bit"].value for what in ("ms", "energy"))
    assert 5 < ms < 9
    assert energy == pytest.approx(energy_uj(ms), rel=0.02)  # both to two digits


@pytest.mark.slow
def test_the_quick_profile_leaves_a_single_point_its_width(tmp_path):
    assert list(board_costs({3: checkpoint(tmp_path, 3)}, TESTING, SOUND, quick=True)) == [3]
    assert board_table(board_costs({}, TESTING, SOUND, quick=True)).empty  # a point of PTQ trains none


def test_a_board_that_computes_otherwise_is_noticed(tmp_path):
    path = checkpoint(tmp_path, 2)
    with pytest.raises(CheckFailed, match="not those of its integers"):
        board_cost(path, TESTING.x[::-1].copy(), TESTING.y, SOUND)


def test_a_core_that_computes_otherwise_is_noticed(tmp_path, monkeypatch):
    path = checkpoint(tmp_path, 2)
    assert list(integers_table({2: path}, TESTING).index) == ["2 bits"]
    monkeypatch.setattr(
        "kwslib.report.part5.board.run_network", lambda network, q8: np.zeros((2, 4), np.int8)
    )
    with pytest.raises(CheckFailed, match="disagree"):
        integers_table({2: path}, TESTING)


def test_tflm_computes_the_trained_network_s_integers(tmp_path):
    pytest.importorskip("tflite_micro")
    path = checkpoint(tmp_path, 8)
    point = {"recipe": "ours", "bits": 8, "seed": 0}
    rows = pandas.DataFrame([point | {"method": method, "testing": 0.5} for method in ("ptq", "qat")])
    testing = replace(TESTING, x=Q8, y=np.zeros(len(Q8), int))
    found = in_micro(path, testing)
    assert micro_values(found)["tflm_within_one_percent"].value == 100
    table = micro_table({8: found}, rows)
    assert (
        list(micro_table({8: found}, rows[rows.method == "qat"])) == list(table)[:-1]
    )  # a sweep's single point
    assert table["TFLM within 1 of PyTorch, rounded (%)"].item() >= 98
    assert path.with_suffix(".tflite").is_file()


def test_activations_are_compared_over_the_same_seeds():
    def row(recipe, seed, accuracy):
        return {"recipe": recipe, "method": "qat", "bits": 4, "seed": seed, "testing": accuracy}

    rows = pandas.DataFrame([row("ours", 0, 0.9), row("ours", 1, 0.8), row("ours", 2, 0.1)])
    wide = pandas.DataFrame([row("ours, wide activations", seed, 0.95) for seed in (0, 1)])
    table = activations_table(rows, wide)
    assert table.loc["4-bit weights"].tolist() == pytest.approx([85, 95])
    assert activation_values(wide)["accuracy_qat_4bit_activations_8bit"].n == 2
