"""Part 6's experiment: a trained network is pruned at one point, tested, fine-tuned and tested again.

A point is a share of the weights (Figure 13) or of the channels (Figure 14), a criterion, a schedule and a seed. The
points of seed n start from the network of seed n. Recipes were chosen by mean validation accuracy over seeds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.experiments.quantization import ours
from kwslib.experiments.seeds import Splits
from kwslib.measure.profiling import costs
from kwslib.networks.evaluation import accuracy
from kwslib.networks.models import ModelConfig, fold_batch_norm
from kwslib.networks.training import Epoch, EpochHook, Recipe, fit, score
from kwslib.progress import over_cores
from kwslib.pruning import channels
from kwslib.pruning.weights import Pruning, fine_tune, nonzero_parameters, raw_accuracies
from kwslib.quantization.grids import TERNARY, Width
from kwslib.quantization.integer import integer_network, run_integers
from kwslib.quantization.qat import quantization_aware
from kwslib.quantization.qat import recipe as qat_recipe
from kwslib.record import names

if TYPE_CHECKING:
    import pandas

SPARSITIES = (0.0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99)
EXAMPLES = 2048  # training clips that the channels' losses are taken over


@dataclass(frozen=True)
class PrunedPoint:
    """One run. `sparsity` is the share of the weights to remove or, if `structured`, of the channels.

    The default criterion is LAMP for weights, fisher from 98 % on, and loss for channels; channels are always removed
    at once. Raises KwsError for invalid values, and when no channel would remain.
    """

    sparsity: float
    criterion: str = ""
    schedule: str = "gradual"
    structured: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "criterion", self.criterion or self._default)
        if self.structured:
            channels.check_criterion(self.criterion)
            channels.channels_left(100 * self.sparsity)
        else:
            _ = self.pruning  # which checks them

    @property
    def _default(self) -> str:
        return "loss" if self.structured else "fisher" if self.few else "lamp"

    @property
    def few(self) -> bool:
        """Whether so few weights remain that the network no longer memorizes, and must be chosen and trained
        with care."""
        return self.sparsity >= (0.75 if self.structured else 0.98)

    @property
    def pruning(self) -> Pruning:
        """Options of removing this share of the weights."""
        return Pruning(self.sparsity, self.criterion, self.schedule, ramp=0.4 if self.few else 0.7)

    @property
    def kept(self) -> int:
        """Number of remaining channels."""
        return channels.channels_left(100 * self.sparsity) if self.structured else 8

    @property
    def percent(self) -> float:
        """Percentage removed."""
        return round(100 * self.sparsity, 6)

    @property
    def widths(self) -> tuple[Width, ...]:
        """Weight widths to which the pruned network is quantized: a narrow one also to ternary weights."""
        return (8, TERNARY) if self.kept <= 6 else (8,)

    @property
    def name(self) -> str:
        """Name of the point in recorded values: unstructured_90 or channels_4."""
        return names.channels(self.kept) if self.structured else names.unstructured(self.percent)


def recipe(point: PrunedPoint, epochs: int) -> Recipe:
    """The recipe for fine-tuning a point of a network trained for `epochs`: the fewer weights remain, the longer."""
    if point.few:
        return Recipe(epochs=epochs, learning_rate=1e-2, weight_decay=0.0)
    share = 0.4 if point.sparsity >= (0.5 if point.structured else 0.9) else 0.2
    return Recipe(epochs=math.ceil(share * epochs), weight_decay=0.0)


def run_point(
    point: PrunedPoint, base: Path, splits: Splits, epochs: int, models: Path | None = None
) -> dict[str, Any]:
    """Prune the checkpoint `base`, fine-tune and quantize it (QAT); returns a row: the point's values, counts and
    accuracies (0..1): raw, finetuned, and in integers qat_8 and the like, with qat_8_validation and flash_8, the bytes
    of all constants.

    With a folder `models`, the networks are saved there as tinyconv_<name>.pt and tinyconv_<name>_qat_8.pt.
    """
    trained, config, _ = load_checkpoint(base)
    model = fold_batch_norm(trained)
    fine_tuning = recipe(point, epochs)
    if point.structured:
        config = replace(config, channels=channels.channels_left(point.percent, config.channels or 0))
        model, raw = _fewer_channels(point, model, splits, fine_tuning)
    else:
        raw = _fewer_weights(point, model, splits, fine_tuning)
    if models:
        extra = {"recipe": asdict(fine_tuning), "pruning": asdict(point), "finished": True}
        path = models / names.pruned_checkpoint(point.name)
        save_checkpoint(path, model, config, {"seed": point.seed, **extra})
    validation, testing = splits["validation"], splits["testing"]
    return (
        asdict(point)
        | _in_integers(point, model, config, splits, epochs, models)
        | {
            "point": point.name,
            "channels": point.kept,
            "parameters": nonzero_parameters(model),
            "flops": costs(model).flops,
            "raw": raw,
            "finetuned": score(model, testing)[1],
            "validation": score(model, validation)[1],
        }
    )


def _fewer_channels(
    point: PrunedPoint, model: nn.Module, splits: Splits, fine_tuning: Recipe
) -> tuple[nn.Module, float]:
    """The network with the point's channels alone, fine-tuned, and its test accuracy before that."""
    x, y = splits["training"].copy(0)
    orders = channels.removal_orders(model, point.criterion, x[:EXAMPLES], y[:EXAMPLES])
    model = channels.keep_channels(model, *channels.last(orders, point.percent))
    raw = score(model, splits["testing"])[1]
    _without_dropout(model, point)
    fit(model, fine_tuning, splits["training"], splits["validation"], point.seed)
    return model, raw


def _fewer_weights(point: PrunedPoint, model: nn.Module, splits: Splits, fine_tuning: Recipe) -> float:
    """Prune and fine-tune the network in place; its test accuracy pruned at once, without fine-tuning."""
    (raw,) = raw_accuracies(model, [point.pruning], splits["training"], splits["testing"], point.seed)
    prune_weights(point, model, splits, fine_tuning)
    return raw


def prune_weights(
    point: PrunedPoint,
    model: nn.Module,
    splits: Splits,
    fine_tuning: Recipe,
    after_epoch: EpochHook | None = None,
) -> list[Epoch]:
    """Remove an unstructured point's share of the weights of a network in its deployed form, in place, and train the
    others; its epochs."""
    _without_dropout(model, point)
    return fine_tune(
        model, point.pruning, fine_tuning, splits["training"], splits["validation"], point.seed, after_epoch
    )


def _in_integers(
    point: PrunedPoint,
    model: nn.Module,
    config: ModelConfig,
    splits: Splits,
    epochs: int,
    models: Path | None,
) -> dict[str, Any]:
    """Accuracies on both splits and bytes of the pruned network after QAT on each of the point's widths."""
    row: dict[str, Any] = {}
    for bits in point.widths:
        quantization = ours(bits)
        trained_on = qat_recipe(quantization, epochs, pruned=True)
        quantized, _ = quantization_aware(
            model, quantization, trained_on, splits["training"], splits["validation"], point.seed
        )
        integers = integer_network(quantized)
        for column, split in ((names.qat(bits), "testing"), (names.qat_validation(bits), "validation")):
            clips = splits[split]
            row[column] = accuracy(run_integers(integers, clips.x), clips.y)
        row[f"flash_{bits}"] = integers.flash_bytes
        if models:
            path = models / names.pruned_checkpoint(point.name, bits)
            save_checkpoint(path, quantized, config, {"seed": point.seed})
    return row


def _without_dropout(model: nn.Module, point: PrunedPoint) -> None:
    """Dropout keeps a network from learning by heart; where little is left, it only keeps it from learning."""
    for layer in model.modules():
        if isinstance(layer, nn.Dropout) and point.few:
            layer.p = 0.0


def run_points(
    points: Sequence[PrunedPoint],
    bases: Mapping[int, Path],
    splits: Splits,
    epochs: int,
    models: Path | None = None,
) -> "pandas.DataFrame":
    """A row for each point, in their order; `bases` are the trained checkpoints by seed.

    With a folder `models`, the fine-tuned networks of the first seed are saved there.
    """
    import pandas

    todo = sorted(
        range(len(points)), key=lambda i: -recipe(points[i], epochs).epochs * points[i].kept
    )  # longest first

    def row(i: int) -> dict[str, Any]:
        keep = models if points[i].seed == min(bases) else None
        return run_point(points[i], bases[points[i].seed], splits, epochs, keep)

    return pandas.DataFrame(over_cores(row, todo, "pruning"), index=todo).sort_index()


def chosen_point(sparsity: float | None, *options: Any) -> PrunedPoint | None:
    """The point given by a notebook's parameters; None without a sparsity."""
    return None if sparsity is None else PrunedPoint(sparsity, *options)


def grid(seeds: Sequence[int], only: PrunedPoint | None = None) -> list[PrunedPoint]:
    """Every point of Figures 13 and 14, all SPARSITIES and 8 to 1 channels; or the `only` one."""
    if only is not None:
        return [only]
    weights = [PrunedPoint(sparsity, seed=seed) for sparsity in SPARSITIES for seed in seeds]
    return weights + [
        PrunedPoint(gone / 8, structured=True, seed=seed) for gone in range(8) for seed in seeds
    ]
