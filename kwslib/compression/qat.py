"""Quantization-aware training: a trained network goes on training with its numbers on the grid.

It starts from the post-training quantization of the same network, so that step sizes begin where they have the
least squared error, and learns weights and step sizes together (LSQ: Esser et al., arXiv:1902.08153; logarithmic
steps: Jain et al., arXiv:1903.08066).
"""

import math

import torch
from torch import nn

from kwslib.compression.ptq import CALIBRATION_CLIPS, post_training
from kwslib.compression.quantizers import Quantization
from kwslib.features.dataset import FeatureSet
from kwslib.networks.training import Epoch, Recipe, fit, to_input


def recipe(quantization: Quantization, epochs: int) -> Recipe:
    """How a network is trained on, that was trained for `epochs`: the shorter its numbers, the longer."""
    wide = isinstance(quantization.weights, int) and quantization.weights > 4
    share = 0.04 if quantization.in_place else 0.08 if wide else 0.3
    return Recipe(epochs=math.ceil(share * epochs), learning_rate=1e-3 if wide else 3e-3)


def calibration_inputs(training: FeatureSet) -> torch.Tensor:
    """Training clips to take ranges from, as network input (N, 49, 40); the examples are in random order."""
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
    narrow = post_training(model, quantization, calibration_inputs(training), careful=False)
    return narrow, fit(narrow, recipe, training, validation, seed)
