"""TFLite operators as structs of the C core, with the values that TensorFlow Lite computes when it loads a model.

Multipliers, padding and activation ranges follow the same formulas, so that the core's results are bit-identical to
those of LiteRT's reference kernels. Formulas: tensorflow/lite/kernels, kernel_util.cc, padding.h and
internal/quantization_util.cc; the scheme: Jacob et al., arXiv:1712.05877.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kwslib.deployment.fixed_exponential import fixed_exponential_table
from kwslib.deployment.operands import Operands
from kwslib.deployment.weight_layouts import four_by_four, pairs_of_outputs, pairs_of_taps
from kwslib.quantization.multiplier import mean_multiplier, sum_multipliers

INT32 = 2**31 - 1
MOST_CLASSES = 4095  # of a softmax, whose sum of exponentials has 12 integer bits
BAND_BYTES = 2560  # of widened input that a convolution works on at a time, where that is enough for one row


def _largest(weights: np.ndarray, axes: tuple[int, ...], step: int) -> np.ndarray:
    return np.abs(weights.astype(np.int64)).sum(axes) * step


def _convolution(operands: Operands, weights: np.ndarray) -> tuple[str, dict[str, Any]]:
    """`weights` (C, height, width, in_channels)."""
    source, channels = operands.image(), weights.shape[0]
    if weights.shape[3] != source.shape[3]:
        raise operands.error("groups are not supported; use depthwise or full convolutions")
    window = operands.window(weights.shape[1:3])
    factors = np.broadcast_to(operands.rescaled(source, operands.weights()), channels)
    largest = _largest(weights, (1, 2, 3), 255)
    runs = operands.runs and window["kernel_height"] == 1 and window["pad_top"] == 0
    if runs and window["out_height"] <= window["in_height"]:
        bias = operands.bias(channels) - source.zero_point * weights.astype(np.int64).sum((1, 2, 3))
        words = pairs_of_outputs(weights.reshape(channels, -1), bias)
        if words is not None:
            output = operands.requantize(factors, bias, largest)
            return "run_convolution", {
                **window,
                "band_rows": _plain(output),
                "weights": words,
                "output": output,
            }
    row = 2 * ((window["out_width"] - 1) * window["stride_width"] + window["kernel_width"]) * weights.shape[3]
    rows = (BAND_BYTES // row - window["kernel_height"]) // window["stride_height"] + 1
    output = operands.requantize(factors, operands.bias(channels), largest)
    band = {"band_rows": min(max(rows, 1), window["out_height"])}
    return "convolution", {**window, **band, "weights": weights, "output": output}


def _conv_2d(operands: Operands) -> tuple[str, dict[str, Any]]:
    data = operands.weights().data
    assert data is not None
    return _convolution(operands, data)


def _depthwise(operands: Operands) -> tuple[str, dict[str, Any]]:
    source, weights = operands.image(), operands.weights()
    data, channels = weights.data, operands.output.shape[3]
    assert data is not None
    if source.shape[3] == 1:  # a convolution of one input channel under another name
        return _convolution(operands, np.moveaxis(data, 3, 0).transpose(0, 2, 3, 1))
    factors = np.broadcast_to(operands.rescaled(source, weights), channels)
    window, largest = operands.window(data.shape[1:3]), _largest(data, (0, 1, 2), 255)
    if window["in_height"] == window["kernel_height"] == window["out_height"] == 1 and (
        channels == source.shape[3] and channels % 4 == 0
    ):
        bias = operands.bias(channels) - source.zero_point * data.astype(np.int64).sum((0, 1, 2))
        output = operands.requantize(factors, bias, largest)
        taps = pairs_of_taps(data.reshape(-1, channels))
        return "run_depthwise", {**window, "band_rows": _plain(output), "weights": taps, "output": output}
    output = operands.requantize(factors, operands.bias(channels), largest)
    return "depthwise", {**window, "band_rows": 0, "weights": data, "output": output}


def _plain(output: dict[str, Any]) -> int:
    """Whether the kernels over runs can go by fours of channels whose scales are plain: 1 or 0."""
    whole = output["min"] == -128 and output["max"] == 127
    plain = (output["shift"] <= -2).all() and (output["multiplier"] >= 2**30).all()
    return int(whole and len(output["shift"]) % 4 == 0 and bool(plain))


def _average_pool(operands: Operands) -> tuple[str, dict[str, Any]]:
    if (operands.image().scale, operands.image().zero_point) != (
        operands.output.scale,
        operands.output.zero_point,
    ):
        raise operands.error("its output has another scale than its input; the C core pools within one scale")
    kernel = (operands.options.filterHeight, operands.options.filterWidth)
    window = operands.window(kernel)
    if math.prod(kernel) * 128 > INT32:
        raise operands.error("its sums can leave 32 bits; use a smaller kernel")
    empty = {"bias": None, "multiplier": None, "shift": None}
    return "average_pool", {
        **window,
        "band_rows": 0,
        "weights": None,
        "output": {**empty, **operands.activation()},
    }


def _dense(operands: Operands) -> tuple[str, dict[str, Any]]:
    source, weights = operands.input(), operands.weights()
    data = weights.data
    assert data is not None
    outputs, inputs = data.shape
    if math.prod(source.shape) != inputs:
        raise operands.error(
            f"its input {list(source.shape)} is not one vector of {inputs}; export with a batch of 1"
        )
    bias = operands.bias(outputs) - source.zero_point * data.astype(np.int64).sum(1)
    factors = np.broadcast_to(operands.rescaled(source, weights), outputs)
    output = operands.requantize(factors, bias, _largest(data, (1,), 128), roundings=1)
    return "dense", {"inputs": inputs, "outputs": outputs, "weights": four_by_four(data), "output": output}


def _mean(operands: Operands) -> tuple[str, dict[str, Any]]:
    source, axes = operands.image(), operands.graph.tensors[operands.operator.inputs[1]].data
    if axes is None or sorted(int(axis) % 4 for axis in axes.reshape(-1)) != [1, 2]:
        raise operands.error("only the mean over height and width is supported")
    positions = source.shape[1] * source.shape[2]
    multiplier, shift = mean_multiplier(source.scale, operands.output.scale, positions)
    if positions * 255 * 2.0 ** max(shift, 0) >= 2**30:
        raise operands.error("its sums can leave 30 bits; use fewer positions")
    return "mean", {
        "positions": positions,
        "channels": source.shape[3],
        "input_zero_point": source.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "zero_point": operands.output.zero_point,
    }


def _sum(operands: Operands) -> tuple[str, dict[str, Any]]:
    a, b, output = operands.input(0), operands.input(1), operands.output
    if a.shape != b.shape or a.data is not None or b.data is not None:
        raise operands.error("only the sum of two computed tensors of one shape is supported")
    parts = zip(("_a", "_b", ""), sum_multipliers(a.scale, b.scale, output.scale), strict=True)
    fields: dict[str, Any] = {
        "size": math.prod(a.shape),
        "zero_point_a": a.zero_point,
        "zero_point_b": b.zero_point,
    }
    for suffix, (multiplier, shift) in parts:
        fields |= {f"multiplier{suffix}": multiplier, f"shift{suffix}": shift}
    return "sum", {**fields, **operands.activation()}


def _softmax(operands: Operands) -> tuple[str, dict[str, Any]]:
    source, output = operands.input(), operands.output
    classes = source.shape[-1]
    if math.prod(source.shape) != classes:
        raise operands.error(f"its input {list(source.shape)} is not one vector")
    if classes > MOST_CLASSES:
        raise operands.error(f"{classes:,} classes are more than the C core's {MOST_CLASSES:,}")
    if (output.scale, output.zero_point) != (1 / 256, -128):
        raise operands.error("its output must have a scale of 1/256 and a zero point of -128")
    exponentials = fixed_exponential_table(source.scale * operands.options.beta)
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
