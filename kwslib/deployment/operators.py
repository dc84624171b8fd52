"""TFLite operators as structs of the C core: what TensorFlow Lite works out when it loads a model.

Multipliers, padding and activation ranges follow the same formulas, so that the core gives bit for bit what
LiteRT's reference kernels give. Formulas: tensorflow/lite/kernels, kernel_util.cc, padding.h and
internal/quantization_util.cc; the scheme: Jacob et al., arXiv:1712.05877.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from kwslib.deployment.fixed_exponential import exponential_table
from kwslib.deployment.tflite_graph import Graph, Operator, Tensor
from kwslib.deployment.weight_layouts import four_by_four, pairs_of_outputs, pairs_of_taps
from kwslib.errors import KwsError
from kwslib.quantization.multiplier import quantize_multiplier, stay_in_int32

ACTIVATIONS = {0: "NONE", 1: "RELU", 3: "RELU6"}  # the schema's numbers
SAME = 0
INT16, INT32 = 2**15 - 1, 2**31 - 1
MOST_CLASSES = 4095  # of a softmax, whose sum of exponentials has 12 integer bits
BAND_BYTES = 2560  # of widened input that a convolution works on at a time, where that is enough for one row


class Operands:
    """An operator's tensors and options; complaints name the file and the operator."""

    def __init__(self, graph: Graph, operator: Operator, number: int) -> None:
        self.graph, self.operator = graph, operator
        self.name = f"{operator.name.lower()}_{number}"
        self.options = operator.options

    def error(self, reason: str) -> KwsError:
        return KwsError(f"{self.graph.path}: {self.operator.name}: {reason}")

    def int8(self, index: int, role: str) -> Tensor:
        tensor = self.graph.tensors[index]
        if tensor.type != "INT8":
            raise self.error(
                f"its {role} is {tensor.type} where the C core needs INT8; `kws export` makes it so"
            )
        return tensor

    def input(self, position: int = 0) -> Tensor:
        return self.int8(self.operator.inputs[position], "input")

    @property
    def output(self) -> Tensor:
        return self.int8(self.operator.output, "output")

    def weights(self) -> Tensor:
        tensor = self.int8(self.operator.inputs[1], "weight tensor")
        if tensor.data is None or tensor.zero_point != 0:
            raise self.error(
                "its weights are computed or have a zero point; the C core needs constants around 0"
            )
        return tensor

    def bias(self, count: int) -> np.ndarray:
        """(C,) int64, zeros where there is none."""
        if len(self.operator.inputs) < 3 or self.operator.inputs[2] < 0:
            return np.zeros(count, np.int64)
        data = self.graph.tensors[self.operator.inputs[2]].data
        if data is None or data.dtype != np.int32:
            raise self.error("its bias is not a constant INT32; `kws export` makes it so")
        return data.reshape(-1).astype(np.int64)

    def image(self) -> Tensor:
        tensor = self.input()
        if len(tensor.shape) != 4 or tensor.shape[0] != 1:
            raise self.error(
                f"its input is {list(tensor.shape)} where the C core needs (1, height, width, C)"
            )
        return tensor

    def padded(self) -> tuple[Tensor, list[int] | None]:
        """The image that a window slides over, and the zeros that an operator PAD sets before its height and width.

        Zeros behind need no number: a window's shape says how far it goes.
        """
        tensor, padding = self.image(), self.graph.maker(self.operator.inputs[0], "PAD")
        if padding is None:
            return tensor, None
        amounts = self.graph.tensors[padding.inputs[1]].data
        source = self.int8(padding.inputs[0], "padded input")
        if self.options.padding == SAME:
            raise self.error("its input is padded by an operator of its own and again by itself; pad once")
        if amounts is None or len(padding.inputs) > 2 or np.any(amounts[[0, 3]]) or np.any(amounts < 0):
            raise self.error("its input is padded otherwise than by zeros around height and width")
        if source.zero_point != tensor.zero_point:
            raise self.error("PAD changes the scale of its input; the C core pads within one scale")
        return replace(tensor, shape=source.shape), [int(before) for before in amounts[1:3, 0]]

    def activation(self) -> dict[str, int]:
        """The int8 range that the fused activation leaves, and the output's zero point."""
        code, output = self.options.fusedActivationFunction, self.output
        if code not in ACTIVATIONS:
            raise self.error(
                f"fused activation {code} is not supported; {', '.join(ACTIVATIONS.values())} are"
            )
        low = high = 0
        if code:
            low = max(-128, output.zero_point)
        high = output.zero_point + math.floor(6 / output.scale + 0.5) if ACTIVATIONS[code] == "RELU6" else 127
        return {"zero_point": output.zero_point, "min": low if code else -128, "max": min(high, 127)}

    def requantize(
        self, factors: np.ndarray, bias: np.ndarray, products: np.ndarray, roundings: int = 2
    ) -> dict[str, Any]:
        """The struct kws_requantize of factors, biases and the largest sums of products, all (C,)."""
        pairs = [quantize_multiplier(float(factor)) for factor in factors]
        shifts = np.array([shift for _, shift in pairs])
        sums = products + np.abs(bias)
        if not stay_in_int32(sums, shifts, roundings):
            raise self.error("its sums can leave 32 bits; use fewer inputs, or smaller weights or biases")
        return {
            "bias": bias.astype(np.int32),
            "multiplier": np.array([multiplier for multiplier, _ in pairs], np.int32),
            "shift": shifts.astype(np.int8),
            **self.activation(),
        }

    def window(self, kernel: tuple[int, ...]) -> dict[str, int]:
        """Shapes of a struct kws_window; of SAME padding the odd row or column comes last."""
        (source, padding), output, options = self.padded(), self.output, self.options
        if getattr(options, "dilationHFactor", 1) != 1 or getattr(options, "dilationWFactor", 1) != 1:
            raise self.error("dilation is not supported; use kernels without")
        strides = (options.strideH, options.strideW)
        spans = zip(output.shape[1:3], strides, kernel, source.shape[1:3], strict=True)
        pads = [max((out - 1) * stride + k - size, 0) // 2 for out, stride, k, size in spans]
        if options.padding != SAME:
            pads = padding or [0, 0]
        axes = ("height", "width", "channels")
        window = {
            **{f"in_{axis}": size for axis, size in zip(axes, source.shape[1:], strict=True)},
            **{f"out_{axis}": size for axis, size in zip(axes, output.shape[1:], strict=True)},
            "kernel_height": kernel[0],
            "kernel_width": kernel[1],
            "stride_height": strides[0],
            "stride_width": strides[1],
            "pad_top": pads[0],
            "pad_left": pads[1],
            "input_zero_point": source.zero_point,
        }
        if (
            source.shape[2] == kernel[1] == 1
        ):  # a column lies in memory as a row does, whose kernels run longer
            for side in ("in", "out", "kernel", "stride"):
                height, width = f"{side}_height", f"{side}_width"
                window[height], window[width] = window[width], window[height]
            window["pad_top"], window["pad_left"] = window["pad_left"], window["pad_top"]
        if (widest := max(window.values())) > INT16:
            raise self.error(f"a side of {widest:,} is more than the C core's {INT16:,}; use a smaller layer")
        return window

    def rescaled(self, source: Tensor, weights: Tensor) -> np.ndarray:
        """(C,) factors from sums of products to the output's steps."""
        return source.scale * weights.scales.astype(np.float64) / self.output.scale


def _largest(weights: np.ndarray, axes: tuple[int, ...], step: int) -> np.ndarray:
    return np.abs(weights.astype(np.int64)).sum(axes) * step


def _convolution(given: Operands, weights: np.ndarray) -> tuple[str, dict[str, Any]]:
    """`weights` (C, height, width, in_channels)."""
    source, channels = given.image(), weights.shape[0]
    if weights.shape[3] != source.shape[3]:
        raise given.error("groups are not supported; use depthwise or full convolutions")
    window = given.window(weights.shape[1:3])
    factors = np.broadcast_to(given.rescaled(source, given.weights()), channels)
    largest = _largest(weights, (1, 2, 3), 255)
    runs = window["kernel_height"] == 1 and window["pad_top"] == 0
    if runs and window["out_height"] <= window["in_height"]:
        bias = given.bias(channels) - source.zero_point * weights.astype(np.int64).sum((1, 2, 3))
        words = pairs_of_outputs(weights.reshape(channels, -1), bias)
        if words is not None:
            output = given.requantize(factors, bias, largest)
            return "run_convolution", {
                **window,
                "band_rows": _plain(output),
                "weights": words,
                "output": output,
            }
    row = 2 * ((window["out_width"] - 1) * window["stride_width"] + window["kernel_width"]) * weights.shape[3]
    rows = (BAND_BYTES // row - window["kernel_height"]) // window["stride_height"] + 1
    output = given.requantize(factors, given.bias(channels), largest)
    band = {"band_rows": min(max(rows, 1), window["out_height"])}
    return "convolution", {**window, **band, "weights": weights, "output": output}


def _conv_2d(given: Operands) -> tuple[str, dict[str, Any]]:
    data = given.weights().data
    assert data is not None
    return _convolution(given, data)


def _depthwise(given: Operands) -> tuple[str, dict[str, Any]]:
    source, weights = given.image(), given.weights()
    data, channels = weights.data, given.output.shape[3]
    assert data is not None
    if source.shape[3] == 1:  # a convolution of one input channel under another name
        return _convolution(given, np.moveaxis(data, 3, 0).transpose(0, 2, 3, 1))
    factors = np.broadcast_to(given.rescaled(source, weights), channels)
    window, largest = given.window(data.shape[1:3]), _largest(data, (0, 1, 2), 255)
    if window["in_height"] == window["kernel_height"] == window["out_height"] == 1 and (
        channels == source.shape[3] and channels % 4 == 0
    ):
        bias = given.bias(channels) - source.zero_point * data.astype(np.int64).sum((0, 1, 2))
        output = given.requantize(factors, bias, largest)
        taps = pairs_of_taps(data.reshape(-1, channels))
        return "run_depthwise", {**window, "band_rows": _plain(output), "weights": taps, "output": output}
    output = given.requantize(factors, given.bias(channels), largest)
    return "depthwise", {**window, "band_rows": 0, "weights": data, "output": output}


def _plain(output: dict[str, Any]) -> int:
    """Whether the kernels over runs can go by fours of channels whose scales are plain: 1 or 0."""
    whole = output["min"] == -128 and output["max"] == 127
    plain = (output["shift"] <= -2).all() and (output["multiplier"] >= 2**30).all()
    return int(whole and len(output["shift"]) % 4 == 0 and bool(plain))


def _average_pool(given: Operands) -> tuple[str, dict[str, Any]]:
    if (given.image().scale, given.image().zero_point) != (given.output.scale, given.output.zero_point):
        raise given.error("its output has another scale than its input; the C core pools within one scale")
    kernel = (given.options.filterHeight, given.options.filterWidth)
    window = given.window(kernel)
    if math.prod(kernel) * 128 > INT32:
        raise given.error("its sums can leave 32 bits; use a smaller kernel")
    empty = {"bias": None, "multiplier": None, "shift": None}
    return "average_pool", {
        **window,
        "band_rows": 0,
        "weights": None,
        "output": {**empty, **given.activation()},
    }


def _dense(given: Operands) -> tuple[str, dict[str, Any]]:
    source, weights = given.input(), given.weights()
    data = weights.data
    assert data is not None
    outputs, inputs = data.shape
    if math.prod(source.shape) != inputs:
        raise given.error(
            f"its input {list(source.shape)} is not one vector of {inputs}; export with a batch of 1"
        )
    bias = given.bias(outputs) - source.zero_point * data.astype(np.int64).sum(1)
    factors = np.broadcast_to(given.rescaled(source, weights), outputs)
    output = given.requantize(factors, bias, _largest(data, (1,), 128), roundings=1)
    return "dense", {"inputs": inputs, "outputs": outputs, "weights": four_by_four(data), "output": output}


def _mean(given: Operands) -> tuple[str, dict[str, Any]]:
    source, axes = given.image(), given.graph.tensors[given.operator.inputs[1]].data
    if axes is None or sorted(int(axis) % 4 for axis in axes.reshape(-1)) != [1, 2]:
        raise given.error("only the mean over height and width is supported")
    multiplier, shift = quantize_multiplier(source.scale / given.output.scale)
    positions = source.shape[1] * source.shape[2]
    places = min(positions.bit_length() - 1, 31 + shift)  # divide, keeping as many bits as there are
    multiplier, shift = (multiplier << places) // positions, shift - places
    if positions * 255 * 2.0 ** max(shift, 0) >= 2**30:
        raise given.error("its sums can leave 30 bits; use fewer positions")
    return "mean", {
        "positions": positions,
        "channels": source.shape[3],
        "input_zero_point": source.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "zero_point": given.output.zero_point,
    }


def _sum(given: Operands) -> tuple[str, dict[str, Any]]:
    a, b, output = given.input(0), given.input(1), given.output
    if a.shape != b.shape or a.data is not None or b.data is not None:
        raise given.error("only the sum of two computed tensors of one shape is supported")
    common = 2 * max(a.scale, b.scale)
    parts = {
        "_a": quantize_multiplier(a.scale / common),
        "_b": quantize_multiplier(b.scale / common),
        "": quantize_multiplier(common / (2**20 * output.scale)),
    }
    fields: dict[str, Any] = {
        "size": math.prod(a.shape),
        "zero_point_a": a.zero_point,
        "zero_point_b": b.zero_point,
    }
    for suffix, (multiplier, shift) in parts.items():
        fields |= {f"multiplier{suffix}": multiplier, f"shift{suffix}": shift}
    return "sum", {**fields, **given.activation()}


def _softmax(given: Operands) -> tuple[str, dict[str, Any]]:
    source, output = given.input(), given.output
    classes = source.shape[-1]
    if math.prod(source.shape) != classes:
        raise given.error(f"its input {list(source.shape)} is not one vector")
    if classes > MOST_CLASSES:
        raise given.error(f"{classes:,} classes are more than the C core's {MOST_CLASSES:,}")
    if (output.scale, output.zero_point) != (1 / 256, -128):
        raise given.error("its output must have a scale of 1/256 and a zero point of -128")
    exponentials = exponential_table(source.scale * given.options.beta)
    fields = {"classes": classes, "exponentials": exponentials, "differences": len(exponentials)}
    return "softmax", fields


OPERATORS: dict[str, Callable[[Operands], tuple[str, dict[str, Any]]]] = {
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "AVERAGE_POOL_2D": _average_pool,
    "MEAN": _mean,
    "ADD": _sum,
    "SOFTMAX": _softmax,
}
