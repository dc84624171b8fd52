"""Part 5's experiment: a trained TinyConv is quantized at one point, with QAT trained further, and tested.

A point is a quantization, a method (PTQ or QAT) and a seed; the points of seed n start from the network of
seed n. Recipes were chosen by mean validation accuracy over seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.errors import KwsError
from kwslib.experiments.seeds import Splits
from kwslib.networks.training import Epoch, EpochHook, Recipe, score
from kwslib.progress import over_cores
from kwslib.quantization.grids import BINARY, TERNARY, Width
from kwslib.quantization.integer import integer_network
from kwslib.quantization.ptq import post_training
from kwslib.quantization.qat import calibration_inputs, quantization_aware, recipe
from kwslib.quantization.quantizers import Quantization, original
from kwslib.record import names

if TYPE_CHECKING:
    import pandas

METHODS = ("ptq", "qat")
ROW = ("point", "bits", "method", "recipe", "seed", "flash", "validation", "testing")
RECIPES = ("ours", "original")
WIDTHS: tuple[Width, ...] = (8, 7, 6, 5, 4, 3, 2, TERNARY, 1)
LONGER = "trained as long and as fast as ours"
CAUSES: dict[str, dict[str, Any]] = {  # what of the original's recipe is switched off, and how
    "as it was": {},
    "a scale per channel": {"granularity": "channel"},
    "least-squares weight ranges": {"weight_range": "least-squares"},
    "biases in 32 bits": {"bias": None},
    "input as it comes": {"input": None},
    "activations in 8 bits": {"activations": 8},
    "weights kept, not overwritten": {"in_place": False},
}


@dataclass(frozen=True)
class QuantizedPoint:
    """One run: `bits` and `recipe` name it, `quantization` holds the options.

    `trained_as`: the quantization whose epochs and learning rate QAT uses, if not its own.
    """

    bits: Width
    method: str
    recipe: str
    quantization: Quantization
    seed: int
    trained_as: Quantization | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise KwsError(f"method {self.method!r} is unknown: use {' or '.join(METHODS)}")

    @property
    def name(self) -> str:
        """Name in recorded values: ptq_3bit, qat_original_3bit, qat_ternary."""
        return names.quantized(self.bits, self.method, self.recipe)

    @property
    def what(self) -> tuple[Any, ...]:
        """Everything that its row depends on, independent of its name."""
        return self.quantization, self.method, self.trained_as if self.method == "qat" else None, self.seed

    def training(self, epochs: int) -> Recipe:
        """The recipe for QAT of a network that was trained for `epochs`."""
        return recipe(self.trained_as or self.quantization, epochs)


def ours(bits: Width) -> Quantization:
    """Our recipe: weights and hidden activations of the same width, the front end's int8 input, biases of 32 bits.

    One-bit weights are -1 and 1; with them, as with ternary ones, activations have 8 bits.
    """
    if bits in (1, TERNARY, BINARY):
        return Quantization(BINARY if bits == 1 else bits, activations=8)
    return Quantization(bits, activations=int(bits))


def weights_alone(bits: Width) -> Quantization:
    """Our recipe with activations of 8 bits, whatever the width of the weights."""
    return replace(ours(bits), activations=8)


def point(
    bits: Width,
    method: str = "qat",
    recipe: str = "ours",
    granularity: str | None = None,
    scheme: str | None = None,
    seed: int = 0,
) -> QuantizedPoint:
    """A point from a notebook's parameters; granularity and scheme of the weights default to those of the recipe.

    Raises KwsError for invalid values.
    """
    if recipe not in RECIPES:
        raise KwsError(f"recipe {recipe!r} is unknown: use {' or '.join(RECIPES)}")
    if recipe == "original" and not isinstance(bits, int):
        raise KwsError(f"the original's recipe has no {bits} weights: use 1 to 8 bits")
    standard = ours(bits) if recipe == "ours" else original(int(bits))
    changed = replace(
        standard, granularity=granularity or standard.granularity, scheme=scheme or standard.scheme
    )
    label = recipe if changed == standard else f"{recipe} {changed.scheme} {changed.granularity}"
    return QuantizedPoint(bits, method, label, changed, seed, ours(bits) if recipe == "original" else None)


def chosen_point(bits: Width | None, *options: Any) -> QuantizedPoint | None:
    """The `point` given by a notebook's parameters; None without a width."""
    return None if bits is None else point(bits, *options)


def grid(seeds: Sequence[int], only: QuantizedPoint | None = None) -> list[QuantizedPoint]:
    """Every point of Figure 12, both methods and both recipes over all widths; or the `only` one.

    QAT with the original's recipe uses the epochs and learning rates of ours.
    """
    if only is not None:
        return [only]
    return [
        point(bits, method, recipe, seed=seed)
        for recipe in RECIPES
        for method in METHODS
        for bits in WIDTHS
        for seed in seeds
        if recipe == "ours" or isinstance(bits, int)
    ]


def causes(points: Sequence[QuantizedPoint]) -> list[QuantizedPoint]:
    """The original's recipe unchanged and with one cause of its loss removed at a time, if `points` have 3 and
    2 bits: with their methods and their first seeds. All train for as many epochs at the same rate, except the row that
    changes these.
    """
    return [
        QuantizedPoint(
            k, method, cause, replace(original(k), **CAUSES.get(cause, {})), seed, as_long[cause == LONGER]
        )
        for k in (3, 2)
        for as_long in [(original(k), ours(k))]
        for method in METHODS
        for cause in (*CAUSES, *([LONGER] if method == "qat" else []))
        for seed in _seeds(points, bits=k, method=method)
    ]


def run_causes(
    points: Sequence[QuantizedPoint],
    rows: "pandas.DataFrame",
    bases: Mapping[int, Path],
    splits: Splits,
    trained: int,
) -> "pandas.DataFrame":
    """A row for each of `causes(points)`: those in `points` from their `rows`, the others by running them."""
    import pandas

    wanted = causes(points)
    place = {point.what: position for position, point in enumerate(points)}
    todo = [i for i, point in enumerate(wanted) if point.what not in place]
    known = [i for i, point in enumerate(wanted) if point.what in place]
    ran = run_points([wanted[i] for i in todo], bases, splits, trained)[list(ROW)].set_axis(todo)
    taken = rows.iloc[[place[wanted[i].what] for i in known]][list(ROW)].set_axis(known)
    taken = taken.assign(point=[wanted[i].name for i in known], recipe=[wanted[i].recipe for i in known])
    return pandas.concat([part for part in (taken, ran) if len(part)] or [ran]).sort_index()


def wide_activations(points: Sequence[QuantizedPoint]) -> list[QuantizedPoint]:
    """Our QAT with activations of 8 bits, if `points` have it with 4 and 2 bits, with their first seeds."""
    return [
        QuantizedPoint(k, "qat", "ours, wide activations", weights_alone(k), seed)
        for k in (4, 2)
        for seed in _seeds(points, bits=k, method="qat", recipe="ours")
    ]


def _seeds(points: Sequence[QuantizedPoint], **attributes: Any) -> list[int]:
    """The first three seeds of the points that have all these attributes."""
    matching = [p for p in points if all(getattr(p, name) == value for name, value in attributes.items())]
    return sorted({p.seed for p in matching})[:3]


def kept(points: Sequence[QuantizedPoint]) -> list[QuantizedPoint]:
    """The points whose networks `run_points` saves: QAT with our recipe and the first seed."""
    chosen = [p for p in points if p.method == "qat" and p.recipe == "ours"]
    return [p for p in chosen if p.seed == min(q.seed for q in chosen)]


def quantize_at(
    point: QuantizedPoint,
    model: nn.Module,
    splits: Splits,
    training: Recipe,
    after_epoch: EpochHook | None = None,
) -> tuple[nn.Module, list[Epoch]]:
    """A float network quantized at a point, and its epochs by the recipe `training`; PTQ has none.

    Raises KwsError for a network that cannot be quantized.
    """
    examples = splits["training"]
    if point.method == "ptq":
        careful = point.recipe.startswith("ours")
        return post_training(model, point.quantization, calibration_inputs(examples), careful), []
    return quantization_aware(
        model, point.quantization, training, examples, splits["validation"], point.seed, after_epoch
    )


def run_point(
    point: QuantizedPoint, base: Path, splits: Splits, epochs: int, models: Path | None = None
) -> dict[str, Any]:
    """Quantize the checkpoint `base`; returns a row: options, bytes in flash, accuracies (0..1).

    epochs: of QAT. With a folder `models`, the network is saved there, for example as tinyconv_qat3.pt.
    Raises KwsError for a checkpoint of a network that cannot be quantized.
    """
    model, config, _ = load_checkpoint(base)
    quantized, _ = quantize_at(point, model, splits, replace(point.training(1), epochs=epochs or 1))
    if models:
        extra = {"seed": point.seed, "finished": True}
        save_checkpoint(
            models / names.quantized_checkpoint(point.bits, point.method), quantized, config, extra
        )
    return {
        "point": point.name,
        "bits": point.bits,
        "method": point.method,
        "recipe": point.recipe,
        "seed": point.seed,
        "flash": integer_network(quantized).flash_bytes
        if point.recipe.startswith("ours") and point.quantization.scheme == "symmetric"
        else None,
        "validation": score(quantized, splits["validation"])[1],
        "testing": score(quantized, splits["testing"])[1],
    }


def run_points(
    points: Sequence[QuantizedPoint],
    bases: Mapping[int, Path],
    splits: Splits,
    trained: int,
    models: Path | None = None,
    epochs: int | None = None,
) -> "pandas.DataFrame":
    """A row for each point, in their order; `bases` are the checkpoints by seed, trained for `trained` epochs.

    epochs: of QAT, by default the recipe's. With a folder `models`, the first seed's QAT networks are saved there.
    """
    import pandas

    def length(i: int) -> int:
        return (epochs or points[i].training(trained).epochs) * (points[i].method == "qat")

    def compute_row(i: int) -> dict[str, Any]:
        first = points[i].seed == min(bases) and points[i].recipe == "ours" and points[i].method == "qat"
        keep = models if first else None
        return run_point(points[i], bases[points[i].seed], splits, length(i), keep)

    order = sorted(range(len(points)), key=length, reverse=True)  # longest first
    rows = over_cores(compute_row, order, "quantizing")
    return pandas.DataFrame(rows, index=order, columns=ROW).sort_index()
