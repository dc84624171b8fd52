"""Small networks and features that need no recordings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from kwslib.checkpoints import save_checkpoint
from kwslib.deployment.core_network import Network
from kwslib.experiments.quantization import ours
from kwslib.features.dataset import FeatureSet
from kwslib.features.frontend import normalise
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.networks.training import Recipe
from kwslib.quantization.integer import IntegerNetwork, run_integers
from kwslib.quantization.ptq import post_training

Q8 = np.random.default_rng(0).integers(-128, 128, (16, 49, 40)).astype(np.int8)
CONFIG = ModelConfig(labels=class_labels())
RECIPE = Recipe(epochs=3, batch_size=16)
SOUND = (np.random.default_rng(0).standard_normal((2, 16000)) * 3000).astype(np.int16)


def integer_logits(network: IntegerNetwork, q8: np.ndarray) -> np.ndarray:
    """float32 logits (N, C) for int8 features (N, 49, 40): the numbers that `run_integers` represents."""
    scale, zero_point = network.output
    return (run_integers(network, q8).astype(np.float32) - zero_point) * scale


def toy(n: int, copies: int = 1, seed: int = 0) -> FeatureSet:
    """Four classes, told apart by which quarter of the channels is loud."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    x = rng.integers(-128, -60, size=(copies, n, 49, 40))
    for row, label in enumerate(y):
        x[:, row, :, 10 * label : 10 * label + 10] += 80
    names = tuple(f"toy/{row}" for row in range(n))
    return FeatureSet(x.reshape(-1, 49, 40).astype(np.int8), np.tile(y, copies), names, copies)


def noise(n: int, seed: int = 0) -> FeatureSet:
    """Features and classes without any order."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-128, 128, (n, 49, 40)).astype(np.int8)
    return FeatureSet(x, rng.integers(4, size=n), tuple(map(str, range(n))))


def network(seed: int = 0, channels: int = 8) -> nn.Module:
    """An untrained TinyConv."""
    torch.manual_seed(seed)
    return build(ModelConfig(channels=channels)).eval()


def lively(arch: str) -> nn.Module:
    """An untrained network of the zoo whose batch norms scale and move what goes through them."""
    torch.manual_seed(0)
    model = build(ModelConfig(arch))
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.3, 1.5)
            layer.weight.data.uniform_(0.7, 1.5)
            layer.bias.data.uniform_(-0.3, 0.3)
    return model.eval()


def all_weights(model: nn.Module) -> torch.Tensor:
    """All parameters of a network in one row."""
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def checkpoint(folder: Path, bits, how=None, arch="tinyconv", channels=None) -> Path:
    """An untrained network, quantized."""
    torch.manual_seed(0)
    config = ModelConfig(arch, channels=channels) if channels else ModelConfig(arch)
    model = fold_batch_norm(build(config))
    quantized = post_training(model, how or ours(bits), torch.from_numpy(normalise(Q8)), careful=False)
    path = folder / f"{arch}_{bits}.pt"
    save_checkpoint(path, quantized, config, {"seed": 0})
    return path


def thinned(network: Network, share: float, seed: int = 0) -> Network:
    """The network with that share of its dense weights at zero."""
    conv, dense = network.layers
    rng = np.random.default_rng(seed)
    weights = np.where(rng.random(dense.fields["weights"].shape) < share, 0, dense.fields["weights"])
    return replace(
        network, layers=(conv, replace(dense, fields=dense.fields | {"weights": weights.astype(np.int8)}))
    )
