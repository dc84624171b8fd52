"""Requirements of TensorFlow Lite's operators, checked before LiteRT or the C core loads a model.

LiteRT rejects most invalid models with an error, but some, such as a softmax whose scale is too small, abort the
process. `validate` checks the operators of keyword spotters, int8 or float32, so that this cannot happen. Models that
it cannot fully check (other operators, mixed types, groups, broadcasting) have to be tried in a separate process.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from kwslib.deployment.tflite_graph import AGAIN, Graph, Operator, Tensor
from kwslib.errors import KwsError
from kwslib.quantization.multiplier import quantize_multiplier

SAME, VALID = 0, 1  # the schema's numbers of paddings
ACTIVATIONS = (0, 1, 2, 3)  # none, RELU, RELU_N1_TO_1, RELU6
LARGEST_STEP = 2**15 - 1  # of strides, dilation and pooling
MOST_LEFT = 30  # bits that a sum is shifted to the left by, at most
SOFTMAX_BITS = 26  # fractional bits of the softmax's input


class _Node:
    """An operator's operands; complaints name the file and the operator."""

    def __init__(self, graph: Graph, operator: Operator) -> None:
        self.graph, self.operator, self.options = graph, operator, operator.options
        self.output = graph.tensors[operator.output]

    def need(self, fact: bool, reason: str) -> None:
        if not fact:
            raise KwsError(f"{self.graph.path}: {self.operator.name}: {reason}; {AGAIN}")

    def input(self, position: int) -> Tensor | None:
        inputs = self.operator.inputs
        number = inputs[position] if position < len(inputs) else -1
        return None if number < 0 else self.graph.tensors[number]

    def needed(self, position: int) -> Tensor:
        tensor = self.input(position)
        self.need(tensor is not None, f"its input {position} is missing")
        assert tensor is not None
        return tensor

    @property
    def source(self) -> Tensor:
        return self.needed(0)


def validate(graph: Graph) -> bool:
    """Whether LiteRT can safely load a graph in this process.

    Raises KwsError, naming the operator, for invalid options, shapes or scales.
    """
    for number, role in ((graph.input, "input"), (graph.output, "output")):
        tensor = graph.tensors[number]
        if tensor.type != "FLOAT32" and (tensor.type, tensor.quantized) != ("INT8", True):
            raise KwsError(
                f"{graph.path}: its {role} is {tensor.type}, not float32 or int8 with a scale; {AGAIN}"
            )
    return all([_known(_Node(graph, operator)) for operator in graph.operators])  # noqa: C419 - none is left out


def _known(node: _Node) -> bool:
    """Whether an operator is one of those below, with options of its own and operands of one type."""
    name = node.operator.name
    if name not in CHECKS:
        return False
    check, options, activations = CHECKS[name]
    node.need(node.source.data is None, "works on a constant")
    tensors = [*(node.needed(position) for position in range(activations)), node.output]
    has = type(node.options).__name__
    node.need(has == f"{options}T" or (name == "RESHAPE" and node.options is None), f"lacks its {options}")
    if {tensor.type for tensor in tensors} not in ({"INT8"}, {"FLOAT32"}):
        return False
    node.need(all(t.type == "FLOAT32" or t.quantized for t in tensors), "has operands without a scale")
    node.need(getattr(node.options, "fusedActivationFunction", 0) in ACTIVATIONS, "has an unknown activation")
    return check(node)


def _check_factors(node: _Node, source: float, weights: np.ndarray) -> None:
    """Scales whose quotient is a factor in fixed point."""
    shifts = [quantize_multiplier(source * float(scale) / node.output.scale)[1] for scale in weights]
    node.need(max(shifts) <= MOST_LEFT, "its output's scale is too small for its input's")


def _check_window(node: _Node, kernel: Sequence[int], channels: int) -> None:
    """Strides and padding that make the output's shape of the input's."""
    options, shape = node.options, node.source.shape
    strides = (options.strideH, options.strideW)
    dilation = (getattr(options, "dilationHFactor", 1), getattr(options, "dilationWFactor", 1))
    node.need(all(1 <= n <= LARGEST_STEP for n in (*strides, *dilation, *kernel)), "has a step out of range")
    node.need(options.padding in (SAME, VALID), "has an unknown padding")
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    if options.padding == SAME:
        sizes = [-(-n // s) for n, s in zip(shape[1:3], strides, strict=True)]
    else:
        sizes = [(n - k) // s + 1 for n, k, s in zip(shape[1:3], spans, strides, strict=True)]
    _check_shape(node, (shape[0], *sizes, channels))


def _check_shape(node: _Node, shape: Sequence[int]) -> None:
    found = list(node.output.shape)
    node.need(found == list(shape), f"its output is {found} where its operands make {list(shape)}")


def _check_image(node: _Node) -> None:
    node.need(len(node.source.shape) == 4, f"its input is {list(node.source.shape)}, not an image")


def _constants(node: _Node, rank: int, channels_axis: int) -> bool:
    """Whether weights and bias are constant; of the source's type, and with scales that fit, if so."""
    weights, bias, source = node.needed(1), node.input(2), node.source
    if weights.data is None or weights.type != source.type or (bias is not None and bias.data is None):
        return False
    node.need(len(weights.shape) == rank, f"its weights are {list(weights.shape)}, not of {rank} axes")
    channels = weights.shape[channels_axis]
    if bias is not None:
        kind = "INT32" if source.type == "INT8" else "FLOAT32"
        node.need((bias.type, bias.shape) == (kind, (channels,)), f"its bias is not {kind} of {channels}")
    if source.type == "INT8":
        node.need(weights.quantized and weights.zero_point == 0, "its weights have no scale, or a zero point")
        node.need(
            len(weights.scales) == 1 or weights.axis == channels_axis, "its scales lie along another axis"
        )
        _check_factors(node, source.scale, weights.scales)
    return True


def _convolution(node: _Node) -> bool:
    _check_image(node)
    if not _constants(node, 4, 0):
        return False
    weights = node.needed(1)
    _check_window(node, weights.shape[1:3], weights.shape[0])
    return weights.shape[3] == node.source.shape[3]


def _depthwise(node: _Node) -> bool:
    _check_image(node)
    if not _constants(node, 4, 3):
        return False
    weights, depth = node.needed(1), node.source.shape[3]
    channels = weights.shape[3]
    node.need(
        weights.shape[0] == 1 and channels == depth * node.options.depthMultiplier,
        f"its weights {list(weights.shape)} do not fit {depth} channels",
    )
    _check_window(node, weights.shape[1:3], channels)
    return True


def _dense(node: _Node) -> bool:
    if not _constants(node, 2, 0) or node.options.weightsFormat:
        return False
    (outputs, inputs), shape = node.needed(1).shape, node.source.shape
    node.need(math.prod(shape) % inputs == 0, f"its input {list(shape)} is not of vectors of {inputs}")
    if node.options.keepNumDims:
        node.need(shape[-1:] == (inputs,), f"its input {list(shape)} is not of vectors of {inputs}")
        _check_shape(node, (*shape[:-1], outputs))
    else:
        _check_shape(node, (math.prod(shape) // inputs, outputs))
    return True


def _average_pool(node: _Node) -> bool:
    _check_image(node)
    _check_window(node, (node.options.filterHeight, node.options.filterWidth), node.source.shape[3])
    return True


def _mean(node: _Node) -> bool:
    axes, shape = node.needed(1), node.source.shape
    if axes.data is None or axes.type != "INT32" or len(shape) != 4:
        return False
    if sorted(int(axis) % 4 for axis in axes.data.reshape(-1)) != [1, 2]:
        return False
    kept = (1, 1) if node.options.keepDims else ()
    _check_shape(node, (shape[0], *kept, shape[3]))
    if node.source.type == "INT8":
        _check_factors(node, node.source.scale, np.ones(1))
    return True


def _add(node: _Node) -> bool:
    a, b, output = node.source, node.needed(1), node.output
    if a.shape != b.shape:
        return False
    _check_shape(node, a.shape)
    if a.type == "INT8":
        largest = 2 * max(a.scale, b.scale)
        factors = (a.scale / largest, b.scale / largest, largest / (2**20 * output.scale))
        fits = all(factor > 0 and quantize_multiplier(factor)[1] <= 0 for factor in factors)
        node.need(fits, "its output's scale is too small for its inputs'")
    return True


def _softmax(node: _Node) -> bool:
    source, beta = node.source, node.options.beta
    node.need(1 <= len(source.shape) <= 4, f"its input is {list(source.shape)}")
    _check_shape(node, source.shape)
    node.need(math.isfinite(beta) and beta > 0, f"its beta is {beta:g}")
    if source.type == "INT8":
        node.need(source.scale * beta * 2**SOFTMAX_BITS > 1, "its input's scale is too small")
    return True


def _reshape(node: _Node) -> bool:
    if (shape := node.input(1)) is not None:
        if shape.data is None or shape.type != "INT32" or len(shape.shape) != 1:
            return False
        wanted = [int(n) for n in shape.data]
    else:
        node.need(node.options is not None and node.options.newShape is not None, "has no shape")
        wanted = [int(n) for n in node.options.newShape]
    size = math.prod(node.source.shape)
    if wanted.count(-1) == 1:
        rest = math.prod(n for n in wanted if n != -1)
        wanted[wanted.index(-1)] = size // rest if rest > 0 else -1
    node.need(math.prod(wanted) == size, f"{list(node.source.shape)} cannot become {wanted}")
    _check_shape(node, wanted)
    return True


CHECKS: dict[str, tuple[Callable[[_Node], bool], str, int]] = {  # its check, table of options, data operands
    "CONV_2D": (_convolution, "Conv2DOptions", 1),
    "DEPTHWISE_CONV_2D": (_depthwise, "DepthwiseConv2DOptions", 1),
    "FULLY_CONNECTED": (_dense, "FullyConnectedOptions", 1),
    "AVERAGE_POOL_2D": (_average_pool, "Pool2DOptions", 1),
    "MEAN": (_mean, "ReducerOptions", 1),
    "ADD": (_add, "AddOptions", 2),
    "SOFTMAX": (_softmax, "SoftmaxOptions", 1),
    "RESHAPE": (_reshape, "ReshapeOptions", 1),
}
