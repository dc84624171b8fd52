"""What Part 6 shows of pruned networks on the virtual board: bytes and milliseconds by sparsity and by channels.

Times are the cycle model's milliseconds at 64 MHz, recorded to two digits. Integer kernels take the same
time whatever they hear, so one clip, of silence, is enough.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kwslib.board.cycles import rounded
from kwslib.board.machine import Board
from kwslib.checkpoints import load_checkpoint
from kwslib.deployment.core_network import Layer, Network, read_network
from kwslib.deployment.core_packed import packed_network, read_integers
from kwslib.deployment.core_sparse import compress, dense_weights
from kwslib.deployment.tflite_flatbuffer import Description
from kwslib.deployment.tflite_write import to_tflite
from kwslib.labels import CLIP_SAMPLES, class_labels
from kwslib.progress import over_cores
from kwslib.quantization.integer import integer_network
from kwslib.record.comparison import load_original
from kwslib.record.recording import Run
from kwslib.report.part4.board import decompose, original_by_channels

if TYPE_CHECKING:
    import pandas

DENSE, LINEAR, BOTH = "dense", "sparse linear layer", "sparse, skipping"
TRIALS = {"quick": 40, "report": 500}  # in the simulated field, by profile
REMOVED = {
    0: 8,
    10: 7,
    50: 4,
}  # percent of the channels in Figure 15, and what the original's rounding leaves


@dataclass(frozen=True)
class Cost:
    """Of one inference: milliseconds of the network, and of its linear layer; bytes of the whole firmware, and of
    the network's constants."""

    ms: float
    linear_ms: float
    flash: int
    ram: int
    constants: int


def export_int8(run: Run, points: Sequence[str]) -> dict[str, Network]:
    """The first seed's int8 networks by point, each kept as tinyconv_<point>.tflite beside its checkpoint."""
    networks = {}
    for point in points:
        checkpoint = run.models / f"tinyconv_{point}_qat_8.pt"
        model, config, _ = load_checkpoint(checkpoint)
        digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()[:16]
        path = run.models / f"tinyconv_{point}.tflite"
        path.write_bytes(to_tflite(integer_network(model), Description(config.labels, config.arch, digest)))
        networks[point] = read_network(path)
    return networks


def measure(networks: Mapping[Any, Network]) -> dict[Any, Cost]:
    """What each network costs on the virtual board."""
    names = list(networks)

    def one(i: int) -> Cost:
        network = networks[names[i]]
        profile = Board(network, class_labels()).profile(np.zeros(CLIP_SAMPLES, np.int16))
        total = profile.cycles("network")
        linear = sum(f.cycles for f in profile.functions if f.name in ("kws_dense_layer", "kws_sparse_layer"))
        ms = profile.stages()["network"]["ms"]
        return Cost(
            ms, ms * linear / total, profile.flash_bytes, profile.ram_bytes, constant_bytes(network.layers)
        )

    return dict(zip(names, over_cores(one, range(len(names)), "board"), strict=True))


def constant_bytes(layers: Sequence[Layer]) -> int:
    """Bytes of all arrays that layers keep in flash."""

    def size(value: Any) -> int:
        if isinstance(value, dict):
            return sum(map(size, value.values()))
        return value.nbytes if isinstance(value, np.ndarray) else 0

    return sum(size(layer.fields) for layer in layers)


def measure_sparse(run: Run, networks: Mapping[str, Network]) -> "pandas.DataFrame":
    """Pruned networks in three forms: dense, the linear layer compressed, and outputs that it does not read skipped.

    A row for each network of networks ("unstructured_90" and so on) with the share removed from the linear layer,
    and flash and ms of each form. Recorded as flash_sparse_<percent> and board_ms_sparse_<percent>, of the last form.
    """
    import pandas

    first = next(iter(networks), None)
    forms: dict[Any, Network] = {(first, DENSE): networks[first]} if first else {}
    forms |= {(name, BOTH): compress(network, 1) for name, network in networks.items()}
    costs, rows = measure(forms), {}
    for name, network in networks.items():
        percent = name.rpartition("_")[2]
        zeros = np.mean(
            [(dense_weights(layer) == 0).mean() for layer in network.layers if layer.kind == "dense"]
        )
        row: dict[str, float] = {"zeros": 100 * float(zeros)}
        dense, both = costs[first, DENSE], costs[name, BOTH]
        linear_only = replace(
            both, ms=dense.ms - dense.linear_ms + both.linear_ms
        )  # it still computes all outputs
        for form, cost in ((DENSE, dense), (LINEAR, linear_only), (BOTH, both)):
            row |= {
                f"flash, {form}": cost.flash,
                f"ms, {form}": cost.ms,
                f"constants, {form}": cost.constants,
            }
        rows[float(percent)] = row
        run.record(f"flash_sparse_{percent}", both.flash, "B")
        run.record(f"flash_weights_sparse_{percent}", both.constants, "B")
        run.record(f"board_ms_sparse_{percent}", rounded(both.ms), "ms")
        run.record(f"board_ms_sparse_{percent}_linear_only", rounded(linear_only.ms), "ms")
    if first:
        dense = costs[first, DENSE]
        run.record("flash_dense", dense.flash, "B")
        run.record("board_ms_dense", rounded(dense.ms), "ms")
        run.record("board_share_convolution", 1 - dense.linear_ms / dense.ms, "fraction")
    return pandas.DataFrame(rows).T


def sparse_table(costs: "pandas.DataFrame") -> "pandas.DataFrame":
    """`measure_sparse` as a reader wants it."""
    import pandas

    table = {"zeros in the linear layer (%)": [f"{zeros:.1f}" for zeros in costs["zeros"]]}
    for form in (DENSE, BOTH):
        table[f"flash, {form} (B)"] = [f"{int(size):,}" for size in costs[f"flash, {form}"]]
    for form in (DENSE, LINEAR, BOTH):
        table[f"{form} (ms)"] = [f"{rounded(ms):g}" for ms in costs[f"ms, {form}"]]
    names = pandas.Index([f"{percent:g} %" for percent in costs.index], name="removed")
    return pandas.DataFrame(table, index=names)


def break_even(run: Run, costs: "pandas.DataFrame") -> dict[str, float]:
    """Share of zeros in the linear layer (%) from which on each sparse form costs less than the dense one.

    Taken between the measured networks on a straight line, and recorded as breakeven_<what>; what never breaks even
    among them is left out.
    """
    found = {}
    for what, form, name in (
        ("flash", BOTH, "flash"),
        ("ms", LINEAR, "ms_linear_only"),
        ("ms", BOTH, "ms"),
    ):
        if len(costs) == 0:
            continue
        lost = (costs[f"{what}, {form}"] - costs[f"{what}, {DENSE}"]).to_numpy()
        zeros = costs["zeros"].to_numpy()
        for i in range(1, len(lost)):
            if lost[i - 1] > 0 >= lost[i]:
                share = zeros[i - 1] + (zeros[i] - zeros[i - 1]) * lost[i - 1] / (lost[i - 1] - lost[i])
                found[f"{what}, {form}"] = float(share)
                run.record(f"breakeven_{name}", float(share) / 100, "fraction")
    return found


def formats_table(networks: Mapping[str, Network]) -> "pandas.DataFrame":
    """Bytes of the linear layer's weights by network (rows) and way to store them (columns)."""
    import pandas

    rows = {}
    for name, network in networks.items():
        (dense,) = (layer for layer in network.layers if layer.kind == "dense")
        (sparse,) = (layer for layer in compress(network, 1).layers if layer.kind == "sparse")
        weights = dense_weights(dense)
        left, rows_starts = np.count_nonzero(weights), 2 * len(weights)
        rows[f"{name.rpartition('_')[2]} %"] = {
            "dense": weights.size,
            "16-bit indices": 3 * left + rows_starts,
            "bitmap": weights.size // 8 + left,
            "8-bit gaps": sparse.fields["groups"].size + rows_starts,
        }
    return pandas.DataFrame(rows).T.map("{:,}".format).rename_axis("removed")


def measure_channels(run: Run, networks: Mapping[str, Network]) -> dict[int, Cost]:
    """Narrow networks ("channels_4" and so on) on the board, by channels.

    Recorded as board_ms_channels_<c>, flash_channels_<c> and ram_channels_<c>.
    """
    costs = measure({int(name.rpartition("_")[2]): network for name, network in networks.items()})
    for channels, cost in costs.items():
        run.record(f"board_ms_channels_{channels}", rounded(cost.ms), "ms")
        run.record(f"flash_channels_{channels}", cost.flash, "B")
        run.record(f"ram_channels_{channels}", cost.ram, "B")
    if {4, 8} <= set(costs):
        run.record("board_time_saved_channels_4", 1 - costs[4].ms / costs[8].ms, "fraction")
    return costs


def measure_ternary(run: Run, points: Sequence[str]) -> None:
    """The first seed's narrow networks on ternary weights on the board; recorded as board_ms_<point>_ternary."""
    networks = {
        point: packed_network(read_integers(run.models / f"tinyconv_{point}_qat_ternary.pt"))
        for point in points
    }
    for point, cost in measure(networks).items():
        run.record(f"board_ms_{point}_ternary", rounded(cost.ms), "ms")


def channels_table(costs: Mapping[int, Cost]) -> "pandas.DataFrame":
    """Flash, RAM and time by channels."""
    import pandas

    rows = {
        channels: {
            "flash (B)": f"{cost.flash:,}",
            "RAM (B)": f"{cost.ram:,}",
            "network (ms)": f"{rounded(cost.ms):g}",
        }
        for channels, cost in costs.items()
    }
    return pandas.DataFrame(rows).T.rename_axis("channels")


def removed_table(costs: Mapping[int, Cost]) -> "pandas.DataFrame":
    """Figure 15's times: by percent of the channels removed, the original's measured ms and ours."""
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
    return pandas.DataFrame(rows).T.rename_axis("removed (%)")


def in_field(run: Run, channels: Sequence[int]) -> "pandas.DataFrame":
    """Figure 15's accuracies (%) in the simulated field by percent of the channels removed: the original's live
    trials, and of the first seed's int8 network the mean, low and high (Wilson).

    Recorded as field_accuracy_channels_<c>. Networks that `export_int8` has not written are left out.
    """
    import pandas

    from kwslib.field.evaluate import run_trials

    stated, rows = load_original(), {}
    for percent, count in REMOVED.items():
        if count in channels:
            model = run.models / f"tinyconv_channels_{count}.tflite"
            result = run_trials(model, TRIALS[run.profile.name], corpus=run.corpus)
            run.record(f"field_accuracy_channels_{count}", result.accuracy, "fraction", result.ci95, result.n)
            bounds = dict(zip(("mean", "low", "high"), (result.accuracy, *result.ci95), strict=True))
            rows[percent] = {"original": stated[f"field_removed_{percent}"].value}
            rows[percent] |= {name: 100 * value for name, value in bounds.items()}
    return pandas.DataFrame(rows).T.rename_axis("removed (%)")


def fixed_and_per_channel(costs: Mapping[int, Cost]) -> dict[str, tuple[float, float]]:
    """Milliseconds (fixed, per channel) of the original's measured times and of ours."""
    lines = {"original": decompose(original_by_channels())}
    if len(costs) > 1:
        lines["ours"] = decompose({channels: cost.ms for channels, cost in costs.items()})
    return lines
