"""A quantized TinyConv as a .tflite file with the very scales that it was trained with.

Converters measure activation ranges anew and drop what training has learned, so the file is written here from its
three operators: CONV_2D with its activation, RESHAPE, FULLY_CONNECTED. Weights of every width stand in it as int8,
which LiteRT and TensorFlow Lite Micro can run; kwslib.quantization.packing makes them small for the C core.
"""

from typing import Any

import flatbuffers
import numpy as np

from kwslib.deployment.conversion import check_installed
from kwslib.deployment.tflite_flatbuffer import Description, finish
from kwslib.features.frontend import CHANNELS, FRAMES, INPUT_SCALE, INPUT_ZERO_POINT
from kwslib.quantization.integer import IntegerLayer, IntegerNetwork, Scale8

VERSIONS = {
    "CONV_2D": 3,
    "RESHAPE": 1,
    "FULLY_CONNECTED": 4,
}  # those of int8, as TensorFlow's converter writes them


def to_tflite(network: IntegerNetwork, description: Description) -> bytes:
    """The .tflite file of a network in integers, int8 (1, 49, 40, 1) in and int8 (1, C) out.

    Raises KwsError when the package that knows the format is missing.
    """
    check_installed(("ai_edge_litert",))
    from ai_edge_litert import schema_py_generated as schema

    conv, linear = network.conv, network.linear
    channels, classes = len(conv.bias), len(linear.bias)
    positions = linear.weights.shape[1] // channels
    height = -(-FRAMES // 2)
    writer = _Writer(schema)
    features = writer.activation((1, FRAMES, CHANNELS, 1), conv.input)
    image = writer.activation((1, height, positions // height, channels), conv.output)
    flat = writer.activation((1, linear.weights.shape[1]), conv.output)
    logits = writer.activation((1, classes), linear.output)
    relu = (
        schema.ActivationFunctionType.RELU6
        if network.activation_bits < 8
        else schema.ActivationFunctionType.RELU
    )
    options = schema.Conv2DOptionsT()
    options.padding, options.fusedActivationFunction = schema.Padding.SAME, relu
    options.strideH = options.strideW = 2
    options.dilationHFactor = options.dilationWFactor = 1
    writer.operator("CONV_2D", [features, *writer.constants(conv)], image, "Conv2DOptions", options)
    reshape = schema.ReshapeOptionsT()
    reshape.newShape = [1, linear.weights.shape[1]]
    shape = writer.constant(np.array(reshape.newShape, np.int32))
    writer.operator("RESHAPE", [image, shape], flat, "ReshapeOptions", reshape)
    dense = schema.FullyConnectedOptionsT()
    writer.operator(
        "FULLY_CONNECTED", [flat, *writer.constants(linear)], logits, "FullyConnectedOptions", dense
    )
    content = writer.finish(features, logits)
    return finish(content, description, INPUT_SCALE, INPUT_ZERO_POINT)


class _Writer:
    """Collects tensors and operators of one graph as the schema's objects."""

    def __init__(self, schema: Any) -> None:
        self.schema, self.graph, self.model = schema, schema.SubGraphT(), schema.ModelT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.buffers, self.model.operatorCodes = [schema.BufferT()], []

    def activation(self, shape: tuple[int, ...], scale: Scale8) -> int:
        """A computed int8 tensor; returns its number."""
        return self._tensor(shape, "INT8", np.array([scale[0]], np.float32), scale[1])

    def constant(self, values: np.ndarray, scales: np.ndarray | None = None) -> int:
        """A constant tensor, quantized along its first axis where it has scales; returns its number."""
        number = self._tensor(values.shape, values.dtype.name.upper(), scales, 0)
        buffer = self.schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.graph.tensors[number].buffer = len(self.model.buffers)
        self.model.buffers.append(buffer)
        return number

    def constants(self, layer: IntegerLayer) -> tuple[int, int]:
        """Weights and bias of a layer."""
        steps = np.float32(layer.input[0]) * layer.scales
        return self.constant(layer.weights, layer.scales), self.constant(layer.bias, steps)

    def _tensor(self, shape: tuple[int, ...], kind: str, scales: np.ndarray | None, zero_point: int) -> int:
        tensor = self.schema.TensorT()
        tensor.shape, tensor.hasRank = np.array(shape, np.int32), True
        tensor.type, tensor.name = getattr(self.schema.TensorType, kind), f"tensor_{len(self.graph.tensors)}"
        if scales is not None:
            tensor.quantization = self.schema.QuantizationParametersT()
            tensor.quantization.scale = scales.astype(np.float32)
            tensor.quantization.zeroPoint = np.full(len(scales), zero_point, np.int64)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, name: str, inputs: list[int], output: int, kind: str, options: Any) -> None:
        """One operator with its table of options."""
        code, operator = self.schema.OperatorCodeT(), self.schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(self.schema.BuiltinOperator, name)
        code.version = VERSIONS[name]
        operator.opcodeIndex = len(self.model.operatorCodes)
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        operator.builtinOptionsType, operator.builtinOptions = (
            getattr(self.schema.BuiltinOptions, kind),
            options,
        )
        self.model.operatorCodes.append(code)
        self.graph.operators.append(operator)

    def finish(self, source: int, output: int) -> bytes:
        """The file's bytes."""
        self.graph.inputs, self.graph.outputs = np.array([source], np.int32), np.array([output], np.int32)
        self.model.version, self.model.subgraphs = 3, [self.graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
