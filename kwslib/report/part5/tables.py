"""Tables of Part 5: means over seeds by width, and comparison of causes."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from kwslib.checkpoints import load_checkpoint
from kwslib.experiments.quantization import WIDTHS
from kwslib.features.dataset import FeatureSet
from kwslib.networks.training import score
from kwslib.quantization.grids import Width, least_squares, min_max, scale_and_zero_point, symmetric_grid
from kwslib.record import names
from kwslib.record import values as values_of
from kwslib.record.comparison import load_original
from kwslib.record.values import Value, Values
from kwslib.report.numbers import with_interval
from kwslib.statistics import mean_interval, mean_share, student_factor

if TYPE_CHECKING:
    import pandas

RECIPES = {"ours": "ours", "original": "original's recipe"}  # in a heading
COLUMNS = ("recipe", "method", "bits", "flash", "mean", "low", "high", "lowest", "highest")


def float_accuracies(bases: Mapping[int, Path], testing: FeatureSet) -> dict[int, float]:
    """Test accuracy (0..1) of every seed's network before quantization."""
    return {seed: score(load_checkpoint(path)[0], testing)[1] for seed, path in bases.items()}


def point_values(rows: "pandas.DataFrame", floats: Mapping[int, float]) -> Values:
    """Accuracy of each point, that of its lowest seed and its loss, and the float networks' accuracy.

    Means over seeds with t intervals; losses are paired by seed. For our recipe also the validation accuracy, by
    which Part 6 chooses among networks, and the bytes in flash.
    """
    values = {"accuracy_float": values_of.over_seeds(mean_share(list(floats.values())), len(floats))}
    for point, group in rows.groupby("point", sort=False):
        values[names.accuracy(point)] = values_of.over_seeds(mean_share(list(group.testing)), len(group))
        values[names.lowest_accuracy(point)] = Value(group.testing.min(), "fraction", n=len(group))
        if (group.recipe == "ours").all():
            values[names.validation(point)] = values_of.over_seeds(
                mean_share(list(group.validation)), len(group)
            )
        values[names.loss(point)] = values_of.over_seeds(mean_interval(_lost(group, floats)), len(group))
        if group.flash.notna().all():
            values[names.flash_weights(names.width(group.bits.iloc[0]))] = Value(
                int(group.flash.iloc[0]), "B"
            )
    return values


def _lost(group: "pandas.DataFrame", floats: Mapping[int, float]) -> list[float]:
    return [floats[seed] - accuracy for seed, accuracy in zip(group.seed, group.testing, strict=True)]


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
    return pandas.DataFrame(points, columns=COLUMNS)


def widths_table(points: "pandas.DataFrame") -> "pandas.DataFrame":
    """Mean accuracies (%) with the range over seeds: a row for each width, a column for each recipe and method."""
    shown = points.assign(
        text=[f"{p.mean:.1f} ({p.lowest:.1f} to {p.highest:.1f})" for p in points.itertuples()],
        column=[f"{p.method.upper()}, {RECIPES[p.recipe]}" for p in points.itertuples()],
    )
    table = shown.pivot(index="bits", columns="column", values="text")
    return table.loc[shown.bits.unique(), shown.column.unique()].fillna("")


def grids_at(bits: int, base: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A trained network's linear weights, and the points of a symmetric grid for two ways of choosing its bounds."""
    weights = load_checkpoint(base)[0].get_parameter("linear.weight").detach()
    grid = symmetric_grid(bits)
    whole = torch.arange(grid.low, grid.high + 1, grid.step)
    ways = {"extremes": min_max(weights), "least squared error": least_squares(weights, grid, symmetric=True)}
    lines = {way: whole * scale_and_zero_point(bounds, grid, True)[0] for way, bounds in ways.items()}
    return weights.numpy(), {way: points.numpy() for way, points in lines.items()}


def losses_table(rows: "pandas.DataFrame", floats: Mapping[int, float]) -> "pandas.DataFrame":
    """Loss of our points relative to float32, in percentage points, mean over seeds with 95 % intervals."""
    import pandas

    table = {}
    for (method, bits), group in rows[rows.recipe == "ours"].groupby(["method", "bits"], sort=False):
        mean, low, high = (100 * bound for bound in mean_interval(_lost(group, floats)))
        table[method.upper(), bits] = {"mean": mean, "95 % from": low, "to": high}
    return pandas.DataFrame(table).T.rename_axis(["method", "bits"])


def paired_differences(rows: "pandas.DataFrame") -> dict[Width, list[float]]:
    """Gain of QAT over PTQ with our recipe by width, as shares, for each seed that has both."""
    ours = rows[rows.recipe == "ours"].pivot(index="bits", columns=["method", "seed"], values="testing")
    if {"ptq", "qat"} - set(ours.columns.get_level_values("method")):
        return {}
    differences = (ours["qat"] - ours["ptq"]).dropna(how="all")
    return {
        bits: list(differences.loc[bits].dropna()) for bits in rows.bits.unique() if bits in differences.index
    }


def paired_values(differences: Mapping[Width, list[float]]) -> Values:
    """Means over seeds from `paired_differences`."""
    return {
        names.qat_gain(bits): values_of.over_seeds(mean_interval(each), len(each))
        for bits, each in differences.items()
    }


def paired_table(differences: Mapping[Width, list[float]]) -> "pandas.DataFrame":
    """Means from `paired_differences` (in points), 95 % intervals corrected for the number of comparisons,
    and conclusions."""
    import pandas

    rows = {}
    for bits, each in differences.items():
        mean, low, high = (100 * bound for bound in mean_interval(each))
        wider = student_factor(len(each), len(differences)) if len(each) > 1 else 1.0
        low, high = mean - wider * (mean - low), mean + wider * (high - mean)
        found = "QAT" if low > 0 else "PTQ" if high < 0 else "not told apart"
        text = with_interval(mean, low, high, form="+.2f")
        rows[bits] = {"QAT more than PTQ (points)": text, "better": found}
    return pandas.DataFrame(rows).T.rename_axis("bits")


def originals(method: str) -> dict[int, float]:
    """The original's accuracies (%) of "ptq" or "qat" by bits."""
    stated = {entry.ours: float(entry.value) for entry in load_original().values()}
    ours = {k: f"05_quantization/{names.accuracy(names.quantized(k, method))}" for k in WIDTHS}
    return {bits: stated[name] for bits, name in ours.items() if isinstance(bits, int) and name in stated}


def cause_values(why: "pandas.DataFrame") -> Values:
    """Accuracies with the original's recipe and one choice changed, means over seeds."""
    return {
        names.cause(bits, method, changed): values_of.over_seeds(mean_share(list(group.testing)), len(group))
        for (bits, method, changed), group in why.groupby(["bits", "method", "recipe"], sort=False)
    }


def activation_values(wide: "pandas.DataFrame") -> Values:
    """Accuracies of our QAT with activations of 8 bits."""
    return {
        names.accuracy(names.quantized(bits), "activations_8bit"): values_of.over_seeds(
            mean_share(list(group.testing)), len(group)
        )
        for bits, group in wide.groupby("bits", sort=False)
    }


def activations_table(rows: "pandas.DataFrame", wide: "pandas.DataFrame") -> "pandas.DataFrame":
    """Mean accuracies (%) of our QAT with activations of the weights' width (`rows`) and of 8 bits (`wide`).

    Over the seeds that both have in common.
    """
    import pandas

    table = {}
    for bits, group in wide.groupby("bits", sort=False):
        same = rows[(rows.recipe == "ours") & (rows.method == "qat") & (rows.bits == bits)]
        same = same[same.seed.isin(group.seed)]
        table[f"{bits}-bit weights"] = {
            f"activations on {width} (%)": 100 * part.testing.mean()
            for width, part in (("as many bits", same), ("8 bits", group))
        }
    return pandas.DataFrame(table).T
