"""Operands of a .tflite file's operators, as the numbers that the C core needs.

Padding, activation ranges and multipliers follow the formulas of TensorFlow Lite (tensorflow/lite/kernels:
kernel_util.cc, padding.h, internal/quantization_util.cc); the scheme is that of Jacob et al., arXiv:1712.05877.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from kwslib.deployment.tflite_graph import Graph, Operator, Tensor
from kwslib.errors import KwsError
from kwslib.quantization.multiplier import quantize_multiplier, stay_in_int32

ACTIVATIONS = {0: "NONE", 1: "RELU", 3: "RELU6"}  # the schema's numbers
SAME = 0
INT16 = 2**15 - 1


class Operands:
    """An operator's tensors and options; error messages name the file and the operator. runs: whether convolutions
    over runs are used where possible."""

    def __init__(self, graph: Graph, operator: Operator, number: int, runs: bool = True) -> None:
        self.graph, self.operator, self.runs = graph, operator, runs
        self.name = f"{operator.name.lower()}_{number}"
        self.options = operator.options

    def error(self, reason: str) -> KwsError:
        """The error that names the file and the operator."""
        return KwsError(f"{self.graph.path}: {self.operator.name}: {reason}")

    def int8(self, index: int, role: str) -> Tensor:
        """A tensor of the graph. Raises KwsError, with its role, unless it is int8."""
        tensor = self.graph.tensors[index]
        if tensor.type != "INT8":
            raise self.error(
                f"its {role} is {tensor.type} where the C core needs INT8; `kws export` makes it so"
            )
        return tensor

    def input(self, position: int = 0) -> Tensor:
        """The operator's input at a position. Raises KwsError unless it is int8."""
        return self.int8(self.operator.inputs[position], "input")

    @property
    def output(self) -> Tensor:
        """The operator's output. Raises KwsError unless it is int8."""
        return self.int8(self.operator.output, "output")

    def weights(self) -> Tensor:
        """The operator's weights. Raises KwsError unless they are int8 constants around 0."""
        tensor = self.int8(self.operator.inputs[1], "weight tensor")
        if tensor.data is None or tensor.zero_point != 0:
            raise self.error(
                "its weights are computed or have a zero point; the C core needs constants around 0"
            )
        return tensor

    def bias(self, count: int) -> np.ndarray:
        """The bias, int64 (C,); zeros if there is none."""
        if len(self.operator.inputs) < 3 or self.operator.inputs[2] < 0:
            return np.zeros(count, np.int64)
        data = self.graph.tensors[self.operator.inputs[2]].data
        if data is None or data.dtype != np.int32:
            raise self.error("its bias is not a constant INT32; `kws export` makes it so")
        return data.reshape(-1).astype(np.int64)

    def image(self) -> Tensor:
        """The operator's input as (1, height, width, C). Raises KwsError for another shape."""
        tensor = self.input()
        if len(tensor.shape) != 4 or tensor.shape[0] != 1:
            raise self.error(
                f"its input is {list(tensor.shape)} where the C core needs (1, height, width, C)"
            )
        return tensor

    def padded(self) -> tuple[Tensor, list[int] | None]:
        """The image that a window slides over, and the zeros that an operator PAD adds before its height and width.

        The zeros after them need no number: the output's shape determines how far the window moves.
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
        """The int8 range of the fused activation, and the output's zero point."""
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
        """The struct kws_requantize for factors, biases and the largest sums of products, all (C,)."""
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
        """The shapes in a struct kws_window; with SAME padding, an odd row or column of zeros comes last."""
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
            source.shape[2] == kernel[1] == output.shape[2] == 1
        ):  # a column lies in memory as a row does, whose kernels run longer
            for side in ("in", "out", "kernel", "stride"):
                height, width = f"{side}_height", f"{side}_width"
                window[height], window[width] = window[width], window[height]
            window["pad_top"], window["pad_left"] = window["pad_left"], window["pad_top"]
        if (widest := max(window.values())) > INT16:
            raise self.error(f"a side of {widest:,} is more than the C core's {INT16:,}; use a smaller layer")
        return window

    def rescaled(self, source: Tensor, weights: Tensor) -> np.ndarray:
        """Factors (C,) from sums of products to steps of the output's scale."""
        return source.scale * weights.scales.astype(np.float64) / self.output.scale
