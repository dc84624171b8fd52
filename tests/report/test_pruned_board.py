"""What Part 6 reports of pruned networks on the board: break-even points, bytes, and which networks are best."""

import numpy as np
import pandas
import pytest
from small_networks import checkpoint, thinned
from tflite_files import tinyconv

from kwslib.board.cycles import rounded
from kwslib.deployment.core_network import constant_bytes, read_network
from kwslib.deployment.core_packed import TRITS
from kwslib.deployment.core_sparse import compress
from kwslib.experiments.pruning import PrunedPoint
from kwslib.profiles import PROFILES
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.report.part6 import board_figures as draw
from kwslib.report.part6 import field, tables, trade_off
from kwslib.report.part6 import figures as curves
from kwslib.report.part6.board import (
    BOTH,
    DENSE,
    LINEAR,
    Cost,
    break_even,
    break_even_named,
    break_even_values,
    channel_values,
    convolution_share,
    export_points,
    formats_table,
    measure_sparse,
    removed_table,
    sparse_table,
    sparse_values,
    ternary_networks,
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
    assert break_even_named(even) == pytest.approx(
        {f"flash, {BOTH}": 62.5, f"time, {LINEAR}": 62.5, f"time, {BOTH}": 62.5}
    )
    assert break_even(costs_of([0.0, 50.0, 100.0], [10.0] * 3, [20.0, 15.0, 11.0])) == {}


def test_the_convolution_s_share_is_what_the_linear_layer_leaves_of_the_dense_time():
    costs = costs_of([0.0, 50.0, 90.0], [8.0, 7.0, 6.0], [9.0] * 3).assign(**{"linear ms": [2.0, 1.0, 0.5]})
    assert convolution_share(costs) == pytest.approx(0.75)  # of the first row, where nothing is removed
    assert np.isnan(convolution_share(costs[:0]))


@pytest.mark.slow
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


def channels_of(networks):
    """Channels that each network's linear layer reads, from 25 rows and 20 columns of each."""
    return {name: network.layers[-1].fields["inputs"] / 500 for name, network in networks.items()}


def test_each_point_has_the_network_of_its_own_checkpoint(tmp_path):
    points = [PrunedPoint(share, structured=True) for share in (0.5, 0.75)]
    for point in points:
        for bits in point.widths:
            made = checkpoint(tmp_path, bits, channels=point.kept)
            made.rename(tmp_path / names.pruned_checkpoint(point.name, bits))
    assert channels_of(export_points(tmp_path, points)) == dict(zip(points, (4, 2), strict=True))
    written = {point: read_network(tmp_path / names.pruned_tflite(point.name)) for point in points}
    assert channels_of(written) == dict(zip(points, (4, 2), strict=True))
    ternary = ternary_networks(tmp_path, [point.name for point in points])
    assert channels_of(ternary) == {"channels_4": 4, "channels_2": 2}
    assert {network.layers[-1].fields["weights"]["bits"] for network in ternary.values()} == {TRITS}


def test_each_width_has_the_latency_of_its_own_network(monkeypatch):
    monkeypatch.setattr(tables, "pytorch", lambda model: model.conv.out_channels)
    assert tables.cpu_latencies() == {width: width for width in range(1, 9)}


def test_times_follow_the_channels_in_figure_15():
    costs = {c: Cost(ms=0.4 + 0.8 * c, linear_ms=0.1, flash=1, ram=1, constants=1) for c in (8, 7, 4)}
    table = removed_table(costs)
    assert list(table["original (ms)"]) == [87.85, 84.08, 72.16]
    assert table.loc[50, "ours, saved (%)"] == pytest.approx(100 * 3.2 / 6.8)
    assert len(draw.removed_channels(table).axes) == 1
    values = channel_values(costs)
    assert values["board_time_saved_channels_4"].value == pytest.approx(3.2 / 6.8)
    assert "board_time_saved_channels_4" not in channel_values({8: costs[8]})


def test_figure_15s_table_has_the_field_beside_the_times():
    times = pandas.DataFrame({"channels": [8, 4]}, index=pandas.Index([0, 50], name="removed (%)"))
    heard = {50: {"original": 45.0, "mean": 56.2, "low": 51.8, "high": 60.5}}
    shown = field.with_times(times, pandas.DataFrame(heard).T)
    assert shown.loc[50, "in field, ours (%)"] == "56.2 (51.8 to 60.5)"
    assert pandas.isna(shown.loc[0, "in field, original (%)"])
    assert field.with_times(times, pandas.DataFrame()).equals(times)


def trade_off_of(validation, testing):
    """The table of four networks, with so many per cent right by name; seeds differ by 0.1 points each way."""

    def seeds(name, column):
        return [
            {column: testing[name] / 100 + off, f"{column}_validation": validation[name] / 100 + off}
            for off in (-0.001, 0.0, 0.001)
        ]

    quantized = {
        "flash_weights_8bit": {"value": 16_000},
        "accuracy_qat_8bit": {"value": testing["8 bit"] / 100},
    }
    quantized["validation_qat_8bit"] = {"value": validation["8 bit"] / 100}
    halved = {"structured": True, "sparsity": 0.5, "point": "channels_4", "channels": 4}
    thin = {"structured": False, "sparsity": 0.9, "point": "unstructured_90", "channels": 8}
    sizes = {"flash_8": 8_000, "flash_ternary": 1_700}
    rows = [
        halved | sizes | one | other
        for one, other in zip(seeds("4 ch", "qat_8"), seeds("4 ch, ternary", "qat_ternary"), strict=True)
    ]
    rows += [thin | one for one in seeds("90 % sparse", "qat_8")]
    sparse = pandas.DataFrame({f"constants, {BOTH}": [4_000.0], f"ms, {BOTH}": [3.0]}, index=[90.0])
    costs = [Cost(ms=ms, linear_ms=0, flash=0, ram=0, constants=0) for ms in (3.4, 3.6)]
    return trade_off.models(
        quantized, pandas.DataFrame(rows), sparse, {4: costs[0]}, {"channels_4": costs[1]}
    )


def best(table, size):
    return set(table.index[table[f"best by {size}"]])


def test_the_best_networks_are_chosen_on_validation_clips_and_reported_on_test_clips(tmp_path):
    validation = {"8 bit": 95.0, "4 ch": 94.0, "4 ch, ternary": 93.0, "90 % sparse": 92.0}
    table = trade_off_of(validation, testing={**validation, "90 % sparse": 99.0})
    assert best(table, "flash") == {"8 bit", "4 ch", "4 ch, ternary"}
    assert best(table, "ms") == {"90 % sparse", "4 ch"}
    assert table.loc["90 % sparse", "accuracy"] == pytest.approx(99)
    assert table.loc["4 ch", "kind"] == "narrow"
    assert np.isnan(table.loc["8 bit", "ms"])
    run = Run("06_pruning", PROFILES["quick"], None, tmp_path, (0, 1))
    trade_off.write(run, table)
    assert pandas.read_csv(tmp_path / trade_off.FILE).shape == (4, 12)
    shown = trade_off.shown(table)
    assert shown.loc["4 channels", "best by"] == "bytes and time"
    assert "4 channels, ternary" in shown.index
    assert shown.loc["90 % sparse", "validation (%)"] == "92.0 (91.8 to 92.2)"
    assert shown.loc["90 % sparse", "test (%)"] == "99.0 (98.8 to 99.2)"
    assert len(draw.trade_off(table).axes) == 2


def test_a_step_smaller_than_the_intervals_is_no_step():
    validation = {"8 bit": 93.2, "4 ch": 93.2, "4 ch, ternary": 93.0, "90 % sparse": 93.1}
    table = trade_off_of(validation, testing=validation)
    assert best(table, "flash") == {"4 ch, ternary"}
    assert best(table, "ms") == {"90 % sparse"}


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
