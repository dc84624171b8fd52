"""A quantized TinyConv as a graph: three operators, with the very scales that it was trained with.

It is the middle form between a network in integers and both of its forms for a chip: kwslib.deployment.tflite_write
makes a .tflite file of it, kwslib.deployment.core_network the C core's layers. Converters would measure activation
ranges anew and drop what training has learned. Weights of every width stand in it as int8; kwslib.quantization.packing
makes them small for the C core.
"""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from kwslib.deployment.tflite_graph import Graph, Operator, Tensor
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.quantization.integer import IntegerLayer, IntegerNetwork, Scale8

SAME, NONE, RELU, RELU6 = 0, 0, 1, 3  # the schema's numbers of a padding and of activations


def to_graph(network: IntegerNetwork, path: Path = Path("model.tflite")) -> Graph:
    """The graph of a network in integers, int8 (1, 49, 40, 1) in and int8 (1, C) out; `path` is for messages."""
    conv, linear = network.conv, network.linear
    channels, (classes, inputs) = len(conv.bias), linear.weights.shape
    height = -(-FRAMES // 2)
    image, flat = (1, height, inputs // channels // height, channels), (1, inputs)
    relu = RELU6 if network.activation_bits < 8 else RELU
    tensors = (
        _activation("features", (1, FRAMES, CHANNELS, 1), conv.input),
        _activation("conv_2d_0", image, conv.output),
        _activation("reshape_1", flat, conv.output),
        _activation("logits", (1, classes), linear.output),
        *_constants("conv_2d_0", conv),
        Tensor(
            "reshape_1/1", (2,), "INT32", np.ones(1, np.float32), 0, np.array(flat, "<i4"), quantized=False
        ),
        *_constants("fully_connected_2", linear),
    )
    operators = (
        Operator(
            "CONV_2D",
            (0, 4, 5),
            1,
            SimpleNamespace(padding=SAME, strideH=2, strideW=2, fusedActivationFunction=relu),
        ),
        Operator("RESHAPE", (1, 6), 2, SimpleNamespace(newShape=list(flat))),
        Operator("FULLY_CONNECTED", (2, 7, 8), 3, SimpleNamespace(fusedActivationFunction=NONE)),
    )
    return Graph(path, tensors, operators, input=0, output=3)


def _activation(name: str, shape: tuple[int, ...], scale: Scale8) -> Tensor:
    return Tensor(name, shape, "INT8", np.array([scale[0]], np.float32), scale[1], None)


def _constants(name: str, layer: IntegerLayer) -> tuple[Tensor, Tensor]:
    """Weights and bias of a layer, which are quantized channel by channel."""
    steps = np.float32(layer.input[0]) * layer.scales
    return (
        Tensor(f"{name}/1", layer.weights.shape, "INT8", layer.scales, 0, layer.weights),
        Tensor(f"{name}/2", layer.bias.shape, "INT32", steps, 0, layer.bias),
    )
