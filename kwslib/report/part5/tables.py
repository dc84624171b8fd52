"""What Part 5 shows of its runs: means over seeds by width, causes side by side."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from kwslib.checkpoints import load_checkpoint
from kwslib.features.dataset import FeatureSet
from kwslib.networks.training import score
from kwslib.quantization.grids import least_squares, min_max, scale_and_zero_point, symmetric_grid
from kwslib.record.comparison import load_original
from kwslib.record.recording import Run
from kwslib.statistics import MeanInterval, mean_interval, mean_share

if TYPE_CHECKING:
    import pandas


def float_accuracies(run: Run, bases: Mapping[int, Path], testing: FeatureSet) -> dict[int, float]:
    """Test accuracy (0..1) of every seed's network before quantization; its mean recorded as accuracy_float."""
    accuracy = {seed: score(load_checkpoint(path)[0], testing)[1] for seed, path in bases.items()}
    _record(run, "accuracy_float", mean_share(list(accuracy.values())), len(accuracy))
    return accuracy


def record_points(run: Run, rows: "pandas.DataFrame", floats: Mapping[int, float]) -> None:
    """Record accuracy_<point>, its accuracy_<point>_lowest over seeds, and loss_<point> against the float network.

    Means over seeds with t intervals; a loss is taken seed by seed. Also flash_weights_<width> of our recipe.
    """
    for name, group in rows.groupby("point", sort=False):
        _record(run, f"accuracy_{name}", mean_share(list(group.testing)), len(group))
        run.record(f"accuracy_{name}_lowest", group.testing.min(), "fraction", n=len(group))
        lost = [floats[seed] - accuracy for seed, accuracy in zip(group.seed, group.testing, strict=True)]
        _record(run, f"loss_{name}", mean_interval(lost), len(group))
        if group.flash.notna().all():
            run.record(f"flash_weights_{str(name).partition('_')[2]}", int(group.flash.iloc[0]), "B")


def _record(run: Run, name: str, value: MeanInterval, seeds: int) -> None:
    run.record(name, value.mean, "fraction", value[1:] if seeds > 1 else None, n=seeds)


def over_seeds(rows: "pandas.DataFrame") -> "pandas.DataFrame":
    """A row for each recipe, method and width: mean, low, high, lowest and highest accuracy (%), flash (bytes)."""
    import pandas

    points = []
    for (recipe, method, bits), group in rows.groupby(["recipe", "method", "bits"], sort=False):
        bounds = mean_share(list(group.testing))
        accuracies = {"mean": bounds.mean, "low": bounds.low, "high": bounds.high}
        accuracies |= {"lowest": group.testing.min(), "highest": group.testing.max()}
        point = {"recipe": recipe, "method": method, "bits": bits, "flash": group.flash.iloc[0]}
        points.append(point | {name: 100 * value for name, value in accuracies.items()})
    return pandas.DataFrame(points)


def widths_table(points: "pandas.DataFrame") -> "pandas.DataFrame":
    """Mean accuracies (%) with the range over seeds: a row for each width, a column for each recipe and method."""
    shown = points.assign(
        text=[f"{p.mean:.1f} ({p.lowest:.1f} to {p.highest:.1f})" for p in points.itertuples()],
        column=[f"{p.method.upper()}, {p.recipe}" for p in points.itertuples()],
    )
    table = shown.pivot(index="bits", columns="column", values="text")
    return table.loc[shown.bits.unique(), shown.column.unique()].fillna("")


def grids_at(bits: int, base: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A trained network's linear weights, and the points of a symmetric grid by two ways to choose its bounds."""
    weights = load_checkpoint(base)[0].get_parameter("linear.weight").detach()
    grid = symmetric_grid(bits)
    whole = torch.arange(grid.low, grid.high + 1)
    ways = {"extremes": min_max(weights), "least squared error": least_squares(weights, grid, symmetric=True)}
    lines = {way: whole * scale_and_zero_point(bounds, grid, True)[0] for way, bounds in ways.items()}
    return weights.numpy(), {way: points.numpy() for way, points in lines.items()}


def losses_table(run: Run, rows: "pandas.DataFrame") -> "pandas.DataFrame":
    """What our points lose against float32, in points, with 95 % intervals: recorded as loss_<point>."""
    import pandas

    table = {}
    for row in rows[rows.recipe == "ours"].drop_duplicates("point").itertuples():
        value = run.values[f"loss_{row.point}"]
        low, high = value.get("ci95", (math.nan, math.nan))
        table[row.method.upper(), row.bits] = {
            "mean": 100 * value["value"],
            "95 % from": 100 * low,
            "to": 100 * high,
        }
    return pandas.DataFrame(table).T.rename_axis(["method", "bits"])


def originals(method: str) -> dict[int, float]:
    """The original's accuracies (%) of "ptq" or "qat" by bits."""
    found = {}
    for entry in load_original().values():
        if name := re.fullmatch(rf"05_quantization/accuracy_{method}_(\d)bit", entry.ours or ""):
            found[int(name[1])] = float(entry.value)
    return found


def activations_table(run: Run, rows: "pandas.DataFrame", wide: "pandas.DataFrame") -> "pandas.DataFrame":
    """Mean accuracies (%) of our QAT with activations on the weights' width (`rows`) and on 8 bits (`wide`).

    Over the seeds that both have. Records accuracy_qat_<k>bit_activations_8bit.
    """
    import pandas

    table = {}
    for bits, group in wide.groupby("bits", sort=False):
        same = rows[(rows.recipe == "ours") & (rows.method == "qat") & (rows.bits == bits)]
        same = same[same.seed.isin(group.seed)]
        _record(run, f"accuracy_qat_{bits}bit_activations_8bit", mean_share(list(group.testing)), len(group))
        table[f"{bits}-bit weights"] = {
            f"activations on {width} (%)": 100 * part.testing.mean()
            for width, part in (("as many bits", same), ("8 bits", group))
        }
    return pandas.DataFrame(table).T
