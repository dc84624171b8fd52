"""What Part 6 reports of pruned networks on the board: break-even points, bytes, and which networks are best."""

import json
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from test_sparse import thinned
from tflite_files import tinyconv

from kwslib.board.cycles import rounded
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_sparse import compress
from kwslib.report.part6 import board_figures as draw
from kwslib.report.part6 import trade_off
from kwslib.report.part6.board import (
    BOTH,
    DENSE,
    LINEAR,
    Cost,
    break_even,
    constant_bytes,
    formats_table,
    measure_channels,
    measure_sparse,
    removed_table,
    sparse_table,
)


class Notes(SimpleNamespace):
    """A run that only remembers what is recorded."""

    def record(self, name, value, unit="", ci95=None, n=None):
        self.values[name] = {"value": value, "unit": unit}


@pytest.fixture
def run(tmp_path):
    return Notes(values={}, results=tmp_path, synthetic=True)


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    whole = read_network(tinyconv(tmp_path_factory.mktemp("model") / "tinyconv.tflite"))
    return {f"unstructured_{100 * share:g}": thinned(whole, share) for share in (0.0, 0.6, 0.9)}


def costs_of(zeros, dense, sparse):
    columns = {"zeros": zeros}
    for what in ("flash", "ms"):
        columns |= {f"{what}, {DENSE}": dense, f"{what}, {LINEAR}": sparse, f"{what}, {BOTH}": sparse}
    return pandas.DataFrame(columns, index=[0.0, 50.0, 90.0])


def test_forms_break_even_where_their_lines_cross(run):
    even = break_even(run, costs_of([0.0, 50.0, 100.0], [10.0] * 3, [20.0, 12.0, 4.0]))
    assert even[f"ms, {BOTH}"] == pytest.approx(62.5)
    assert run.values["breakeven_flash"]["value"] == pytest.approx(0.625)
    assert break_even(run, costs_of([0.0, 50.0, 100.0], [10.0] * 3, [20.0, 15.0, 11.0])) == {}


def test_sparse_networks_on_the_board(run, networks):
    costs = measure_sparse(run, networks)
    assert list(costs.index) == [0, 60, 90]
    assert costs["zeros"].loc[90] == pytest.approx(90, abs=2)
    assert costs[f"ms, {BOTH}"].loc[90] < costs[f"ms, {LINEAR}"].loc[90] < costs[f"ms, {DENSE}"].loc[90]
    assert run.values["board_ms_sparse_90"]["value"] == rounded(costs[f"ms, {BOTH}"].loc[90])
    assert 0.8 < run.values["board_share_convolution"]["value"] < 0.99
    assert len(sparse_table(costs)) == 3
    assert len(draw.sparse_costs(costs, break_even(run, costs)).axes) == 2


def test_bytes_are_those_of_the_arrays(networks):
    network = networks["unstructured_90"]
    layer = next(layer for layer in compress(network, 1).layers if layer.kind == "sparse")
    fields = layer.fields
    assert constant_bytes([layer]) == fields["groups"].size + 2 * len(fields["counts"]) + sum(
        array.nbytes for array in fields["output"].values() if isinstance(array, np.ndarray)
    )
    table = formats_table(networks)
    assert table.loc["90 %", "dense"] == "16,000"
    assert table.loc["90 %", "8-bit gaps"] == f"{fields['groups'].size + 8:,}"


def test_times_follow_the_channels_in_figure_15(run, networks):
    costs = {c: Cost(ms=0.4 + 0.8 * c, linear_ms=0.1, flash=1, ram=1, constants=1) for c in (8, 7, 4)}
    table = removed_table(costs)
    assert list(table["original (ms)"]) == [87.85, 84.08, 72.16]
    assert table.loc[50, "ours, saved (%)"] == pytest.approx(100 * 3.2 / 6.8)
    assert len(draw.removed_channels(table).axes) == 1
    assert set(measure_channels(run, {"channels_8": networks["unstructured_0"]})) == {8}
    assert "board_time_saved_channels_4" not in run.values


def test_the_best_networks_are_beaten_by_none(run):
    def value(number):
        return {"value": number, "ci95": [number - 0.01, number + 0.01]}

    quantized = {"accuracy_qat_8bit": value(0.95), "flash_weights_8bit": {"value": 16_000}}
    (run.results / "05_quantization.json").write_text(json.dumps({"values": quantized}))
    run.values = {
        "accuracy_channels_4_qat_8": value(0.94),
        "flash_weights_channels_4": {"value": 8_000},
        "board_ms_channels_4": {"value": 3.4},
        "accuracy_channels_4_qat_ternary": value(0.94),
        "flash_weights_channels_4_ternary": {"value": 1_700},
        "board_ms_channels_4_ternary": {"value": 3.6},
        "accuracy_unstructured_90_qat_8": value(0.93),
        "flash_weights_sparse_90": {"value": 4_000},
        "board_ms_sparse_90": {"value": 3.0},
    }
    table = trade_off.models(run)
    assert set(table.index[table["best by flash"]]) == {"8 bit", "4 ch, ternary"}
    assert set(table.index[table["best by ms"]]) == {"90 % sparse", "4 ch"}
    assert table.loc["4 ch", "kind"] == "narrow"
    assert np.isnan(table.loc["8 bit", "ms"])
    trade_off.write(run, table)
    assert pandas.read_csv(run.results / trade_off.FILE).shape == (4, 9)
    assert len(trade_off.shown(table)) == 4
    assert len(draw.trade_off(table).axes) == 2
