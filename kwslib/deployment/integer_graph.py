"""An integer network as a graph of TensorFlow Lite's operators, with exactly the scales that it was trained with.

It is the intermediate form from which both forms for a chip are generated: kwslib.deployment.tflite_write
writes it as a .tflite file, kwslib.deployment.core_network lowers it to the C core's layers. A converter would
recalibrate the activation ranges and discard the learned ones. Weights of every width are int8 in it;
kwslib.quantization.packing packs them for the C core.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from kwslib.deployment.tflite_graph import Graph, Operator, Tensor
from kwslib.networks.graph import DENSE, DEPTHWISE, FEATURES, MEAN, SUM
from kwslib.networks.layers import same_padding
from kwslib.quantization.integer import IntegerLayer, IntegerNetwork, Scale8

SAME, VALID = 0, 1  # the schema's numbers of paddings
NONE, RELU = 0, 1  # and of activations


def to_graph(network: IntegerNetwork) -> Graph:
    """The graph of an integer network, from int8 features of one clip to int8 logits (1, C)."""
    draft, first = _Draft(), network.layers[0]
    draft.activation("features", first.node.seen, first.sources[0])
    tensors = {FEATURES: 0}  # the tensor of each node
    for layer in network.layers:
        inputs = [tensors[name] for name in layer.node.inputs]
        tensors[layer.node.name] = _operator(draft, layer, inputs)
    draft.activations[-1] = replace(draft.activations[-1], name="logits")
    return draft.graph()


def _operator(draft: "_Draft", layer: IntegerLayer, inputs: list[int]) -> int:
    """A layer's operator, after those that bring its input into form; returns the tensor of its output."""
    scale, shape = layer.output, layer.node.shape
    options: dict[str, Any] = {"fusedActivationFunction": RELU if layer.node.relu else NONE}
    if layer.kind == SUM:
        return draft.operator("ADD", inputs, [], shape, scale, options)
    if layer.kind == MEAN:
        return draft.operator("MEAN", inputs, [_whole([1, 2])], shape, scale, {"keepDims": False})
    if layer.kind == DENSE:
        return draft.operator(
            "FULLY_CONNECTED", _flat(draft, layer, inputs), _constants(layer), shape, scale, options
        )
    options = {"strideH": layer.stride[0], "strideW": layer.stride[1], **options}
    options["padding"], inputs = _padded(draft, layer, inputs)
    if layer.kind == DEPTHWISE:
        options["depthMultiplier"] = 1
        return draft.operator("DEPTHWISE_CONV_2D", inputs, _constants(layer), shape, scale, options)
    return draft.operator("CONV_2D", inputs, _constants(layer), shape, scale, options)


def _flat(draft: "_Draft", layer: IntegerLayer, inputs: list[int]) -> list[int]:
    """A dense layer's input as one vector."""
    if len(draft.activations[inputs[0]].shape) == 2:
        return inputs
    shape = [1, *layer.node.seen]
    return [
        draft.operator(
            "RESHAPE", inputs, [_whole(shape)], layer.node.seen, layer.sources[0], {"newShape": shape}
        )
    ]


def _padded(draft: "_Draft", layer: IntegerLayer, inputs: list[int]) -> tuple[int, list[int]]:
    """How a convolution pads by itself, and its input, padded by an operator of its own where no kernel does so."""
    left, right, top, bottom = layer.padding
    height, width, channels = layer.node.seen
    sides = zip(layer.node.seen, layer.constants.values.shape[1:3], layer.stride, strict=False)
    if [same_padding(*side) for side in sides] == [(top, bottom), (left, right)]:
        return SAME, inputs
    if not any(layer.padding):
        return VALID, inputs
    shape = (height + top + bottom, width + left + right, channels)
    zeros = _whole([(0, 0), (top, bottom), (left, right), (0, 0)])
    return VALID, [draft.operator("PAD", inputs, [zeros], shape, layer.sources[0], {})]


def _constants(layer: IntegerLayer) -> list[Tensor]:
    """Weights and bias of a layer, which are quantized channel by channel."""
    given, axis = layer.constants, 0
    values = given.values
    if layer.kind == DEPTHWISE:
        values, axis = np.ascontiguousarray(np.moveaxis(values, 0, 3).transpose(2, 0, 1, 3)), 3
    steps = np.float32(layer.sources[0][0]) * given.scales
    return [
        Tensor("", values.shape, "INT8", given.scales, 0, values, axis),
        Tensor("", given.bias.shape, "INT32", steps, 0, given.bias),
    ]


def _whole(numbers: Any) -> Tensor:
    """A constant of whole numbers."""
    data = np.array(numbers, "<i4")
    return Tensor("", data.shape, "INT32", np.ones(1, np.float32), 0, data, quantized=False)


@dataclass
class _Draft:
    """A graph in the making. Constants come after all activations: until then their numbers are negative."""

    activations: list[Tensor] = field(default_factory=list)
    constants: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)

    def activation(self, name: str, shape: tuple[int, ...], scale: Scale8) -> int:
        scales = np.array([scale[0]], np.float32)
        self.activations.append(Tensor(name, (1, *shape), "INT8", scales, scale[1], None))
        return len(self.activations) - 1

    def operator(
        self,
        kind: str,
        inputs: list[int],
        constants: list[Tensor],
        shape: tuple[int, ...],
        scale: Scale8,
        options: dict[str, Any],
    ) -> int:
        """One more operator; returns the tensor of its output."""
        name, operands = f"{kind.lower()}_{len(self.operators)}", list(inputs)
        for tensor in constants:
            self.constants.append(replace(tensor, name=f"{name}/{len(operands)}"))
            operands.append(-len(self.constants))
        output = self.activation(name, shape, scale)
        self.operators.append(Operator(kind, tuple(operands), output, SimpleNamespace(**options)))
        return output

    def graph(self) -> Graph:
        count = len(self.activations)
        operators = (
            replace(each, inputs=tuple(count - 1 - i if i < 0 else i for i in each.inputs))
            for each in self.operators
        )
        return Graph(
            Path("model.tflite"),
            (*self.activations, *self.constants),
            tuple(operators),
            input=0,
            output=count - 1,
        )
