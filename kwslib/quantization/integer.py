"""Integer-only inference of a quantized network: the chip's arithmetic, written out in NumPy.

`integer_network` extracts the integers of a fake-quantized network, and `run_integers` computes with them as TensorFlow
Lite's reference kernels do: int8 inputs, int32 sums, a fixed-point multiplication, int8 outputs. Every other form of
the network (kwslib.deployment.integer_graph, the C core) has the same constants and must give bit-identical results.
Arithmetic: Jacob et al., arXiv:1712.05877.

Activations of k < 8 bits use the highest 2^k values of int8: saturation to int8 clips values above their grid, and the
ReLU at the zero point those below.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from kwslib.errors import KwsError
from kwslib.features.frontend import INPUT_SCALE, INPUT_ZERO_POINT
from kwslib.networks.graph import (
    CONVOLUTION,
    DENSE,
    DEPTHWISE,
    FEATURES,
    LAYERS,
    MEAN,
    SUM,
    Node,
    readers,
    trace,
)
from kwslib.quantization.grids import Width, quantize
from kwslib.quantization.multiplier import (
    mean_multiplier,
    quantize_multiplier,
    stay_in_int32,
    sum_multipliers,
)
from kwslib.quantization.packing import packed_bytes
from kwslib.quantization.quantizers import (
    QuantizedActivation,
    QuantizedLayer,
    Quantizer,
    dequantized,
    quantization_of,
)

LOWEST, HIGHEST = -128, 127  # of int8
Scale8 = tuple[
    np.float32, int
]  # scale and zero point of an int8 activation: q stands for scale * (q - zero_point)
CONSTANT_BYTES = 4 + 4 + 1  # per channel: bias, multiplier and shift


@dataclass(frozen=True)
class Weights:
    """Constants of a layer. values: int8, (C, height, width, inputs) for a convolution, (C, height, width, 1)
    for a depthwise one, (C, inputs) for a dense layer; scales: float32 (C,), zero point 0; bias: int32 (C,),
    scale = input x weight."""

    values: np.ndarray
    scales: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class IntegerLayer:
    """One node of the network's graph in integers, with the scales of its inputs (`sources`) and output.

    relu: outputs are clamped at the zero point from below. For convolutions: strides and zero padding (left,
    right, top, bottom).
    """

    node: Node
    sources: tuple[Scale8, ...]
    output: Scale8
    weights: Weights | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def kind(self) -> str:
        """What the layer computes."""
        return self.node.kind

    @property
    def constants(self) -> Weights:
        """The constants of a layer that has weights."""
        assert self.weights is not None
        return self.weights

    @property
    def low(self) -> int:
        """The lowest output value."""
        return max(LOWEST, self.output[1]) if self.node.relu else LOWEST

    @property
    def requantization(self) -> tuple[np.ndarray, np.ndarray]:
        """Multipliers and shifts (C,) that rescale sums of products to the output's scale."""
        scales = self.constants.scales.astype(np.float64)
        factors = float(self.sources[0][0]) * scales / float(self.output[0])
        multipliers, shifts = zip(*(quantize_multiplier(float(factor)) for factor in factors), strict=True)
        return np.array(multipliers, np.int64), np.array(shifts, np.int64)


@dataclass(frozen=True)
class IntegerNetwork:
    """The layers of a quantized network in order; the last one computes the logits. `bits`: width of the weights."""

    layers: tuple[IntegerLayer, ...]
    bits: Width

    @property
    def output(self) -> Scale8:
        """Scale and zero point of the logits."""
        return self.layers[-1].output

    @property
    def flash_bytes(self) -> int:
        """Bytes of all constants in flash: packed weights, and the bias, multiplier and shift of each channel.
        Depthwise weights take one byte each."""
        total = 0
        for layer in self.layers:
            if layer.kind in LAYERS:
                values = layer.constants.values
                rows = len(values) if layer.kind == DENSE else 1
                bits = 8 if layer.kind == DEPTHWISE else self.bits
                total += rows * packed_bytes(values.size // rows, bits) + len(values) * CONSTANT_BYTES
        return total


@torch.no_grad()
def integer_network(model: nn.Module) -> IntegerNetwork:
    """A quantized network as integers.

    Raises KwsError for a network that is not quantized, or whose quantization the int8 kernels do not support.
    """
    quantization = quantization_of(model)
    if quantization is None:
        raise KwsError("integer arithmetic needs a quantized network: make one with `kws quantize`")
    if (
        quantization.input is not None
        or quantization.bias is not None
        or quantization.output != 8
        or quantization.scheme != "symmetric"
    ):
        raise KwsError(
            "int8 kernels need the front end's own input, int32 biases, int8 logits and symmetric weights"
        )
    nodes = trace(dequantized(model))
    scales = {FEATURES: (np.float32(INPUT_SCALE), INPUT_ZERO_POINT)}
    steps = {FEATURES: float(INPUT_SCALE)}
    for node in nodes:
        quantizer = _quantizer(model, nodes, node)
        scales[node.name] = _scale8(node, quantizer)
        steps[node.name] = float(quantizer.scale)
    layers = tuple(_layer(model, node, scales, steps[node.inputs[0]]) for node in nodes)
    return IntegerNetwork(layers, quantization.weights)


def _quantizer(model: nn.Module, nodes: tuple[Node, ...], node: Node) -> Quantizer:
    """What fake-quantizes the output of a node: in its ReLU, in itself, or in the one layer that reads it."""
    after: Any = model.get_submodule(node.relu) if node.relu else None
    if isinstance(after, QuantizedActivation):
        return cast(Quantizer, after.output)
    own: Any = model.get_submodule(node.name) if node.kind in LAYERS else None
    if own is not None and isinstance(own.output, Quantizer):
        return own.output
    (reader,) = readers(nodes, node.name)
    return cast(Quantizer, model.get_submodule(f"{reader.name}.input"))


def _scale8(node: Node, quantizer: Quantizer) -> Scale8:
    if not torch.isfinite(quantizer.scale):
        raise KwsError(f"the scale of {node.name} is not finite: its weights are too large; train it again")
    zero_point, high = int(quantizer.zero_point), quantizer.grid.high
    if node.relu and zero_point != 0:
        raise KwsError(f"{node.name}: has a zero point, though nothing in it is negative: quantize it again")
    return np.float32(quantizer.scale.numpy()), zero_point + HIGHEST - high


def _layer(model: nn.Module, node: Node, scales: dict[str, Scale8], step: float) -> IntegerLayer:
    """A node in integers; `step`: the scale of what it reads."""
    sources, output = tuple(scales[name] for name in node.inputs), scales[node.name]
    if node.kind not in LAYERS:
        return IntegerLayer(node, sources, output)
    layer: Any = model.get_submodule(node.name)
    weights, largest = _weights(node.name, layer, step)
    window = {}
    if node.kind != DENSE:
        window = {"stride": layer.layer.stride, "padding": getattr(layer.layer, "zeros", (0, 0, 0, 0))}
    found = IntegerLayer(node, sources, output, weights, **window)
    if not stay_in_int32(largest, found.requantization[1], roundings=1 if node.kind == DENSE else 2):
        raise KwsError(f"{node.name}: its output's scale is too small for its sums: quantize it again")
    return found


def _weights(name: str, layer: QuantizedLayer, step: float) -> tuple[Weights, np.ndarray]:
    """Constants of a layer that reads steps of `step`, and how large its sums can be (C,)."""
    inner: Any = layer.layer
    weight, quantizer = inner.weight, layer.weight
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
    bias = inner.bias.numpy().astype(np.float64) / (step * scales.astype(np.float64))
    values = np.ascontiguousarray(whole.numpy())
    products = (HIGHEST - LOWEST) * np.abs(values.astype(np.int64)).reshape(len(values), -1).sum(1)
    if np.any(np.abs(bias) + products >= 2**31):
        raise KwsError(f"{name}: its sums can leave 32 bits: quantize it again, with larger scales")
    return Weights(values, scales, np.rint(bias).astype(np.int32)), np.abs(bias) + products


def run_integers(network: IntegerNetwork, q8: np.ndarray) -> np.ndarray:
    """int8 logits (N, C) for int8 features (N, 49, 40), in integers alone."""
    values, n = {FEATURES: q8}, len(q8)
    for layer in network.layers:
        node = layer.node
        inputs = [values[name].reshape(n, *node.seen) for name in node.inputs]
        outputs = STEPS[layer.kind](layer, *inputs) + layer.output[1]
        outputs = np.clip(outputs, layer.low, HIGHEST)
        values[node.name] = outputs.astype(np.int8)
    return values[network.layers[-1].node.name]


def _convolution(layer: IntegerLayer, x: np.ndarray) -> np.ndarray:
    """(N, H, W, inputs) to (N, height, width, C), before the zero point is added."""
    given, (left, right, top, bottom) = layer.constants, layer.padding
    padded = np.pad(x.astype(np.int32) - layer.sources[0][1], ((0, 0), (top, bottom), (left, right), (0, 0)))
    height, width = given.values.shape[1:3]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))  # type: ignore[call-overload]
    windows = windows[
        :, :: layer.stride[0], :: layer.stride[1]
    ]  # (N, out height, out width, inputs, height, width)
    kernel = given.values.transpose(0, 3, 1, 2).astype(np.float64)  # whole numbers, exact
    sums = np.empty((len(x), *layer.node.shape))
    for found, window in zip(sums, windows, strict=True):
        if layer.kind == DEPTHWISE:
            found[:] = (window * kernel[:, 0]).sum((3, 4))
        else:
            found[:] = window.reshape(*window.shape[:2], -1) @ kernel.reshape(len(kernel), -1).T
    return _rescale_twice(sums.astype(np.int64) + given.bias, *layer.requantization)


def _dense(layer: IntegerLayer, x: np.ndarray) -> np.ndarray:
    """(N, inputs) to (N, C)."""
    given = layer.constants
    sums = (x.astype(np.int32) - layer.sources[0][1]) @ given.values.T.astype(np.int32) + given.bias
    return _rescale_once(sums, *layer.requantization)


def _mean(layer: IntegerLayer, x: np.ndarray) -> np.ndarray:
    """(N, H, W, C) to (N, C)."""
    (scale, zero_point), height, width = layer.sources[0], *layer.node.seen[:2]
    sums = (x.astype(np.int64) - zero_point).sum((1, 2))
    return _rescale_twice(sums, *mean_multiplier(float(scale), float(layer.output[0]), height * width))


def _sum(layer: IntegerLayer, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Two of one shape."""
    scales = [float(scale) for scale, _ in (*layer.sources, layer.output)]
    first, second, last = sum_multipliers(scales[0], scales[1], scales[2])
    sides = zip((a, b), layer.sources, (first, second), strict=True)
    total = sum(_rescale_twice((x.astype(np.int64) - zero) << 20, *factor) for x, (_, zero), factor in sides)
    return _rescale_twice(np.asarray(total), *last)


STEPS: dict[str, Callable[..., np.ndarray]] = {
    CONVOLUTION: _convolution,
    DEPTHWISE: _convolution,
    DENSE: _dense,
    MEAN: _mean,
    SUM: _sum,
}
Factor = np.ndarray | int


def _rescale_twice(sums: np.ndarray, multiplier: Factor, shift: Factor) -> np.ndarray:
    """As TFLite's convolutions, sums and means: halves up to 2^-31 of the multiplier, then halves away from zero."""
    left, right = np.maximum(shift, 0), np.maximum(-np.asarray(shift), 0)
    high = ((sums.astype(np.int64) << left) * multiplier + 2**30) >> 31
    return np.where(right > 0, (high + (high >> 63) + ((1 << right) >> 1)) >> right, high)


def _rescale_once(sums: np.ndarray, multiplier: Factor, shift: Factor) -> np.ndarray:
    """As TFLite's fully connected layers: one rounding, halves up."""
    return (sums.astype(np.int64) * multiplier + (1 << (30 - shift))) >> (31 - shift)
