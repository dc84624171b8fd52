"""Tables of Part 6: means over seeds by point, comparison of criteria, times of narrow networks."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.checkpoints import load_checkpoint
from kwslib.features.dataset import FeatureSet
from kwslib.measure.latency import Latency, pytorch
from kwslib.measure.profiling import costs
from kwslib.networks.models import ModelConfig, build
from kwslib.networks.training import score
from kwslib.pruning import channels
from kwslib.pruning.weights import Pruning, raw_accuracies
from kwslib.quantization.grids import TERNARY
from kwslib.record import names
from kwslib.record.comparison import load_original
from kwslib.record.values import Value, Values, over_seeds
from kwslib.report.numbers import with_interval
from kwslib.statistics import mean_share

if TYPE_CHECKING:
    import pandas

WHEN = ("raw", "finetuned", "qat_8")  # accuracy before and after fine-tuning, and in int8 after QAT
BOUNDS = ("mean", "low", "high")
FALL = 0.05  # of the accuracy: a loss that nobody overlooks in Figures 13 and 14
CRITERIA = {
    "l1": "L1",
    "l2": "L2",
    "linf": "L∞",
    "lamp": "LAMP",
    "fisher": "Fisher",
}  # as a reader knows them
COUNTS = ("sparsity", "channels", "parameters", "flops")
COLUMNS = (*COUNTS, *(f"{when}_{bound}" for when in WHEN for bound in BOUNDS), "seeds")


def over_points(rows: "pandas.DataFrame", structured: bool) -> "pandas.DataFrame":
    """A row for each point: counts, and mean, low and high of accuracy over seeds (%) at each stage of WHEN."""
    import pandas

    points = []
    for _, group in rows[rows.structured == structured].groupby("sparsity", sort=True):
        point = {name: group[name].iloc[0] for name in COUNTS}
        for when in WHEN:
            bounds = mean_share(list(group[when]))
            point |= {f"{when}_{name}": 100 * value for name, value in zip(BOUNDS, bounds, strict=True)}
        points.append(point | {"seeds": len(group)})
    table = pandas.DataFrame(points, columns=COLUMNS)
    return table if len(table) else table.astype(float)


def point_values(rows: "pandas.DataFrame") -> Values:
    """Accuracy of each point at each stage, mean over seeds with its t interval, and its counts.

    Counts are parameters and, for channels, also FLOPs, bytes in flash, and bytes with ternary weights.
    """
    values = {}
    for (structured, _), group in rows.groupby(["structured", "sparsity"]):
        point, known = group["point"].iloc[0], group.dropna(axis=1)
        for when in [stage for stage in (*WHEN, names.qat(TERNARY)) if stage in known]:
            values[names.accuracy(point, when)] = over_seeds(mean_share(list(group[when])), len(group))
        values[names.parameters(point)] = Value(int(group["parameters"].iloc[0]))
        if structured:
            values[names.flops(point)] = Value(int(group["flops"].iloc[0]), "FLOP")
            values[names.flash_weights(point)] = Value(int(group["flash_8"].iloc[0]), "B")
        if "flash_ternary" in known:
            size = int(group["flash_ternary"].iloc[0])
            values[names.flash_weights(names.ternary(point))] = Value(size, "B")
    return values


def points_table(points: "pandas.DataFrame") -> "pandas.DataFrame":
    """`over_points` as a table for display: mean accuracies (%) with their intervals."""
    import pandas

    table = pandas.DataFrame({"removed": [f"{100 * share:g} %" for share in points.sparsity]})
    for name in ("channels", "parameters", "flops"):
        table[name] = [f"{value:,}" for value in points[name]]
    for when in WHEN:
        bounds = zip(*(points[f"{when}_{bound}"] for bound in BOUNDS), strict=True)
        table[when] = [with_interval(*each) for each in bounds]
    return table.set_index("removed").rename(
        columns={
            "flops": "FLOPs",
            "raw": "no fine-tuning (%)",
            "finetuned": "fine-tuned (%)",
            "qat_8": "int8 (%)",
        }
    )


def widths_table() -> "pandas.DataFrame":
    """Parameters, MACs and FLOPs of TinyConv with 8 to 1 channels."""
    import pandas

    counts = {c: costs(build(ModelConfig(channels=c))) for c in range(8, 0, -1)}
    rows = {c: {"parameters": n.parameters, "MACs": n.macs, "FLOPs": n.flops} for c, n in counts.items()}
    return pandas.DataFrame(rows).T.rename_axis("channels")


def raw_by_criterion(
    bases: Mapping[int, Path],
    training: FeatureSet,
    testing: FeatureSet,
    sparsities: Sequence[float],
    criteria: Iterable[tuple[str, int]],
) -> "pandas.DataFrame":
    """Mean test accuracy (%) over seeds without fine-tuning: rows (criterion, block), a column for each sparsity."""
    import pandas

    networks = {seed: load_checkpoint(path)[0] for seed, path in bases.items()}
    rows = {}
    for criterion, block in criteria:
        plans = [Pruning(share, criterion, block=block) for share in sorted(sparsities)]
        accuracy = [raw_accuracies(m, plans, training, testing, seed) for seed, m in networks.items()]
        rows[CRITERIA.get(criterion, criterion), block] = 100 * np.mean(accuracy, axis=0)
    return pandas.DataFrame(rows, index=sorted(sparsities)).T.rename_axis(["criterion", "block"])


def criteria_table(accuracies: "pandas.DataFrame") -> "pandas.DataFrame":
    """`raw_by_criterion` for display: the shares that are removed in per cent."""
    return accuracies.rename(columns=lambda share: f"{100 * share:g} %")


def channels_by_criterion(
    bases: Mapping[int, Path], training: FeatureSet, testing: FeatureSet
) -> "pandas.DataFrame":
    """Mean test accuracy (%) over seeds without fine-tuning: rows are criteria, columns channels left, 7 to 1."""
    import pandas

    from kwslib.experiments.pruning import EXAMPLES

    networks = [load_checkpoint(path)[0] for path in bases.values()]
    x, y = (part[:EXAMPLES] for part in training.copy(0))
    rows = {}
    for criterion in channels.CRITERIA:
        orders = [channels.removal_orders(m, criterion, x, y)[0] for m in networks]
        rows[CRITERIA.get(criterion, criterion)] = {
            c: 100
            * mean_share(
                [
                    score(channels.keep_channels(m, o[-c:]), testing)[1]
                    for m, o in zip(networks, orders, strict=True)
                ]
            ).mean
            for c in range(7, 0, -1)
        }
    return pandas.DataFrame(rows).T


def cpu_latencies() -> dict[int, Latency]:
    """Latency of every width in PyTorch on this CPU, as in Part 2."""
    return {c: pytorch(build(ModelConfig(channels=c))) for c in range(8, 0, -1)}


def latency_values(times: Mapping[int, Latency]) -> Values:
    """The median of every width."""
    return {
        names.cpu_latency_ms(names.channels(c)): Value(time.median, "ms", n=len(time.milliseconds))
        for c, time in times.items()
    }


def reach_values(rows: "pandas.DataFrame") -> Values:
    """Range of pruning: the shares that the points cover, and those at which mean accuracy over seeds holds and falls.

    Accuracy falls at the smallest share with a loss of more than FALL relative to the whole network, and holds at the
    share before it, which is left out if there is none; without a fall, or without the whole network, both are.
    """
    values = {"channels_threshold_highest": Value(max(channels.THRESHOLDS), "%")}
    shares = rows[~rows.structured].sparsity
    if len(shares):
        values["sparsity_lowest"] = Value(shares.min(), "fraction")
        values["sparsity_highest"] = Value(shares.max(), "fraction")
    for kind, structured in (("unstructured", False), ("channels", True)):
        for when in ("raw", "finetuned"):
            means = rows[rows.structured == structured].groupby("sparsity")[when].mean()
            whole = rows[rows.sparsity == 0].raw.mean()
            fallen = means.index[means < whole - FALL]
            if len(fallen):
                values[names.removed_share("falls", kind, when)] = Value(fallen[0], "fraction")
                before = means.index[means.index < fallen[0]]
                if len(before):
                    values[names.removed_share("holds", kind, when)] = Value(before.max(), "fraction")
    return values


def originals(kind: str) -> dict[int, float]:
    """The original's accuracies (%): of "unstructured" by percent of the weights removed, of "channels" by channels."""
    stated = {entry.ours: float(entry.value) for entry in load_original().values()}
    points = {c: names.channels(c) for c in range(1, 9)}
    if kind == "unstructured":
        points = {percent: names.unstructured(percent) for percent in range(100)}
    return {
        number: stated[name]
        for number, point in points.items()
        for when in ("raw", "finetuned")
        if (name := f"06_pruning/{names.accuracy(point, when)}") in stated
    }
