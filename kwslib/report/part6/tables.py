"""What Part 6 shows of its runs: means over seeds by point, criteria side by side, times of narrow networks."""

import re
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
from kwslib.record.comparison import load_original
from kwslib.record.recording import Run
from kwslib.statistics import mean_share

if TYPE_CHECKING:
    import pandas

WHEN = ("raw", "finetuned", "qat_8")  # accuracy before and after fine-tuning, and in int8 after QAT
BOUNDS = ("mean", "low", "high")
FALL = 0.05  # of the accuracy: a loss that nobody overlooks in Figures 13 and 14
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


def record_points(run: Run, rows: "pandas.DataFrame") -> None:
    """Record accuracy_<point>_raw, _finetuned, _qat_8 and _qat_ternary, means over seeds with t intervals, and counts.

    Counts are parameters_<point>, of channels flops_<point> and flash_weights_<point>, and that of ternary weights.
    """
    for (structured, _), group in rows.groupby(["structured", "sparsity"]):
        name, made = group["point"].iloc[0], group.dropna(axis=1)
        for when in [stage for stage in (*WHEN, "qat_ternary") if stage in made]:
            mean = mean_share(list(group[when]))
            interval = mean[1:] if len(group) > 1 else None
            run.record(f"accuracy_{name}_{when}", mean.mean, "fraction", interval, n=len(group))
        run.record(f"parameters_{name}", int(group["parameters"].iloc[0]))
        if structured:
            run.record(f"flops_{name}", int(group["flops"].iloc[0]), "FLOP")
            run.record(f"flash_weights_{name}", int(group["flash_8"].iloc[0]), "B")
        if "flash_ternary" in made:
            run.record(f"flash_weights_{name}_ternary", int(group["flash_ternary"].iloc[0]), "B")


def points_table(points: "pandas.DataFrame") -> "pandas.DataFrame":
    """`over_points` as a reader wants it: mean accuracies (%) with their intervals."""
    import pandas

    table = pandas.DataFrame({"removed": [f"{100 * share:g} %" for share in points.sparsity]})
    for name in ("channels", "parameters", "flops"):
        table[name] = [f"{value:,}" for value in points[name]]
    for when in WHEN:
        bounds = zip(*(points[f"{when}_{bound}"] for bound in BOUNDS), strict=True)
        table[when] = [f"{mean:.1f} ({low:.1f} to {high:.1f})" for mean, low, high in bounds]
    return table.set_index("removed").rename(
        columns={"raw": "no fine-tuning (%)", "finetuned": "fine-tuned (%)", "qat_8": "int8 (%)"}
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
        rows[criterion, block] = 100 * np.mean(accuracy, axis=0)
    return pandas.DataFrame(rows, index=sorted(sparsities)).T.rename_axis(["criterion", "block"])


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
        orders = [channels.removal_order(m, criterion, x, y) for m in networks]
        rows[criterion] = {
            c: 100
            * mean_share(
                [score(channels.narrow(m, o[-c:]), testing)[1] for m, o in zip(networks, orders, strict=True)]
            ).mean
            for c in range(7, 0, -1)
        }
    return pandas.DataFrame(rows).T


def cpu_latencies(run: Run, widths: Iterable[int] = range(8, 0, -1)) -> dict[int, Latency]:
    """Latency of every width in PyTorch on this CPU, as in Part 2; medians recorded as cpu_latency_ms_channels_<c>."""
    times = {}
    for c in widths:
        times[c] = pytorch(build(ModelConfig(channels=c)))
        run.record(f"cpu_latency_ms_channels_{c}", times[c].median, "ms", n=len(times[c].milliseconds))
    return times


def record_reach(run: Run, rows: "pandas.DataFrame") -> None:
    """How far pruning goes: the shares that the points cover, and where accuracy, mean over seeds, is lost.

    Recorded as falls_<kind>_<when>, the first share at which more than FALL is lost against the whole network, and
    holds_<kind>_<when>, the last before it; without a fall, or without the whole network, neither.
    """
    shares = rows[~rows.structured].sparsity
    if len(shares):
        run.record("sparsity_lowest", shares.min(), "fraction")
        run.record("sparsity_highest", shares.max(), "fraction")
    run.record("channels_threshold_highest", max(channels.THRESHOLDS), "%")
    for kind, structured in (("unstructured", False), ("channels", True)):
        for when in ("raw", "finetuned"):
            means = rows[rows.structured == structured].groupby("sparsity")[when].mean()
            whole = rows[rows.sparsity == 0].raw.mean()
            fallen = means.index[means < whole - FALL]
            if len(fallen):
                run.record(f"falls_{kind}_{when}", fallen[0], "fraction")
                run.record(f"holds_{kind}_{when}", means.index[means.index < fallen[0]].max(), "fraction")


def originals(kind: str) -> dict[int, float]:
    """The original's accuracies (%): of "unstructured" by percent of the weights removed, of "channels" by channels."""
    found = {}
    for entry in load_original().values():
        if name := re.fullmatch(rf"06_pruning/accuracy_{kind}_(\d+)_(raw|finetuned)", entry.ours or ""):
            found[int(name[1])] = float(entry.value)
    return found
