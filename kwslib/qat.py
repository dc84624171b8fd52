"""Quantization-aware training: a trained network goes on training with its numbers on the grid.

It starts from the post-training quantization of the same network, so that step sizes begin where they have the
least squared error, and learns weights and step sizes together (LSQ: Esser et al., arXiv:1902.08153; logarithmic
steps: Jain et al., TQT, arXiv:1903.08066).
"""

import torch
from torch import nn

from kwslib.dataset import FeatureSet
from kwslib.ptq import CALIBRATION_CLIPS, post_training
from kwslib.quantizers import Quantization
from kwslib.training import Epoch, Recipe, fit, to_input

RECIPE = Recipe(epochs=12, learning_rate=1e-3)


def calibration_inputs(training: FeatureSet) -> torch.Tensor:
    """The training clips that ranges are taken from, as network input (N, 49, 40); the examples are in random order."""
    return to_input(training.copy(0)[0][:CALIBRATION_CLIPS])


def quantization_aware(
    model: nn.Module,
    quantization: Quantization,
    recipe: Recipe,
    training: FeatureSet,
    validation: FeatureSet,
    seed: int,
) -> tuple[nn.Module, list[Epoch]]:
    """Quantize a float network and train it on; the given one stays as it is. Returns network and history."""
    narrow = post_training(model, quantization, calibration_inputs(training), not quantization.in_place)
    history = fit(narrow, recipe, training, validation, seed)
    return narrow, history
