"""A graph as a .tflite file, which LiteRT and TensorFlow Lite Micro can run."""

from typing import Any

import numpy as np

from kwslib.deployment.conversion import check_installed
from kwslib.deployment.tflite_flatbuffer import Description, pack
from kwslib.deployment.tflite_graph import Graph, Operator, Tensor

# Tables of options, and versions of the int8 operators, as TensorFlow's converter writes them.
OPERATORS = {
    "ADD": ("AddOptions", 2),
    "CONV_2D": ("Conv2DOptions", 3),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", 3),
    "MEAN": ("ReducerOptions", 2),
    "PAD": ("PadOptions", 2),
    "RESHAPE": ("ReshapeOptions", 1),
    "FULLY_CONNECTED": ("FullyConnectedOptions", 4),
}


def write(graph: Graph, description: Description) -> bytes:
    """The bytes of a .tflite file for a graph of the operators in OPERATORS.

    Raises KwsError when the package for the file format is not installed.
    """
    check_installed(("ai_edge_litert",))
    from ai_edge_litert import schema_py_generated as schema

    model, main = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers = 3, [main], [schema.BufferT()]
    names = list(dict.fromkeys(operator.name for operator in graph.operators))
    model.operatorCodes = [_code(name, schema) for name in names]
    main.name, main.tensors, main.operators = "main", [], []
    for tensor in graph.tensors:
        entry = _tensor(tensor, schema)
        if tensor.data is not None:
            entry.buffer = len(model.buffers)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(tensor.data.tobytes(), np.uint8)
            model.buffers.append(buffer)
        main.tensors.append(entry)
    main.operators = [_operator(operator, names, schema) for operator in graph.operators]
    main.inputs, main.outputs = np.array([graph.input], np.int32), np.array([graph.output], np.int32)
    return pack(model, description)


def _code(name: str, schema: Any) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
    _, code.version = OPERATORS[name]
    return code


def _tensor(tensor: Tensor, schema: Any) -> Any:
    entry = schema.TensorT()
    entry.name, entry.type = tensor.name, getattr(schema.TensorType, tensor.type)
    entry.shape, entry.hasRank = np.array(tensor.shape, np.int32), True
    if tensor.quantized:
        entry.quantization = schema.QuantizationParametersT()
        entry.quantization.scale = tensor.scales.astype(np.float32)
        entry.quantization.zeroPoint = np.full(len(tensor.scales), tensor.zero_point, np.int64)
        entry.quantization.quantizedDimension = tensor.axis
    return entry


def _operator(operator: Operator, names: list[str], schema: Any) -> Any:
    table, _ = OPERATORS[operator.name]
    entry, options = schema.OperatorT(), getattr(schema, f"{table}T")()
    vars(options).update(vars(operator.options))
    entry.opcodeIndex = names.index(operator.name)
    entry.inputs, entry.outputs = np.array(operator.inputs, np.int32), np.array([operator.output], np.int32)
    entry.builtinOptionsType, entry.builtinOptions = getattr(schema.BuiltinOptions, table), options
    return entry
