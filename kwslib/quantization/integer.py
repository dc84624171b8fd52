"""A quantized TinyConv in integers alone: what the chip computes, written out in NumPy.

`integer_network` takes the whole numbers out of a fake-quantized network, `run` computes with them as TensorFlow
Lite's reference kernels do: int8 in, int32 sums, a multiplication in fixed point, int8 out. Every other form of the
network (kwslib.deployment.integer_graph, the C core) has these numbers, and is held to give these results bit for bit.
Arithmetic: Jacob et al., arXiv:1712.05877.

Activations on k < 8 bits use the lowest 2^k of int8's values. No TFLite activation cuts off there, but RELU6 can be
made to: the hidden layer is measured in units of which its grid has 6. Units cancel between two layers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from kwslib.errors import KwsError
from kwslib.features.frontend import INPUT_SCALE, INPUT_ZERO_POINT
from kwslib.networks.tinyconv import TinyConv
from kwslib.quantization.grids import Width, quantize
from kwslib.quantization.multiplier import quantize_multiplier, stay_in_int32
from kwslib.quantization.packing import packed_bytes
from kwslib.quantization.quantizers import quantization_of

LOWEST, HIGHEST = -128, 127  # of int8
RELU6 = 6.0
Scale8 = tuple[np.float32, int]  # scale and zero point of an int8 activation
CONSTANT_BYTES = 4 + 4 + 1  # per channel: bias, multiplier and shift


@dataclass(frozen=True)
class IntegerLayer:
    """One layer's constants. An activation's int8 q stands for scale * (q - zero_point).

    weights int8: convolution (C, height, width, 1), linear (C, inputs); scales float32 (C,), zero point 0.
    bias int32 (C,) in steps of input scale x weight scale. Outputs are clamped to low .. high.
    """

    weights: np.ndarray
    scales: np.ndarray
    bias: np.ndarray
    input: Scale8
    output: Scale8
    low: int
    high: int

    @property
    def requantization(self) -> tuple[np.ndarray, np.ndarray]:
        """Multipliers and shifts (C,) that bring sums to the output's scale."""
        factors = float(self.input[0]) * self.scales.astype(np.float64) / float(self.output[0])
        multipliers, shifts = zip(*(quantize_multiplier(float(factor)) for factor in factors), strict=True)
        return np.array(multipliers, np.int64), np.array(shifts, np.int64)


@dataclass(frozen=True)
class IntegerNetwork:
    """A quantized TinyConv's two layers; `bits` of the weights, `activation_bits` of the hidden layer."""

    conv: IntegerLayer
    linear: IntegerLayer
    bits: Width
    activation_bits: int
    padding: tuple[int, int, int, int]  # left, right, top, bottom

    @property
    def flash_bytes(self) -> int:
        """Bytes of all constants in flash: packed weights, and bias, multiplier and shift of each channel."""
        conv, linear = self.conv.weights, self.linear.weights
        weights = packed_bytes(conv.size, self.bits) + len(linear) * packed_bytes(linear[0].size, self.bits)
        return weights + (len(conv) + len(linear)) * CONSTANT_BYTES


@torch.no_grad()
def integer_network(model: nn.Module) -> IntegerNetwork:
    """The integers of a quantized TinyConv.

    Raises KwsError for a network that is another, or quantized in a way that int8 kernels do not know.
    """
    quantization = quantization_of(model)
    if quantization is None or not isinstance(model, TinyConv):
        raise KwsError("integer arithmetic needs a quantized tinyconv: make one with `kws sweep bits`")
    if (
        quantization.input is not None
        or quantization.bias is not None
        or quantization.output != 8
        or quantization.scheme != "symmetric"
    ):
        raise KwsError(
            "int8 kernels need the front end's own input, int32 biases, int8 logits and symmetric weights"
        )
    conv: Any = model.conv
    linear: Any = model.linear
    if linear.input.zero_point != 0:
        raise KwsError(
            "the hidden layer has a zero point, though nothing in it is negative: quantize it again"
        )
    high, step = linear.input.grid.high, float(linear.input.scale)
    unit = float(1 if quantization.activations == 8 else float(step) * high / RELU6)
    features = (np.float32(INPUT_SCALE), INPUT_ZERO_POINT)
    hidden = (np.float32(step / unit), LOWEST)
    logits = (np.float32(linear.output.scale.numpy()), int(linear.output.zero_point) + LOWEST)
    return IntegerNetwork(
        conv=_layer("conv", conv, features, hidden, INPUT_SCALE, 1 / unit, LOWEST + high),
        linear=_layer("linear", linear, hidden, logits, step, unit, HIGHEST),
        bits=quantization.weights,
        activation_bits=quantization.activations,
        padding=conv.layer.zeros,
    )


def _layer(
    name: str, layer: Any, source: Scale8, output: Scale8, step: float, unit: float, high: int
) -> IntegerLayer:
    """Constants of a layer that reads steps of `step`, its weights' scales in other units."""
    weight, quantizer = layer.layer.weight, layer.weight
    scale = quantizer.scale.expand(len(weight))
    whole = quantize(weight, scale.reshape(-1, *[1] * (weight.ndim - 1)), torch.zeros(()), quantizer.grid)
    whole = whole.to(torch.int8)
    empty = (
        (whole == 0).flatten(1).all(1)
    )  # a pruned channel's scale is free: one that the kernels are fast with
    if empty.any() and not empty.all():
        scale = torch.where(empty, scale[~empty].amax(), scale)
    if whole.ndim == 4:
        whole = whole.permute(0, 2, 3, 1)  # (C, height, width, inputs)
    scales = scale.numpy()
    bias = layer.layer.bias.numpy().astype(np.float64) / (step * scales.astype(np.float64))
    products = (HIGHEST - LOWEST) * np.abs(whole.numpy().astype(np.int64)).reshape(len(weight), -1).sum(1)
    if np.any(np.abs(bias) + products >= 2**31):
        raise KwsError(f"{name}: its sums can leave 32 bits: quantize it again, with larger scales")
    constants = IntegerLayer(
        weights=np.ascontiguousarray(whole.numpy()),
        scales=scales * np.float32(unit),
        bias=np.rint(bias).astype(np.int32),
        input=source,
        output=output,
        low=LOWEST,
        high=high,
    )
    roundings = 2 if whole.ndim == 4 else 1
    if not stay_in_int32(np.abs(bias) + products, constants.requantization[1], roundings):
        raise KwsError(f"{name}: its output's scale is too small for its sums: quantize it again")
    return constants


def run(network: IntegerNetwork, q8: np.ndarray) -> np.ndarray:
    """int8 features (N, 49, 40) to int8 logits (N, C), with integers alone."""
    conv, linear = network.conv, network.linear
    left, right, top, bottom = network.padding
    x = q8.astype(np.int32) - conv.input[1]
    x = np.pad(x, ((0, 0), (top, bottom), (left, right)))
    height, width = conv.weights.shape[1:3]
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))  # type: ignore[call-overload]
    windows = windows[:, ::2, ::2]  # (N, 25, 20, height, width)
    kernel = conv.weights.reshape(len(conv.bias), -1).T.astype(np.int32)  # (height * width, C)
    hidden = np.empty((len(x), kernel.shape[1] * windows.shape[1] * windows.shape[2]), np.int32)
    for row, window in zip(hidden, windows, strict=True):
        sums = window.reshape(-1, len(kernel)) @ kernel + conv.bias  # (25 * 20, C)
        row[:] = _requantized(conv, sums, _rescale_twice).reshape(-1)
    sums = (hidden - linear.input[1]) @ linear.weights.T.astype(np.int32) + linear.bias  # (N, C)
    return _requantized(linear, sums, _rescale_once).astype(np.int8)


def logits(network: IntegerNetwork, q8: np.ndarray) -> np.ndarray:
    """int8 features (N, 49, 40) to the logits (N, C) float32 that `run`'s integers stand for."""
    scale, zero_point = network.linear.output
    return (run(network, q8).astype(np.float32) - zero_point) * scale


Rescale = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _requantized(layer: IntegerLayer, sums: np.ndarray, rescale: Rescale) -> np.ndarray:
    """Sums (..., C) as the layer's output, still int64."""
    return np.clip(
        rescale(sums.astype(np.int64), *layer.requantization) + layer.output[1], layer.low, layer.high
    )


def _rescale_twice(sums: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """As TFLite's convolutions: halves up to 2^-31 of the multiplier, then halves away from zero."""
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    high = ((sums << left) * multiplier + 2**30) >> 31
    return np.where(right > 0, (high + (high >> 63) + ((1 << right) >> 1)) >> right, high)


def _rescale_once(sums: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """As TFLite's fully connected layers: one rounding, halves up."""
    return (sums * multiplier + (1 << (30 - shift))) >> (31 - shift)
