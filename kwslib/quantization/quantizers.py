"""Quantization modules of a network: quantizers that store their ranges, and wrappers around ordinary layers.

`quantized(model, Quantization(...))` returns a copy in which every convolution and linear layer fake-quantizes its
input and its weights before its usual computation. `Quantization` holds the options; `original()` is the recipe of the
original report (Part 5), `ours()` that of this book. `ours()` does not quantize the network's input, which is already
int8 with the front end's own scale and zero point. A tensor that a sum, a mean or several layers read is fake-quantized
at its source, so that all of them read the same values.
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from kwslib.errors import KwsError
from kwslib.networks.graph import LAYERS, Node, readers, trace
from kwslib.quantization.grids import (
    Bounds,
    Grid,
    Width,
    asymmetric_grid,
    check_width,
    fake_quantize,
    least_squares,
    min_max,
    percentile,
    scale_and_zero_point,
    symmetric_grid,
)

GRANULARITIES, SCHEMES = ("channel", "tensor"), ("symmetric", "asymmetric")
WEIGHT_RANGES = ("min-max", "least-squares", "learned")
ACTIVATION_RANGES = ("dynamic", "average", "least-squares", "learned")
MOMENTUM = 0.01  # of moving-average ranges


@dataclass(frozen=True)
class Quantization:
    """How a network is quantized.

    weights, activations: widths in bits (weights also "ternary" or "binary"); activations that are not the output of a
    ReLU, such as a mean, have 8. input: width of the network's input, None to leave it unchanged. bias: width of
    biases, None for the 32 bits in which a chip adds them. granularity, scheme: those of the weights. weight_range:
    "min-max", "least-squares", or "learned" (initialized by least squares). activation_range: "dynamic"
    (percentiles of each batch), "average" (moving average of minimum and maximum in training),
    "least-squares" or "learned". output: width of the logits, None for float. in_place: weights are overwritten
    with their quantized values in each pass. Raises KwsError for anything else.
    """

    weights: Width
    activations: int
    input: int | None = None
    bias: int | None = None
    output: int | None = 8
    granularity: str = "channel"
    scheme: str = "symmetric"
    weight_range: str = "learned"
    activation_range: str = "learned"
    in_place: bool = False

    def __post_init__(self) -> None:
        check_width(self.weights)
        for bits in (self.activations, self.input, self.bias, self.output):
            if bits is not None and isinstance(check_width(bits), str):
                raise KwsError(f"{bits} width is for weights alone: give a number of bits from 1 to 8")
        for name, allowed in (
            ("granularity", GRANULARITIES),
            ("scheme", SCHEMES),
            ("weight_range", WEIGHT_RANGES),
            ("activation_range", ACTIVATION_RANGES),
        ):
            if getattr(self, name) not in allowed:
                raise KwsError(f"{name} {getattr(self, name)!r} is unknown: use one of {', '.join(allowed)}")
        if self.scheme == "asymmetric" and isinstance(self.weights, str):
            raise KwsError(f"{self.weights} weights are symmetric: leave scheme at symmetric")


def original(bits: int) -> Quantization:
    """The original report's recipe: k bits for everything, including input and biases, with one range per tensor."""
    return Quantization(
        weights=bits,
        activations=bits,
        input=bits,
        bias=bits,
        output=None,
        granularity="tensor",
        weight_range="min-max",
        activation_range="dynamic",
        in_place=True,
    )


class Quantizer(nn.Module):
    """Fake quantization of one tensor of a network, with `channels` ranges along its first axis or a single one (None).

    The parameter is the logarithm of the scale, so that the scale stays positive and training changes it by factors.
    """

    zero_point: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, grid: Grid, symmetric: bool, ranges: str, channels: int | None = None) -> None:
        super().__init__()
        self.grid, self.symmetric = grid, symmetric
        self.ranges, self.per_channel = ranges, channels is not None
        shape = () if channels is None else (channels,)
        self.log_scale = nn.Parameter(torch.zeros(shape), requires_grad=ranges == "learned")
        for name in ("zero_point", "low", "high"):
            self.register_buffer(name, torch.zeros(shape))
        self.calibrating = False

    @property
    def scale(self) -> Tensor:
        """The learned scale, positive."""
        return self.log_scale.exp()

    def bounds(self, x: Tensor) -> Bounds:
        """The range of x that the grid covers."""
        if self.ranges == "dynamic":
            return percentile(x)
        if self.ranges in ("min-max", "average"):
            return min_max(x, self.per_channel)
        return least_squares(x, self.grid, self.symmetric, self.per_channel)

    @torch.no_grad()
    def calibrate(self, x: Tensor, momentum: float = 1.0) -> None:
        """Set the range from x; with a momentum, move the current range by that fraction towards it."""
        low, high = self.bounds(x)
        self.low.lerp_(low, momentum)
        self.high.lerp_(high, momentum)
        scale, zero_point = scale_and_zero_point((self.low, self.high), self.grid, self.symmetric)
        self.log_scale.copy_(scale.log())
        self.zero_point.copy_(zero_point)

    def forward(self, x: Tensor) -> Tensor:
        """x on the grid, in floating point."""
        if self.ranges in ("dynamic", "min-max"):
            scale, zero_point = scale_and_zero_point(self.bounds(x.detach()), self.grid, self.symmetric)
        else:
            if self.calibrating:
                self.calibrate(x)
            elif self.ranges == "average" and self.training:
                self.calibrate(x, MOMENTUM)
            scale, zero_point = self.scale, self.zero_point
        if self.per_channel:
            shape = (-1, *[1] * (x.ndim - 1))
            scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
        return fake_quantize(x, scale, zero_point, self.grid)


class QuantizedLayer(nn.Module):
    """A convolution or linear layer that first fake-quantizes its input and its parameters.

    reads, gives: widths of its input and output, None for one that is quantized elsewhere or not at all. A dropout
    before the layer is moved behind the input's quantizer, whose range would otherwise have to include the values that
    dropout scales up.
    """

    def __init__(
        self, layer: nn.Module, quantization: Quantization, reads: int | None, gives: int | None
    ) -> None:
        super().__init__()
        how, parameters = quantization, dict(layer.named_parameters())
        symmetric = how.scheme == "symmetric"
        grid = symmetric_grid(how.weights) if symmetric else asymmetric_grid(how.weights)
        channels = len(parameters["weight"]) if how.granularity == "channel" else None
        self.layer, self.in_place = layer, how.in_place
        self.weight = Quantizer(grid, symmetric, how.weight_range, channels)
        self.bias = _optional(how.bias if "bias" in parameters else None, True, "min-max")
        self.input = _optional(reads, False, how.activation_range)
        self.output = _optional(gives, False, "average")
        self.dropout: nn.Module = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """With input, weights, bias and output on their grids."""
        x = self.dropout(self.input(x))
        quantizers = {"weight": self.weight, "bias": self.bias}
        values = dict(self.layer.named_parameters())
        rounded = {name: quantizers[name](value) for name, value in values.items()}
        if not self.in_place:
            return self.output(functional_call(self.layer, rounded, (x,)))
        with torch.no_grad():
            for name, value in values.items():
                value.copy_(rounded[name])
        return self.output(self.layer(x))


def _optional(bits: int | None, symmetric: bool, ranges: str) -> nn.Module:
    if bits is None:
        return nn.Identity()
    return Quantizer(symmetric_grid(bits) if symmetric else asymmetric_grid(bits), symmetric, ranges)


class QuantizedActivation(nn.Module):
    """A ReLU whose output is fake-quantized once for all its readers."""

    def __init__(self, layer: nn.Module, quantization: Quantization) -> None:
        super().__init__()
        self.layer = layer
        self.output = _optional(quantization.activations, False, quantization.activation_range)

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output on its grid."""
        return self.output(self.layer(x))


def quantized(model: nn.Module, quantization: Quantization) -> nn.Module:
    """A copy of a network whose layers are `QuantizedLayer`s, in evaluation mode; its ranges are not yet calibrated.

    Batch norms must be folded first. Raises KwsError, naming the layer, if one cannot be quantized.
    """
    model = copy.deepcopy(model).eval()
    for name, module in model.named_modules():
        if isinstance(module, QuantizedLayer):
            raise KwsError("this network is quantized already: start from the float one")
        if isinstance(module, nn.Conv2d | nn.Linear):
            continue
        if next(module.parameters(recurse=False), None) is not None:
            kind = type(module).__name__
            raise KwsError(f"{name}: a {kind} cannot be quantized: only convolutions and linear layers can")
    nodes = trace(model)
    for node in nodes:
        if at_source(nodes, node) and node.relu:
            _put(model, node.relu, QuantizedActivation(model.get_submodule(node.relu), quantization))
        elif at_source(nodes, node) and node.kind not in LAYERS:
            raise KwsError(
                f"{type(model).__name__}: what {node.name} makes is read by a sum or a mean: give it a ReLU"
            )
    for node in nodes:
        if node.kind in LAYERS:
            _put(model, node.name, _quantized_layer(model, nodes, node, quantization))
    # beside the modules: a class that wraps the network would rename every parameter of the checkpoints there are
    vars(model)["quantization"] = quantization  # read it by quantization_of
    return model


def _quantized_layer(
    model: nn.Module, nodes: tuple[Node, ...], node: Node, how: Quantization
) -> QuantizedLayer:
    """A layer with its quantizers; a dropout before it moves into it."""
    maker = next((each for each in nodes if each.name in node.inputs), None)
    if maker is None:
        reads = how.input
    elif at_source(nodes, maker):
        reads = None
    else:
        reads = how.activations if maker.relu else 8
    gives = how.output if node is nodes[-1] else 8 if at_source(nodes, node) and not node.relu else None
    layer = QuantizedLayer(model.get_submodule(node.name), how, reads, gives)
    if maker is not None and maker.dropout and not at_source(nodes, maker):
        layer.dropout = model.get_submodule(maker.dropout)
        _put(model, maker.dropout, nn.Identity())
    return layer


def at_source(nodes: tuple[Node, ...], node: Node) -> bool:
    """Whether a node's output is quantized at the node itself: no if only a single layer reads it, or none."""
    reading = readers(nodes, node.name)
    return len(reading) > 1 or any(each.kind not in LAYERS for each in reading)


def _put(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, module)


def quantization_of(model: nn.Module) -> Quantization | None:
    """The options with which `quantized` built a network; None for a float network."""
    found = getattr(model, "quantization", None)
    return found if isinstance(found, Quantization) else None


@torch.no_grad()
def dequantized(model: nn.Module) -> nn.Module:
    """A copy of a quantized network as an ordinary one: weights rounded to their grids, activations in float."""
    model = copy.deepcopy(model)
    for name, layer in list(model.named_modules()):
        if isinstance(layer, QuantizedLayer):
            quantizers = {"weight": layer.weight, "bias": layer.bias}
            for role, value in layer.layer.named_parameters():
                value.copy_(quantizers[role](value))
            _put(model, name, layer.layer)
        elif isinstance(layer, QuantizedActivation):
            _put(model, name, layer.layer)
    del model.quantization
    return model


@torch.no_grad()
def calibrate(model: nn.Module, x: Tensor) -> None:
    """Calibrate all ranges of a quantized network, in the order of its layers, on inputs x (N, 49, 40)."""
    quantizers = [module for module in model.modules() if isinstance(module, Quantizer)]
    for quantizer in quantizers:
        quantizer.calibrating = True
    model.eval()(x)
    for quantizer in quantizers:
        quantizer.calibrating = False
