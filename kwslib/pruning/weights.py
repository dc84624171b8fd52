"""Unstructured pruning: removes weights once or gradually, and keeps them at zero.

Built on torch.nn.utils.prune: a pruned layer computes with weight = weight_orig * weight_mask, so that a masked weight
stays zero whatever the optimizer does to weight_orig. `finish` replaces masks by plain zeros; `hold_zeros` turns the
zeros of a loaded network into masks again.

kwslib.pruning.saliency ranks the weights; gradual pruning follows the cubic schedule of Zhu and Gupta,
arXiv:1710.01878. The original report: Figure 13, global magnitude over both layers, 0 to 99 %.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet
from kwslib.networks.training import Epoch, EpochHook, Hook, Recipe, fit, score
from kwslib.pruning.saliency import CRITERIA, importance, squared_gradients

SCHEDULES = ("one-shot", "gradual")
EVERY = 8  # optimizer steps from one removal to the next
MEMORY = 0.98  # of the running mean of squared gradients, from one step to the next


@dataclass(frozen=True)
class Pruning:
    """Options of unstructured pruning: share of weights to remove, criterion, schedule, and size of the blocks.

    A block is a run of one output's weights for neighbouring inputs: it is kept or removed as a whole.
    ramp: the share of a gradual run during which weights are removed; for the rest of it the mask is fixed.
    """

    sparsity: float
    criterion: str = "l1"
    schedule: str = "gradual"
    block: int = 1
    ramp: float = 0.7

    def __post_init__(self) -> None:
        if not 0 <= self.sparsity < 1:
            raise KwsError(f"sparsity {self.sparsity:g}: use a share of at least 0 and less than 1")
        if self.criterion not in CRITERIA:
            raise KwsError(f"criterion {self.criterion!r} is unknown: use one of {', '.join(CRITERIA)}")
        if self.schedule not in SCHEDULES:
            raise KwsError(f"schedule {self.schedule!r} is unknown: use {' or '.join(SCHEDULES)}")
        if not 0 < self.ramp <= 1:
            raise KwsError(f"ramp {self.ramp:g}: use a share above 0, of at most 1")
        if self.block < 1:
            raise KwsError(f"blocks of {self.block} weights: use at least 1")


def prunable(model: nn.Module) -> dict[str, nn.Module]:
    """Convolutions and linear layers by name. Raises KwsError for a model without any."""
    layers: dict[str, nn.Module] = {
        name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)
    }
    if not layers:
        raise KwsError(f"a {type(model).__name__} has no convolution or linear layer that could be pruned")
    return layers


def weights(layer: nn.Module) -> Tensor:
    """The effective weights of a layer, in which pruned ones are zero."""
    with torch.no_grad():
        return layer.weight_orig * layer.weight_mask if prune.is_pruned(layer) else layer.weight.detach()  # type: ignore[operator]


def nonzero_parameters(model: nn.Module) -> int:
    """Number of non-zero weights, plus all biases: the horizontal axis of Figure 13."""
    layers = prunable(model).values()
    biases = [layer.bias for layer in layers if isinstance(layer.bias, Tensor)]
    return sum(b.numel() for b in biases) + sum(int((weights(layer) != 0).sum()) for layer in layers)


def zero_share(model: nn.Module) -> float:
    """Share of the weights that are zero (0..1)."""
    found = [weights(layer) for layer in prunable(model).values()]
    return sum(int((each == 0).sum()) for each in found) / sum(each.numel() for each in found)


def prune_to(model: nn.Module, pruning: Pruning, seed: int = 0, squares: Sequence[Tensor] = ()) -> None:
    """Mask weights, lowest score first across all layers, until a share of `pruning.sparsity` is masked.

    Masked weights stay masked: a sparsity below the current one changes nothing. squares: the squared gradients of each
    layer, for criterion fisher.
    """
    layers = list(prunable(model).values())
    for layer in layers:
        if not prune.is_pruned(layer):
            prune.identity(layer, "weight")
    draw = torch.Generator().manual_seed(seed)
    scores = {
        (layer, "weight"): importance(
            weights(layer), pruning.criterion, pruning.block, squares[i] if squares else None, draw
        )
        for i, layer in enumerate(layers)
    }
    masks = torch.cat([layer.get_buffer("weight_mask").flatten() for layer in layers])
    total, gone = len(masks), int((masks == 0).sum())
    more = round(pruning.sparsity * total / pruning.block) * pruning.block - gone
    if more > 0:
        ranks = _ranked(scores, pruning.block)
        prune.global_unstructured(list(ranks), prune.L1Unstructured, importance_scores=ranks, amount=more)


def _ranked(scores: dict[Any, Tensor], block: int) -> dict[Any, Tensor]:
    """Places in the order of all blocks' scores, so that blocks of one score do not go half and half."""
    flat = torch.cat([score.flatten()[::block] for score in scores.values()])
    places = flat.argsort(stable=True).argsort().float().repeat_interleave(block)
    parts = places.split([score.numel() for score in scores.values()])
    return {key: part.view_as(score) for (key, score), part in zip(scores.items(), parts, strict=True)}


def raw_accuracies(
    model: nn.Module, steps: Sequence[Pruning], training: FeatureSet, testing: FeatureSet, seed: int = 0
) -> list[float]:
    """Accuracy on `testing` of a copy of `model` after each pruning step, without training in between.

    The steps share one criterion and have rising sparsity, so that each continues from the one before.
    """
    model = copy.deepcopy(model)
    squares = _squares(model, steps[0], training)
    accuracies = []
    for pruning in steps:
        prune_to(model, pruning, seed, squares)
        accuracies.append(score(model, testing)[1])
    return accuracies


def hold_zeros(model: nn.Module) -> None:
    """Mask every weight that is currently zero, as in a pruned network loaded from a file, so that it stays
    zero in training."""
    for layer in prunable(model).values():
        if not prune.is_pruned(layer):
            prune.custom_from_mask(layer, "weight", weights(layer) != 0)


def finish(model: nn.Module) -> None:
    """Replace masked weights by plain zeros: the network is again an ordinary one, to be saved, exported and run."""
    for layer in prunable(model).values():
        if prune.is_pruned(layer):
            prune.remove(layer, "weight")


def cubic(progress: float) -> float:
    """Share of the final sparsity at `progress` (0..1) of the ramp: it rises fast at first, then slowly."""
    return 1 - (1 - min(max(progress, 0.0), 1.0)) ** 3


def fine_tune(
    model: nn.Module,
    pruning: Pruning,
    recipe: Recipe,
    training: FeatureSet,
    validation: FeatureSet,
    seed: int,
    after_epoch: EpochHook | None = None,
) -> list[Epoch]:
    """Prune `model` in place and train the remaining weights; returns the history. Weights that were zero
    before stay zero.

    one-shot: all weights are removed at once, then training runs with a fixed mask. gradual: over the run's ramp.
    """
    hold_zeros(model)
    squares = _squares(model, pruning, training)
    removal: Hook | None = None
    if pruning.schedule == "one-shot":
        prune_to(model, pruning, seed, squares)
    else:
        removal = _removal(pruning, seed, squares)
    history = fit(model, recipe, training, validation, seed, after_step=removal, after_epoch=after_epoch)
    finish(model)
    return history


def _squares(model: nn.Module, pruning: Pruning, training: FeatureSet) -> list[Tensor]:
    """The squared gradients that the criterion asks for, if it does."""
    if pruning.criterion != "fisher":
        return []
    return squared_gradients(model, list(prunable(model).values()), training)


def _removal(pruning: Pruning, seed: int, squares: list[Tensor]) -> Hook:
    """Removes weights along the schedule. Squared gradients are averaged on, over the steps of the training."""

    def remove(model: nn.Module, step: int, total: int) -> None:
        for number, layer in enumerate(prunable(model).values() if squares else ()):
            gradient = layer.get_parameter("weight_orig").grad
            assert gradient is not None
            squares[number] = squares[number].to(gradient.device).lerp(gradient.square(), 1 - MEMORY)
        progress = (step + 1) / (pruning.ramp * total)
        if step % EVERY == 0 or step == total - 1:
            now = replace(pruning, sparsity=pruning.sparsity * cubic(progress))
            prune_to(model, now, seed, squares)

    return remove
