"""Writes small int8 .tflite files, operator by operator, for tests: any shape, scale and zero point."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {
    "int8": schema.TensorType.INT8,
    "int32": schema.TensorType.INT32,
    "float32": schema.TensorType.FLOAT32,
}


@dataclass
class Maker:
    """Tensors and operators of one graph; numbers returned by `tensor` name them."""

    tensors: list[Any] = field(default_factory=list)
    buffers: list[Any] = field(default_factory=lambda: [schema.BufferT()])
    operators: list[Any] = field(default_factory=list)
    codes: list[Any] = field(default_factory=list)

    def tensor(self, shape, scales=1.0, zero_point=0, data=None, axis=0, kind="int8", signature=None) -> int:
        tensor, quantization = schema.TensorT(), schema.QuantizationParametersT()
        scales = np.atleast_1d(np.asarray(scales, np.float32))
        quantization.scale = scales
        quantization.zeroPoint = np.full(scales.size, zero_point, np.int64)
        quantization.quantizedDimension = axis
        tensor.shape = np.asarray(shape, np.int32)
        tensor.shapeSignature = None if signature is None else np.asarray(signature, np.int32)
        tensor.hasRank = True
        tensor.type, tensor.name, tensor.quantization = TYPES[kind], f"t{len(self.tensors)}", quantization
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.asarray(data, kind).tobytes(), np.uint8)
            self.buffers.append(buffer)
            tensor.buffer = len(self.buffers) - 1
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(self, name: str, inputs, output: int, table: str | None = None, **options) -> None:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        self.codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.codes) - 1
        operator.inputs, operator.outputs = np.asarray(inputs, np.int32), np.asarray([output], np.int32)
        if table:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            operator.builtinOptions = getattr(schema, table + "T")()
            for key, value in options.items():
                assert hasattr(operator.builtinOptions, key), key
                setattr(operator.builtinOptions, key, value)
        self.operators.append(operator)

    def reshape(self, source: int, output: int) -> None:
        self.operator("RESHAPE", [source], output, "ReshapeOptions", newShape=self.tensors[output].shape)

    def write(self, path: Path, source: int, output: int) -> Path:
        graph, model = schema.SubGraphT(), schema.ModelT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = np.asarray([source], np.int32), np.asarray([output], np.int32)
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = self.codes
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        Path(path).write_bytes(builder.Output())
        return Path(path)


def tinyconv(path: Path, channels: int = 8, image: tuple[int, int] = (49, 40)) -> Path:
    """A TinyConv of random weights, as `kws export` writes one, on the features laid out as an image."""
    rng = np.random.default_rng(channels)
    maker = Maker()
    source = maker.tensor((1, 49, 40), 0.0115, -47)
    shaped = maker.tensor((1, *image, 1), 0.0115, -47)
    scales = rng.uniform(0.001, 0.002, channels)
    weights = maker.tensor((channels, 10, 8, 1), scales, 0, rng.integers(-127, 128, (channels, 10, 8, 1)))
    bias = maker.tensor((channels,), scales * 0.0115, 0, rng.integers(-2000, 2000, channels), kind="int32")
    rows, columns = (-(-side // 2) for side in image)
    size = rows * columns * channels
    middle = maker.tensor((1, rows, columns, channels), 0.01, -128)
    flat = maker.tensor((1, size), 0.01, -128)
    dense = maker.tensor((4, size), 0.002, 0, rng.integers(-127, 128, (4, size)))
    offset = maker.tensor((4,), 0.00002, 0, rng.integers(-2000, 2000, 4), kind="int32")
    output = maker.tensor((1, 4), 0.15, 3)
    maker.reshape(source, shaped)
    options = {"padding": 0, "strideH": 2, "strideW": 2, "fusedActivationFunction": 1}
    maker.operator("CONV_2D", [shaped, weights, bias], middle, "Conv2DOptions", **options)
    maker.reshape(middle, flat)
    maker.operator("FULLY_CONNECTED", [flat, dense, offset], output, "FullyConnectedOptions")
    return maker.write(path, source, output)


def temporal_net(path: Path) -> Path:
    """Every int8 layer of the core, in one small network: convolution by squares, not by neighbours as TinyConv's."""
    rng = np.random.default_rng(0)
    maker = Maker()
    source, image = maker.tensor((1, 49, 40), 0.0115, -47), maker.tensor((1, 49, 1, 40), 0.0115, -47)
    maker.reshape(source, image)
    same = {"padding": 0, "strideH": 1, "strideW": 1}

    def weights(*shape: int, axis: int) -> tuple[int, int]:
        tensor = maker.tensor(shape, 0.01, 0, rng.integers(-127, 128, shape), axis)
        return tensor, maker.tensor(
            (shape[axis],), 0.0002, 0, rng.integers(-99, 99, shape[axis]), kind="int32"
        )

    a, b, c, d = (maker.tensor((1, 25, 1, 7), 0.05, -9) for _ in range(4))
    maker.operator(
        "CONV_2D", [image, *weights(7, 3, 1, 40, axis=0)], a, "Conv2DOptions", padding=0, strideH=2, strideW=1
    )
    depthwise = weights(1, 9, 1, 7, axis=3)
    maker.operator(
        "DEPTHWISE_CONV_2D", [a, *depthwise], b, "DepthwiseConv2DOptions", depthMultiplier=1, **same
    )
    maker.operator("ADD", [a, b], c, "AddOptions", fusedActivationFunction=1)
    maker.operator("AVERAGE_POOL_2D", [c], d, "Pool2DOptions", filterHeight=3, filterWidth=1, **same)
    mean, logits = maker.tensor((1, 7), 0.03, -20), maker.tensor((1, 4), 0.1, 4)
    maker.operator("MEAN", [d, maker.tensor((2,), data=[1, 2], kind="int32")], mean, "ReducerOptions")
    maker.operator("FULLY_CONNECTED", [mean, *weights(4, 7, axis=0)], logits, "FullyConnectedOptions")
    output = maker.tensor((1, 4), 1 / 256, -128)
    maker.operator("SOFTMAX", [logits], output, "SoftmaxOptions", beta=1.0)
    return maker.write(path, source, output)


def too_large(path: Path) -> Path:
    """A network whose weights are more than the board's flash holds."""
    maker = Maker()
    source, middle, output = maker.tensor((1, 49, 40)), maker.tensor((1, 640)), maker.tensor((1, 4))
    flat = maker.tensor((1, 1960))
    first = maker.tensor((640, 1960), 0.001, 0, np.ones((640, 1960)))
    second = maker.tensor((4, 640), 0.001, 0, np.ones((4, 640)))
    maker.reshape(source, flat)
    maker.operator("FULLY_CONNECTED", [flat, first, -1], middle, "FullyConnectedOptions")
    maker.operator("FULLY_CONNECTED", [middle, second, -1], output, "FullyConnectedOptions")
    return maker.write(path, source, output)


def reference(path: Path, inputs: np.ndarray) -> np.ndarray:
    """Outputs of LiteRT's reference kernels: (N, ...) int8 to (N, outputs) int8."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    source, output = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    rows = []
    for row in inputs:
        interpreter.set_tensor(source["index"], row.reshape(source["shape"]))
        interpreter.invoke()
        rows.append(interpreter.get_tensor(output["index"]).reshape(-1))
    return np.array(rows)
