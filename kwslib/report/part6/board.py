"""Part 6's tables of pruned networks on the virtual board: bytes and milliseconds by sparsity and by channels.

Times are the cycle model's milliseconds at 64 MHz, recorded to two digits. The time of integer kernels does not depend
on their input, so that one clip, of silence, is enough.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kwslib.board.cycles import rounded
from kwslib.board.machine import Board
from kwslib.checkpoints import read_checkpoint
from kwslib.deployment.core_network import Network, constant_bytes, read_network
from kwslib.deployment.core_packed import packed_network, read_integers
from kwslib.deployment.core_sparse import compress, dense_weights
from kwslib.deployment.export import integer_tflite
from kwslib.experiments.pruning import PrunedPoint
from kwslib.labels import CLIP_SAMPLES, class_labels
from kwslib.progress import over_cores
from kwslib.quantization.grids import TERNARY
from kwslib.record import names
from kwslib.record.values import Value, Values
from kwslib.report.numbers import two_digits
from kwslib.report.part4.board import decompose, original_by_channels
from kwslib.writing import write_bytes

if TYPE_CHECKING:
    import pandas

DENSE, LINEAR, BOTH = "dense", "sparse linear layer", "sparse, skipping"
FORMS = {
    ("flash", BOTH): "flash",
    ("ms", LINEAR): "ms_linear_only",
    ("ms", BOTH): "ms",
}  # what may break even
COLUMNS = [
    "zeros",
    *(f"{what}, {form}" for form in (DENSE, LINEAR, BOTH) for what in ("flash", "ms", "constants")),
    "linear ms",
]
REMOVED = {
    0: 8,
    10: 7,
    50: 4,
}  # percent of the channels in Figure 15, and what the original's rounding leaves


@dataclass(frozen=True)
class Cost:
    """Cost of one inference: milliseconds of the network, and of its linear layer; bytes of the whole firmware, and of
    the network's constants."""

    ms: float
    linear_ms: float
    flash: int
    ram: int
    constants: int


def export_points(models: Path, points: Sequence[PrunedPoint]) -> dict[PrunedPoint, Network]:
    """The first seed's int8 networks by point, from their checkpoints in the folder of models, where each is
    also saved as a .tflite file."""
    networks = {}
    for point in points:
        path = models / names.pruned_tflite(point.name)
        content = integer_tflite(read_checkpoint(models / names.pruned_checkpoint(point.name, 8)))
        write_bytes(path, content)
        networks[point] = read_network(path, content)
    return networks


def measure(networks: Mapping[Any, Network]) -> dict[Any, Cost]:
    """Cost of each network on the virtual board."""
    names = list(networks)

    def cost_of(i: int) -> Cost:
        network = networks[names[i]]
        profile = Board(network, class_labels()).profile(np.zeros(CLIP_SAMPLES, np.int16))
        total = profile.cycles("network")
        linear = sum(f.cycles for f in profile.functions if f.name in ("kws_dense_layer", "kws_sparse_layer"))
        ms = profile.stages()["network"]["ms"]
        return Cost(
            ms, ms * linear / total, profile.flash_bytes, profile.ram_bytes, constant_bytes(network.layers)
        )

    return dict(zip(names, over_cores(cost_of, range(len(names)), "board"), strict=True))


def measure_sparse(networks: Mapping[float, Network]) -> "pandas.DataFrame":
    """Costs of pruned networks in three forms: dense, with compressed linear layer, and also skipping outputs
    it does not read.

    A row for each network, by the percent removed, with the share removed from the linear layer, and flash and ms of
    each form.
    """
    import pandas

    first = next(iter(networks), None)
    forms: dict[Any, Network] = {(first, DENSE): network for first, network in [*networks.items()][:1]}
    forms |= {(percent, BOTH): compress(network, 1) for percent, network in networks.items()}
    costs, rows = measure(forms), {}
    for percent, network in networks.items():
        zeros = np.mean(
            [(dense_weights(layer) == 0).mean() for layer in network.layers if layer.kind == "dense"]
        )
        row: dict[str, float] = {"zeros": 100 * float(zeros)}
        dense, both = costs[first, DENSE], costs[percent, BOTH]
        linear_only = replace(
            both, ms=dense.ms - dense.linear_ms + both.linear_ms
        )  # it still computes all outputs
        for form, cost in ((DENSE, dense), (LINEAR, linear_only), (BOTH, both)):
            row |= {
                f"flash, {form}": cost.flash,
                f"ms, {form}": cost.ms,
                f"constants, {form}": cost.constants,
            }
        row["linear ms"] = dense.linear_ms
        rows[float(percent)] = row
    return pandas.DataFrame.from_dict(rows, orient="index", columns=COLUMNS)


def sparse_values(costs: "pandas.DataFrame") -> Values:
    """Bytes and times from `measure_sparse` for the form that skips, and for the dense network."""
    values = {}
    for percent, row in costs.iterrows():
        network, ms = names.sparse(percent), row[f"ms, {BOTH}"]
        values[names.firmware("flash", network)] = Value(int(row[f"flash, {BOTH}"]), "B")
        values[names.flash_weights(network)] = Value(int(row[f"constants, {BOTH}"]), "B")
        values[names.board_ms(network)] = Value(rounded(ms), "ms")
        values[names.board_ms(network, "linear_only")] = Value(rounded(row[f"ms, {LINEAR}"]), "ms")
        values[names.firmware("flash", DENSE)] = Value(int(row[f"flash, {DENSE}"]), "B")
        values[names.board_ms(DENSE)] = Value(rounded(row[f"ms, {DENSE}"]), "ms")
    if len(costs):
        values["board_share_convolution"] = Value(convolution_share(costs), "fraction")
    return values


def convolution_share(costs: "pandas.DataFrame") -> float:
    """The convolution's share of the dense network's time; nan without a network."""
    return float(1 - costs["linear ms"].iloc[0] / costs[f"ms, {DENSE}"].iloc[0]) if len(costs) else math.nan


def sparse_table(costs: "pandas.DataFrame") -> "pandas.DataFrame":
    """`measure_sparse` as a table for display."""
    import pandas

    table = {"zeros in the linear layer (%)": [f"{zeros:.1f}" for zeros in costs["zeros"]]}
    for form in (DENSE, BOTH):
        table[f"flash, {form} (B)"] = [f"{int(size):,}" for size in costs[f"flash, {form}"]]
    for form in (DENSE, LINEAR, BOTH):
        table[f"{form} (ms)"] = [two_digits(ms) for ms in costs[f"ms, {form}"]]
    names = pandas.Index([f"{percent:g} %" for percent in costs.index], name="removed")
    return pandas.DataFrame(table, index=names)


def break_even(costs: "pandas.DataFrame") -> dict[str, float]:
    """Share of zeros in the linear layer (%) from which on each sparse form costs less than the dense one.

    Linearly interpolated between the measured networks; forms that do not break even among them are left out.
    """
    found = {}
    for quantity, form in FORMS if len(costs) else ():
        lost = (costs[f"{quantity}, {form}"] - costs[f"{quantity}, {DENSE}"]).to_numpy()
        zeros = costs["zeros"].to_numpy()
        for i in range(1, len(lost)):
            if lost[i - 1] > 0 >= lost[i]:
                share = zeros[i - 1] + (zeros[i] - zeros[i - 1]) * lost[i - 1] / (lost[i - 1] - lost[i])
                found[f"{quantity}, {form}"] = float(share)
    return found


def break_even_named(even: Mapping[str, float]) -> dict[str, float]:
    """`break_even` as it is printed: flash or time of a form."""
    return {form.replace("ms, ", "time, "): zeros for form, zeros in even.items()}


def break_even_values(even: Mapping[str, float]) -> Values:
    """`break_even` as shares."""
    wanted = {f"{quantity}, {form}": name for (quantity, form), name in FORMS.items()}
    return {names.breaks_even(wanted[form]): Value(zeros / 100, "fraction") for form, zeros in even.items()}


def formats_table(networks: Mapping[float, Network]) -> "pandas.DataFrame":
    """Bytes of the linear layer's weights by percent removed (rows) and way to store them (columns)."""
    import pandas

    rows = {}
    for percent, network in networks.items():
        (dense,) = (layer for layer in network.layers if layer.kind == "dense")
        (sparse,) = (layer for layer in compress(network, 1).layers if layer.kind == "sparse")
        weights = dense_weights(dense)
        left, rows_starts = np.count_nonzero(weights), 2 * len(weights)
        rows[f"{percent:g} %"] = {
            "dense": weights.size,
            "16-bit indices": 3 * left + rows_starts,
            "bitmap": weights.size // 8 + left,
            "8-bit gaps": sparse.fields["groups"].size + rows_starts,
        }
    return pandas.DataFrame(rows).T.map("{:,}".format).rename_axis("removed")


def channel_values(costs: Mapping[int, Cost]) -> Values:
    """Times and bytes of narrow networks by channels, and the saving with half of the channels."""
    values = {}
    for left, cost in costs.items():
        network = names.channels(left)
        values[names.board_ms(network)] = Value(rounded(cost.ms), "ms")
        values[names.firmware("flash", network)] = Value(cost.flash, "B")
        values[names.firmware("ram", network)] = Value(cost.ram, "B")
    if {4, 8} <= set(costs):
        values["board_time_saved_channels_4"] = Value(1 - costs[4].ms / costs[8].ms, "fraction")
    return values


def ternary_networks(models: Path, points: Sequence[str]) -> dict[str, Network]:
    """The first seed's narrow networks with ternary weights, by point, from the folder of models."""
    files = {point: models / names.pruned_checkpoint(point, TERNARY) for point in points}
    return {point: packed_network(read_integers(path)) for point, path in files.items()}


def ternary_values(costs: Mapping[str, Cost]) -> Values:
    """Times of `ternary_networks`."""
    return {
        names.board_ms(names.ternary(point)): Value(rounded(cost.ms), "ms") for point, cost in costs.items()
    }


def channels_table(costs: Mapping[int, Cost]) -> "pandas.DataFrame":
    """Flash, RAM and time by channels."""
    import pandas

    rows = {
        channels: {
            "flash (B)": f"{cost.flash:,}",
            "RAM (B)": f"{cost.ram:,}",
            "network (ms)": two_digits(cost.ms),
        }
        for channels, cost in costs.items()
    }
    return pandas.DataFrame(rows).T.rename_axis("channels")


def removed_table(costs: Mapping[int, Cost]) -> "pandas.DataFrame":
    """Figure 15's times by percentage of channels removed: the original's measured ms and ours."""
    import pandas

    theirs = original_by_channels()
    rows = {
        percent: {
            "channels": channels,
            "original (ms)": theirs[channels],
            "original, saved (%)": 100 * (1 - theirs[channels] / theirs[8]),
            "ours (ms)": costs[channels].ms,
            "ours, saved (%)": 100 * (1 - costs[channels].ms / costs[8].ms),
        }
        for percent, channels in REMOVED.items()
        if channels in costs and 8 in costs
    }
    return pandas.DataFrame.from_dict(rows, orient="index").rename_axis("removed (%)")


def fixed_and_per_channel(costs: Mapping[int, Cost]) -> dict[str, tuple[float, float]]:
    """Milliseconds (fixed, per channel) of the original's measured times and of ours."""
    lines = {"original": decompose(original_by_channels())}
    if len(costs) > 1:
        lines["ours"] = decompose({channels: cost.ms for channels, cost in costs.items()})
    return lines
