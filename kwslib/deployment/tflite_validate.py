"""What TensorFlow Lite's operators need, checked before LiteRT or the C core sees them.

LiteRT refuses most of what is wrong with an error, but some of it, such as a softmax whose scale is too small, ends the
process. `validate` checks the operators of keyword spotters, int8 or float32, so that they cannot. What it does not
know well enough to vouch for (other operators, mixed types, groups, broadcasting) has to be tried in a process apart.
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


class _Given:
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
    """Whether LiteRT can be trusted with a graph in this process.

    Raises KwsError, which names the operator, for one whose options, shapes or scales cannot be.
    """
    for number, role in ((graph.input, "input"), (graph.output, "output")):
        tensor = graph.tensors[number]
        if tensor.type != "FLOAT32" and (tensor.type, tensor.quantized) != ("INT8", True):
            raise KwsError(
                f"{graph.path}: its {role} is {tensor.type}, not float32 or int8 with a scale; {AGAIN}"
            )
    return all([_known(_Given(graph, operator)) for operator in graph.operators])  # noqa: C419 - none is left out


def _known(given: _Given) -> bool:
    """Whether an operator is one of those below, with options of its own and operands of one type."""
    name = given.operator.name
    if name not in CHECKS:
        return False
    check, options, activations = CHECKS[name]
    given.need(given.source.data is None, "works on a constant")
    tensors = [*(given.needed(position) for position in range(activations)), given.output]
    has = type(given.options).__name__
    given.need(has == f"{options}T" or (name == "RESHAPE" and given.options is None), f"lacks its {options}")
    if {tensor.type for tensor in tensors} not in ({"INT8"}, {"FLOAT32"}):
        return False
    given.need(all(t.type == "FLOAT32" or t.quantized for t in tensors), "has operands without a scale")
    given.need(
        getattr(given.options, "fusedActivationFunction", 0) in ACTIVATIONS, "has an unknown activation"
    )
    return check(given)


def _check_factors(given: _Given, source: float, weights: np.ndarray) -> None:
    """Scales whose quotient is a factor in fixed point."""
    shifts = [quantize_multiplier(source * float(scale) / given.output.scale)[1] for scale in weights]
    given.need(max(shifts) <= MOST_LEFT, "its output's scale is too small for its input's")


def _check_window(given: _Given, kernel: Sequence[int], channels: int) -> None:
    """Strides and padding that make the output's shape of the input's."""
    options, shape = given.options, given.source.shape
    strides = (options.strideH, options.strideW)
    dilation = (getattr(options, "dilationHFactor", 1), getattr(options, "dilationWFactor", 1))
    given.need(all(1 <= n <= LARGEST_STEP for n in (*strides, *dilation, *kernel)), "has a step out of range")
    given.need(options.padding in (SAME, VALID), "has an unknown padding")
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    if options.padding == SAME:
        sizes = [-(-n // s) for n, s in zip(shape[1:3], strides, strict=True)]
    else:
        sizes = [(n - k) // s + 1 for n, k, s in zip(shape[1:3], spans, strides, strict=True)]
    _check_shape(given, (shape[0], *sizes, channels))


def _check_shape(given: _Given, shape: Sequence[int]) -> None:
    found = list(given.output.shape)
    given.need(found == list(shape), f"its output is {found} where its operands make {list(shape)}")


def _check_image(given: _Given) -> None:
    given.need(len(given.source.shape) == 4, f"its input is {list(given.source.shape)}, not an image")


def _constants(given: _Given, rank: int, channels_axis: int) -> bool:
    """Whether weights and bias are constant; of the source's type, and with scales that fit, if so."""
    weights, bias, source = given.needed(1), given.input(2), given.source
    if weights.data is None or weights.type != source.type or (bias is not None and bias.data is None):
        return False
    given.need(len(weights.shape) == rank, f"its weights are {list(weights.shape)}, not of {rank} axes")
    channels = weights.shape[channels_axis]
    if bias is not None:
        kind = "INT32" if source.type == "INT8" else "FLOAT32"
        given.need((bias.type, bias.shape) == (kind, (channels,)), f"its bias is not {kind} of {channels}")
    if source.type == "INT8":
        given.need(
            weights.quantized and weights.zero_point == 0, "its weights have no scale, or a zero point"
        )
        given.need(
            len(weights.scales) == 1 or weights.axis == channels_axis, "its scales lie along another axis"
        )
        _check_factors(given, source.scale, weights.scales)
    return True


def _convolution(given: _Given) -> bool:
    _check_image(given)
    if not _constants(given, 4, 0):
        return False
    weights = given.needed(1)
    _check_window(given, weights.shape[1:3], weights.shape[0])
    return weights.shape[3] == given.source.shape[3]


def _depthwise(given: _Given) -> bool:
    _check_image(given)
    if not _constants(given, 4, 3):
        return False
    weights, depth = given.needed(1), given.source.shape[3]
    channels = weights.shape[3]
    given.need(
        weights.shape[0] == 1 and channels == depth * given.options.depthMultiplier,
        f"its weights {list(weights.shape)} do not fit {depth} channels",
    )
    _check_window(given, weights.shape[1:3], channels)
    return True


def _dense(given: _Given) -> bool:
    if not _constants(given, 2, 0) or given.options.weightsFormat:
        return False
    (outputs, inputs), shape = given.needed(1).shape, given.source.shape
    given.need(math.prod(shape) % inputs == 0, f"its input {list(shape)} is not of vectors of {inputs}")
    if given.options.keepNumDims:
        given.need(shape[-1:] == (inputs,), f"its input {list(shape)} is not of vectors of {inputs}")
        _check_shape(given, (*shape[:-1], outputs))
    else:
        _check_shape(given, (math.prod(shape) // inputs, outputs))
    return True


def _average_pool(given: _Given) -> bool:
    _check_image(given)
    _check_window(given, (given.options.filterHeight, given.options.filterWidth), given.source.shape[3])
    return True


def _mean(given: _Given) -> bool:
    axes, shape = given.needed(1), given.source.shape
    if axes.data is None or axes.type != "INT32" or len(shape) != 4:
        return False
    if sorted(int(axis) % 4 for axis in axes.data.reshape(-1)) != [1, 2]:
        return False
    kept = (1, 1) if given.options.keepDims else ()
    _check_shape(given, (shape[0], *kept, shape[3]))
    if given.source.type == "INT8":
        _check_factors(given, given.source.scale, np.ones(1))
    return True


def _add(given: _Given) -> bool:
    a, b, output = given.source, given.needed(1), given.output
    if a.shape != b.shape:
        return False
    _check_shape(given, a.shape)
    if a.type == "INT8":
        largest = 2 * max(a.scale, b.scale)
        factors = (a.scale / largest, b.scale / largest, largest / (2**20 * output.scale))
        fits = all(factor > 0 and quantize_multiplier(factor)[1] <= 0 for factor in factors)
        given.need(fits, "its output's scale is too small for its inputs'")
    return True


def _softmax(given: _Given) -> bool:
    source, beta = given.source, given.options.beta
    given.need(1 <= len(source.shape) <= 4, f"its input is {list(source.shape)}")
    _check_shape(given, source.shape)
    given.need(math.isfinite(beta) and beta > 0, f"its beta is {beta:g}")
    if source.type == "INT8":
        given.need(source.scale * beta * 2**SOFTMAX_BITS > 1, "its input's scale is too small")
    return True


def _reshape(given: _Given) -> bool:
    if (shape := given.input(1)) is not None:
        if shape.data is None or shape.type != "INT32" or len(shape.shape) != 1:
            return False
        wanted = [int(n) for n in shape.data]
    else:
        given.need(given.options is not None and given.options.newShape is not None, "has no shape")
        wanted = [int(n) for n in given.options.newShape]
    size = math.prod(given.source.shape)
    if wanted.count(-1) == 1:
        rest = math.prod(n for n in wanted if n != -1)
        wanted[wanted.index(-1)] = size // rest if rest > 0 else -1
    given.need(math.prod(wanted) == size, f"{list(given.source.shape)} cannot become {wanted}")
    _check_shape(given, wanted)
    return True


CHECKS: dict[str, tuple[Callable[[_Given], bool], str, int]] = {  # its check, table of options, data operands
    "CONV_2D": (_convolution, "Conv2DOptions", 1),
    "DEPTHWISE_CONV_2D": (_depthwise, "DepthwiseConv2DOptions", 1),
    "FULLY_CONNECTED": (_dense, "FullyConnectedOptions", 1),
    "AVERAGE_POOL_2D": (_average_pool, "Pool2DOptions", 1),
    "MEAN": (_mean, "ReducerOptions", 1),
    "ADD": (_add, "AddOptions", 2),
    "SOFTMAX": (_softmax, "SoftmaxOptions", 1),
    "RESHAPE": (_reshape, "ReshapeOptions", 1),
}
