"""A .tflite file as a sequence of the C core's layers (firmware/core/kws_network.h)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.deployment.litert import read_tflite
from kwslib.deployment.operands import Operands
from kwslib.deployment.operators import OPERATORS
from kwslib.deployment.tflite_graph import Graph
from kwslib.errors import KwsError

VIEWS = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")  # the same bytes under another shape
PADDED = ("CONV_2D", "DEPTHWISE_CONV_2D")  # whose kernels pad by themselves where an operator PAD says so


@dataclass(frozen=True)
class Layer:
    """One call of the C core: `kind` names its function and struct, `fields` are the values of the struct."""

    kind: str
    name: str
    fields: dict[str, Any] = field(repr=False)
    inputs: tuple[int, ...]
    output: int


@dataclass(frozen=True)
class Network:
    """Layers in order of execution. Tensors are int8, NHWC, of batch 1, and identified by number; `sizes` in bytes."""

    layers: tuple[Layer, ...]
    sizes: dict[int, int]
    input: int
    output: int
    output_scale: float
    output_zero_point: int


def constant_bytes(layers: Sequence[Layer]) -> int:
    """Bytes of all arrays of the layers in flash."""

    def size(value: Any) -> int:
        if isinstance(value, dict):
            return sum(map(size, value.values()))
        return value.nbytes if isinstance(value, np.ndarray) else 0

    return sum(size(layer.fields) for layer in layers)


def read_network(path: Path, content: bytes | None = None) -> Network:
    """The layers of a .tflite file. content: its bytes, if the file is not yet written and `path` is only its name.

    Raises KwsError for a damaged file, a dynamic shape, a type other than int8, and an operator or option that
    the C core does not support; the message names the operator and what is supported.
    """
    return lower(read_tflite(path, content).graph)


def lower(graph: Graph, runs: bool = True) -> Network:
    """The core's layers of a graph; without `runs`, convolutions keep their weights in TensorFlow Lite's order.

    Raises KwsError for an operator or an option that the C core does not support.
    """
    path = graph.path
    alias: dict[int, int] = {}
    layers, sizes = [], {graph.input: math.prod(graph.tensors[graph.input].shape)}
    for number, operator in enumerate(graph.operators):
        if operator.name in VIEWS:
            alias[operator.output] = alias.get(operator.inputs[0], operator.inputs[0])
            continue
        if operator.name == "PAD":
            readers = [other.name for other in graph.operators if operator.output in other.inputs]
            if operator.output == graph.output or not set(readers) <= set(PADDED):
                raise KwsError(f"{path}: operator PAD is supported only before {' and '.join(PADDED)}")
            alias[operator.output] = alias.get(operator.inputs[0], operator.inputs[0])
            continue
        if operator.name not in OPERATORS:
            supported = ", ".join((*OPERATORS, *VIEWS, "PAD"))
            raise KwsError(
                f"{path}: operator {operator.name} is not supported by the C core; these are: {supported}"
            )
        operands = Operands(graph, operator, number, runs)
        kind, fields = OPERATORS[operator.name](operands)
        inputs = operator.inputs if kind == "sum" else operator.inputs[:1]
        sources = tuple(alias.get(i, i) for i in inputs)
        layers.append(Layer(kind, operands.name, fields, sources, operator.output))
        sizes[operator.output] = math.prod(graph.tensors[operator.output].shape)
    output = alias.get(graph.output, graph.output)
    if output not in {layer.output for layer in layers}:
        raise KwsError(f"{path}: has no layer that makes its output; `kws export` makes a model")
    last = graph.tensors[graph.output]
    return Network(tuple(layers), sizes, graph.input, output, last.scale, last.zero_point)
