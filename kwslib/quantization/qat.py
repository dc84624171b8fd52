"""Quantization-aware training: a trained network is trained further with fake-quantized weights and activations.

It starts from the post-training quantization of the same network, so that step sizes start at their least squared
error, and learns weights and step sizes jointly (LSQ: Esser et al., arXiv:1902.08153; logarithmic
steps: Jain et al., arXiv:1903.08066).
"""

import math

import torch
from torch import nn

from kwslib.features.dataset import FeatureSet
from kwslib.networks.models import fold_batch_norm
from kwslib.networks.training import Epoch, EpochHook, Hook, Recipe, fit, to_input
from kwslib.pruning.weights import prunable
from kwslib.quantization import CALIBRATION_CLIPS
from kwslib.quantization.ptq import post_training
from kwslib.quantization.quantizers import Quantization


def recipe(quantization: Quantization, epochs: int, pruned: bool = False) -> Recipe:
    """The recipe for further training of a network that was trained for `epochs`: fewer bits are trained for longer.

    More than 4 bits change little: an unpruned network then needs only the smallest learning rate, a pruned one more.
    """
    bits = quantization.weights if isinstance(quantization.weights, int) else 1
    if quantization.in_place:
        share, rate = 0.04, 1e-3 if bits > 4 else 3e-3
    elif bits > 4:
        share, rate = 0.08, 1e-3 if pruned else 1e-4
    else:
        share, rate = (0.3, 3e-3) if bits > 2 else (0.5, 5e-3)
    return Recipe(epochs=math.ceil(share * epochs), learning_rate=rate)


def calibration_inputs(training: FeatureSet) -> torch.Tensor:
    """Training clips for calibrating ranges, as network input (N, 49, 40); the examples are in random order."""
    return to_input(training.copy(0)[0][:CALIBRATION_CLIPS])


def quantization_aware(
    model: nn.Module,
    quantization: Quantization,
    recipe: Recipe,
    training: FeatureSet,
    validation: FeatureSet,
    seed: int,
    after_epoch: EpochHook | None = None,
) -> tuple[nn.Module, list[Epoch]]:
    """Quantize a copy of a float network and train it further. Returns the quantized network and its history.

    Pruned weights, which are zero, stay zero.
    """
    quantized_model = post_training(model, quantization, calibration_inputs(training), careful=False)
    held = _holding_zeros(model, quantized_model)
    return quantized_model, fit(
        quantized_model, recipe, training, validation, seed, after_step=held, after_epoch=after_epoch
    )


def _holding_zeros(model: nn.Module, quantized_model: nn.Module) -> Hook | None:
    """After each step, puts the weights of `quantized_model` back to zero that are zero in `model`, if any."""
    deployed = fold_batch_norm(model)
    masks = {name: layer.get_parameter("weight") != 0 for name, layer in prunable(deployed).items()}
    held = [
        (quantized_model.get_submodule(f"{name}.layer").get_parameter("weight"), mask)
        for name, mask in masks.items()
        if not mask.all()
    ]

    def hold(*_: object) -> None:
        with torch.no_grad():
            for weight, mask in held:
                weight.mul_(mask.to(weight.device))

    return hold if held else None
