"""Post-training quantization: a trained network is quantized without further training.

Rounding each weight to the nearest grid point minimizes the error of the weight, not that of the layer: rounding errors
add up where inputs are correlated. `reconstruct` visits the weights of a layer one by one and moves each to the grid
point at which the layer's outputs on training clips are closest to those of the float network, with all other weights
fixed: coordinate descent, as in CDQuant (Nair and Suggala, arXiv:2406.17542), on the objective of AdaRound (Nagel et
al., arXiv:2004.10568). The biases absorb the remaining error of the outputs' means (Nagel et al., arXiv:1906.04721).
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from kwslib.networks.models import fold_batch_norm
from kwslib.quantization.grids import fake_quantize_into
from kwslib.quantization.quantizers import Quantization, QuantizedLayer, calibrate, quantized

MOST_ROWS = 16_384  # positions of a convolution that are looked at
SWEEPS = 3
RIDGE = 3.0  # what holds weights at their trained values, in units of the inputs' mean square


def post_training(model: nn.Module, quantization: Quantization, x: Tensor, careful: bool = True) -> nn.Module:
    """A quantized copy of a float network in its deployed form, in evaluation mode. x: training inputs (N, 49,
    40) float32.

    Pruned weights, which are zero, stay zero. Without `careful`, weights are rounded to nearest and biases are not
    corrected. Raises KwsError for a network that is already quantized, or has a layer that cannot be quantized.
    """
    deployed = fold_batch_norm(model)
    quantized_model = quantized(deployed, quantization)
    calibrate(quantized_model, x)
    if careful:
        reconstruct(deployed, quantized_model, x)
    return quantized_model


@torch.no_grad()
def reconstruct(model: nn.Module, quantized_model: nn.Module, x: Tensor) -> None:
    """Choose the grid points of all weights of `quantized_model`, layer by layer, and correct the biases.

    model: the float network in its deployed form. Each layer's inputs include the errors of earlier layers, for which
    it can compensate. Weights of grouped convolutions stay rounded to nearest.
    """
    model.eval()
    for name, layer in quantized_model.named_modules():
        if not isinstance(layer, QuantizedLayer):
            continue
        inner = layer.layer
        _, wanted = inputs_and_outputs(model, model.get_submodule(name), x)
        inputs, found = inputs_and_outputs(quantized_model, inner, x)
        every = -(-_rows(found).shape[0] // MOST_ROWS)
        excess = (_rows(found) - _rows(wanted))[::every]  # (n, C)
        if getattr(inner, "groups", 1) == 1:
            excess = descend(layer, _patches(inner, inputs)[::every], excess)
        bias = getattr(inner, "bias", None)
        if bias is not None:
            bias -= excess.mean(0)


def descend(layer: QuantizedLayer, x: Tensor, excess: Tensor) -> Tensor:
    """Coordinate descent over a layer's weights in place.

    x: the layer's inputs, one row for each output position (n, weights of a channel); excess: its outputs minus the
    target outputs (n, C). Weights that were trained to zero stay where they are. Returns the remaining excess.
    """
    weight = layer.layer.get_parameter("weight")
    trained = weight.flatten(1).T.contiguous()  # (weights, C), as the next one
    now = layer.weight(weight).flatten(1).T.contiguous()
    scale, zero_point = layer.weight.scale, layer.weight.zero_point
    columns = x.T.contiguous()  # (weights, n)
    power = columns.square().mean(1)
    ridge = RIDGE * power.mean()
    excess = excess - excess.mean(0)
    change = torch.empty_like(now[0])
    visited = [values[power > 0].unbind() for values in (columns, trained, power + ridge, trained != 0)]
    places = [now[i] for i in torch.nonzero(power).flatten()]
    for _ in range(SWEEPS):
        for place, column, aim, stiffness, free in zip(places, *visited, strict=True):
            slope = column @ excess / len(x) + ridge * (place - aim)
            fake_quantize_into(change, place - slope / stiffness, scale, zero_point, layer.weight.grid)
            if change.sub_(place).mul_(free).any():
                excess.addr_(column, change)
                place += change
    weight.copy_(now.T.reshape(weight.shape))
    return excess


def inputs_and_outputs(model: nn.Module, layer: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs and outputs of one layer when the network runs on x."""
    recorded = []
    handle = layer.register_forward_hook(lambda _layer, inputs, output: recorded.append((inputs[0], output)))
    model(x)
    handle.remove()
    return recorded[0]


def _rows(values: Tensor) -> Tensor:
    """Outputs (B, C, ...) as rows (n, C)."""
    return values.flatten(2).transpose(1, 2).flatten(0, 1) if values.ndim > 2 else values


def _patches(layer: nn.Module, x: Tensor) -> Tensor:
    """What each output value of a layer is the weighted sum of, (n, weights of a channel)."""
    if isinstance(layer, nn.Linear):
        return x
    weight = layer.get_parameter("weight")
    n = weight[0].numel()
    each = {"weight": torch.eye(n).reshape(n, *weight.shape[1:]), "bias": torch.zeros(n)}
    return _rows(functional_call(layer, each, (x,)))
