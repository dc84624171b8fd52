"""Post-training quantization: a trained network onto a grid, with nothing trained.

Ranges come from the weights and from a few hundred training clips. With `bias_correction`, what rounding does to
the mean of each channel is taken off its bias, layer by layer (Nagel et al., arXiv:1906.04721, section 4.2).
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from kwslib.quantizers import Quantization, QuantizedLayer, calibrate, quantized

CALIBRATION_CLIPS = 512


def post_training(
    model: nn.Module, quantization: Quantization, x: Tensor, bias_correction: bool = True
) -> nn.Module:
    """A quantized copy of a float network, in evaluation mode. x: training inputs (N, 49, 40) float32.

    Raises KwsError for a network that is quantized already, or has a layer that cannot be.
    """
    narrow = quantized(model, quantization)
    calibrate(narrow, x)
    if bias_correction:
        correct_biases(model.eval(), narrow, x)
    return narrow


@torch.no_grad()
def correct_biases(model: nn.Module, narrow: nn.Module, x: Tensor) -> None:
    """Shift the biases of `narrow` until each layer's channels have the mean that they have in `model`."""
    for name, layer in _layers(narrow):
        bias = getattr(layer.layer, "bias", None)
        if bias is not None:
            bias += channel_means(model, name, x) - channel_means(narrow, name, x)


def channel_means(model: nn.Module, layer: str, x: Tensor) -> Tensor:
    """Mean output of each channel of one layer, (C,), for inputs x; a linear layer's outputs are its channels."""
    means = []

    def note(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        means.append(output.transpose(0, 1).flatten(1).mean(1))

    handle = model.get_submodule(layer).register_forward_hook(note)
    model(x)
    handle.remove()
    return means[0]


def _layers(model: nn.Module) -> Iterator[tuple[str, QuantizedLayer]]:
    return ((name, m) for name, m in model.named_modules() if isinstance(m, QuantizedLayer))
