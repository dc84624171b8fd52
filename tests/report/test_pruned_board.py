"""What Part 6 reports of pruned networks on the board: break-even points, bytes, and which networks are best."""

import numpy as np
import pandas
import pytest
from small_networks import thinned
from tflite_files import tinyconv

from kwslib.board.cycles import rounded
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_sparse import compress
from kwslib.profiles import PROFILES
from kwslib.record.recording import Run
from kwslib.report.part6 import board_figures as draw
from kwslib.report.part6 import figures as curves
from kwslib.report.part6 import trade_off
from kwslib.report.part6.board import (
    BOTH,
    DENSE,
    LINEAR,
    Cost,
    break_even,
    break_even_values,
    channel_values,
    constant_bytes,
    formats_table,
    measure_sparse,
    removed_table,
    sparse_table,
    sparse_values,
)
from kwslib.report.part6.tables import over_points


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    whole = read_network(tinyconv(tmp_path_factory.mktemp("model") / "tinyconv.tflite"))
    return {percent: thinned(whole, percent / 100) for percent in (0.0, 60.0, 90.0)}


def costs_of(zeros, dense, sparse):
    columns = {"zeros": zeros}
    for what in ("flash", "ms"):
        columns |= {f"{what}, {DENSE}": dense, f"{what}, {LINEAR}": sparse, f"{what}, {BOTH}": sparse}
    return pandas.DataFrame(columns, index=[0.0, 50.0, 90.0])


def test_forms_break_even_where_their_lines_cross():
    even = break_even(costs_of([0.0, 50.0, 100.0], [10.0] * 3, [20.0, 12.0, 4.0]))
    assert even[f"ms, {BOTH}"] == pytest.approx(62.5)
    assert break_even_values(even)["breakeven_flash"].value == pytest.approx(0.625)
    assert break_even(costs_of([0.0, 50.0, 100.0], [10.0] * 3, [20.0, 15.0, 11.0])) == {}


def test_sparse_networks_on_the_board(networks):
    costs = measure_sparse(networks)
    assert list(costs.index) == [0, 60, 90]
    assert costs["zeros"].loc[90] == pytest.approx(90, abs=2)
    assert costs[f"ms, {BOTH}"].loc[90] < costs[f"ms, {LINEAR}"].loc[90] < costs[f"ms, {DENSE}"].loc[90]
    values = sparse_values(costs)
    assert values["board_ms_sparse_90"].value == rounded(costs[f"ms, {BOTH}"].loc[90])
    assert values["board_ms_dense"].value == rounded(costs[f"ms, {DENSE}"].loc[0])
    assert 0.8 < values["board_share_convolution"].value < 0.99
    assert len(sparse_table(costs)) == 3
    assert len(draw.sparse_costs(costs, break_even(costs)).axes) == 2


def test_bytes_are_those_of_the_arrays(networks):
    network = networks[90.0]
    layer = next(layer for layer in compress(network, 1).layers if layer.kind == "sparse")
    fields = layer.fields
    assert constant_bytes([layer]) == fields["groups"].size + 2 * len(fields["counts"]) + sum(
        array.nbytes for array in fields["output"].values() if isinstance(array, np.ndarray)
    )
    table = formats_table(networks)
    assert table.loc["90 %", "dense"] == "16,000"
    assert table.loc["90 %", "8-bit gaps"] == f"{fields['groups'].size + 8:,}"


def test_times_follow_the_channels_in_figure_15():
    costs = {c: Cost(ms=0.4 + 0.8 * c, linear_ms=0.1, flash=1, ram=1, constants=1) for c in (8, 7, 4)}
    table = removed_table(costs)
    assert list(table["original (ms)"]) == [87.85, 84.08, 72.16]
    assert table.loc[50, "ours, saved (%)"] == pytest.approx(100 * 3.2 / 6.8)
    assert len(draw.removed_channels(table).axes) == 1
    values = channel_values(costs)
    assert values["board_time_saved_channels_4"].value == pytest.approx(3.2 / 6.8)
    assert "board_time_saved_channels_4" not in channel_values({8: costs[8]})


def test_the_best_networks_are_beaten_by_none(tmp_path):
    quantized = {"accuracy_qat_8bit": {"value": 0.95}, "flash_weights_8bit": {"value": 16_000}}
    narrow = {"structured": True, "sparsity": 0.5, "point": "channels_4", "channels": 4, "qat_8": 0.94}
    narrow |= {"flash_8": 8_000, "qat_ternary": 0.94, "flash_ternary": 1_700}
    thin = {"structured": False, "sparsity": 0.9, "point": "unstructured_90", "channels": 8, "qat_8": 0.93}
    rows = pandas.DataFrame([{**point, "seed": seed} for point in (narrow, thin) for seed in (0, 1)])
    sparse = pandas.DataFrame({f"constants, {BOTH}": [4_000.0], f"ms, {BOTH}": [3.0]}, index=[90.0])
    costs = {
        name: Cost(ms=ms, linear_ms=0, flash=0, ram=0, constants=0) for name, ms in ((4, 3.4), ("t", 3.6))
    }
    table = trade_off.models(quantized, rows, sparse, {4: costs[4]}, {"channels_4": costs["t"]})
    assert set(table.index[table["best by flash"]]) == {"8 bit", "4 ch, ternary"}
    assert set(table.index[table["best by ms"]]) == {"90 % sparse", "4 ch"}
    assert table.loc["4 ch", "kind"] == "narrow"
    assert np.isnan(table.loc["8 bit", "ms"])
    run = Run("06_pruning", PROFILES["quick"], None, tmp_path, (0, 1))
    trade_off.write(run, table)
    assert pandas.read_csv(tmp_path / trade_off.FILE).shape == (4, 9)
    assert len(trade_off.shown(table)) == 4
    assert len(draw.trade_off(table).axes) == 2


def test_a_single_point_leaves_the_other_kinds_figures_out():
    nothing = pandas.DataFrame()
    assert draw.sparse_costs(measure_sparse({}), {}) is None
    assert draw.memory_by_channels({}) is None
    assert draw.removed_channels(removed_table({}), nothing) is None
    rows = pandas.DataFrame([{"structured": True, "sparsity": 0.5}])
    assert curves.sparsity_curves(over_points(rows, structured=False), {}) is None
    assert curves.channel_curves(over_points(rows[rows.sparsity == 0], structured=True), {}, {}) is None
    assert formats_table({}).empty
    assert sparse_table(measure_sparse({})).empty
    assert sparse_values(measure_sparse({})) == channel_values({}) == {}
