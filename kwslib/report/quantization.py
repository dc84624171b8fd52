"""What Part 5 shows of its runs: means over seeds by width, causes side by side, networks as bytes and integers."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import torch

from kwslib.compression.integer import IntegerNetwork, integer_network
from kwslib.compression.integer import run as run_integers
from kwslib.deployment.cnetwork import run_network
from kwslib.deployment.flatbuffer import Description
from kwslib.deployment.integer_tflite import to_tflite
from kwslib.deployment.network import read_network
from kwslib.errors import CheckFailed
from kwslib.features.dataset import FeatureSet
from kwslib.labels import class_labels
from kwslib.networks.evaluation import evaluate
from kwslib.networks.models import load_checkpoint
from kwslib.networks.training import predict, score
from kwslib.quantization import least_squares, min_max, scale_and_zero_point, symmetric_grid
from kwslib.report.comparison import load_original
from kwslib.report.recording import Run
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


def integers_table(models: Mapping[str, Path], testing: FeatureSet) -> "pandas.DataFrame":
    """Quantized networks in PyTorch and in integers on a whole test split: accuracies (%), answers that agree (%).

    The integers are computed by NumPy and by the C core. Raises CheckFailed when those two differ in any logit.
    """
    import pandas

    rows = {}
    for name, path in models.items():
        model, config, _ = load_checkpoint(path)
        network = integer_network(model)
        integers = run_integers(network, testing.x)
        if not np.array_equal(integers, c_core(network, testing.x)):
            raise CheckFailed(f"{path}: the C core and NumPy disagree on its integers")
        answers = predict(model, testing.x)
        rows[name] = {
            "PyTorch (%)": 100 * evaluate(answers, testing.y, config.labels).accuracy,
            "integers (%)": 100 * evaluate(integers, testing.y, config.labels).accuracy,
            "same answer (%)": 100 * (answers.argmax(1) == integers.argmax(1)).mean(),
            "constants (bytes)": f"{network.flash_bytes:,}",
        }
    return pandas.DataFrame(rows).T.rename_axis("weights")


def c_core(network: IntegerNetwork, q8: np.ndarray) -> np.ndarray:
    """Logits int8 (N, C) of the C core on this machine, which is handed the network as a .tflite file."""
    labels = class_labels()
    with TemporaryDirectory(prefix="kws-") as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(to_tflite(network, Description(labels, "tinyconv", "")))
        return run_network(read_network(path), q8)
