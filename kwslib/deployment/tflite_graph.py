"""The graph in a .tflite file: tensors, operators and their options, with fixed shapes.

`parse` reads the file and checks that it is consistent: all indices of tensors, buffers and operators are valid,
constants have as many bytes as their shapes require, and operators read only tensors computed before them.
kwslib.deployment.tflite_validate checks the requirements of the operators themselves.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.errors import KwsError

ITEMS = {"INT8": "i1", "UINT8": "u1", "BOOL": "?", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8"} | {
    "FLOAT16": "<f2",
    "FLOAT32": "<f4",
    "FLOAT64": "<f8",
}
MOST_ELEMENTS = 1 << 26  # of all tensors together: far more than a microcontroller holds
AGAIN = "make it again with `kws export`"


@dataclass(frozen=True)
class Tensor:
    """`data` if it is constant; `scales` (1,) or one per channel of `axis`, all ones if it is not quantized."""

    name: str
    shape: tuple[int, ...]
    type: str
    scales: np.ndarray
    zero_point: int
    data: np.ndarray | None
    axis: int = 0
    quantized: bool = True
    keeps_state: bool = False

    @property
    def scale(self) -> float:
        """The only scale, or the first channel's."""
        return float(self.scales[0])


@dataclass(frozen=True)
class Operator:
    """`options`: the schema's table, enumerations as numbers. An optional input that is left out is -1."""

    name: str
    inputs: tuple[int, ...]
    output: int
    options: Any


@dataclass(frozen=True)
class Graph:
    """A file of one subgraph with one input and one output."""

    path: Path
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    input: int
    output: int

    def maker(self, tensor: int, name: str) -> Operator | None:
        """The operator `name` that computes a tensor; None if another computes it, or none."""
        found = (each for each in self.operators if each.output == tensor and each.name == name)
        return next(found, None)


def parse(path: Path, content: bytes) -> Graph:
    """The graph of a file; `path` is for messages.

    Raises KwsError for a file that is not a .tflite model, several graphs, inputs or outputs, a dynamic shape, and an
    inconsistent file.
    """
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
    except Exception as error:  # the generated reader raises what it meets in bytes that are no model
        raise damaged(path, error) from error
    if not model.subgraphs:
        raise damaged(path, "no graph")
    subgraphs = _list(model.subgraphs)
    ends = [_numbers(end) for graph in subgraphs[:1] for end in (graph.inputs, graph.outputs)]
    if len(subgraphs) != 1 or [len(end) for end in ends] != [1, 1]:
        raise KwsError(f"{path}: not one graph with one input and one output; export it again so")
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name[0] != "_"}
    types = {code: name for name, code in vars(schema.TensorType).items() if name[0] != "_"}
    buffers = _list(model.buffers)
    tensors = tuple(_tensor(entry, types, buffers, path) for entry in _list(subgraphs[0].tensors))
    if sum(math.prod(tensor.shape) for tensor in tensors) > MOST_ELEMENTS:
        raise KwsError(f"{path}: its tensors have more than {MOST_ELEMENTS:,} values; {AGAIN}")
    codes = _list(model.operatorCodes)
    operators = []
    for entry in _list(subgraphs[0].operators):
        if not 0 <= entry.opcodeIndex < len(codes):
            raise KwsError(f"{path}: an operator has no code; {AGAIN}")
        code = codes[entry.opcodeIndex]
        name = names.get(max(code.builtinCode, code.deprecatedBuiltinCode), "UNKNOWN")
        outputs = _numbers(entry.outputs)
        if len(outputs) != 1:
            raise KwsError(f"{path}: {name}: {len(outputs)} outputs, where one is supported; {AGAIN}")
        operators.append(Operator(name, _numbers(entry.inputs), outputs[0], entry.builtinOptions))
    graph = Graph(Path(path), tensors, tuple(operators), ends[0][0], ends[1][0])
    _check_order(graph)
    return graph


def damaged(path: Path, reason: object) -> KwsError:
    """The error for a damaged file."""
    return KwsError(f"{path}: damaged or no .tflite model ({' '.join(str(reason).split())}); {AGAIN}")


def _list(vector: Any) -> list[Any]:
    return [] if vector is None else list(vector)


def _numbers(vector: Any) -> tuple[int, ...]:
    return tuple(int(number) for number in _list(vector))


def _tensor(entry: Any, types: dict[int, str], buffers: list[Any], path: Path) -> Tensor:
    text = (entry.name or b"?").decode(errors="replace")
    name = "".join(char if char.isprintable() else "?" for char in text)
    shape, kind = _numbers(entry.shape), types.get(entry.type, "UNKNOWN")
    signature = shape if entry.shapeSignature is None else _numbers(entry.shapeSignature)

    def error(reason: str) -> KwsError:
        return KwsError(f"{path}: tensor {name} {reason}; {AGAIN}")

    if "\ufffd" in text:  # LiteRT's Python interface would raise where it is asked for the tensor
        raise error("has a name that is not UTF-8")
    if any(n < 0 for n in signature[1:]) or any(n < 1 for n in shape):
        raise KwsError(f"{path}: tensor {name} has the dynamic shape {list(signature)}; export fixed shapes")
    if entry.sparsity is not None or kind not in ITEMS:
        raise error(f"is {'sparse' if kind in ITEMS else kind}, which is not supported")
    if not 0 <= entry.buffer < len(buffers):
        raise error(f"has no buffer {entry.buffer}")
    buffer = buffers[entry.buffer]
    if buffer.offset > 1 or entry.externalBuffer:
        raise error("lies outside of the file's buffers")
    raw, data = buffer.data, None
    if raw is not None and len(raw):
        item = np.dtype(ITEMS[kind])
        if len(raw) != math.prod(shape) * item.itemsize:
            raise error(f"has {len(raw):,} bytes, which are not those of its shape {list(shape)}")
        data = np.frombuffer(bytes(raw), item).reshape(shape)
        if item.kind == "f" and not np.isfinite(data).all():
            raise error("is not finite")
    scales, zero_point, axis, quantized = _quantization(entry.quantization, shape, kind, error)
    return Tensor(name, shape, kind, scales, zero_point, data, axis, quantized, bool(entry.isVariable))


def _quantization(
    entry: Any, shape: tuple[int, ...], kind: str, error: Any
) -> tuple[np.ndarray, int, int, bool]:
    """Scales, zero point, axis, and whether there are any."""
    scales = np.asarray(_list(entry.scale) if entry is not None else [], np.float32)
    if not len(scales) or kind.startswith("FLOAT"):
        return np.ones(1, np.float32), 0, 0, False
    zero_points, axis = _numbers(entry.zeroPoint), int(entry.quantizedDimension)
    if entry.details is not None:
        raise error("is quantized in a way that is not supported")
    if not (np.isfinite(scales) & (scales >= np.finfo(np.float32).tiny)).all():
        raise error("has a scale that is not positive and finite")
    if len(zero_points) != len(scales) or (len(scales) > 1 and any(zero_points)):
        raise error("has zero points that do not fit its scales")
    if len(scales) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scales)):
        raise error(f"has {len(scales)} scales where its shape is {list(shape)}")
    low, high = {"INT8": (-128, 127), "UINT8": (0, 255)}.get(kind, (-(2**31), 2**31 - 1))
    if not low <= zero_points[0] <= high:
        raise error(f"has the zero point {zero_points[0]}, out of range")
    return scales, zero_points[0], axis, True


def _check_order(graph: Graph) -> None:
    """Operators in an order in which each reads what is there, and no tensor is written twice."""
    tensors, path = graph.tensors, graph.path
    constant = {number for number, tensor in enumerate(tensors) if tensor.data is not None}
    available = (
        constant | {number for number, tensor in enumerate(tensors) if tensor.keeps_state} | {graph.input}
    )
    written = constant | {graph.input}
    if not graph.operators:
        raise KwsError(f"{path}: has no operators; {AGAIN}")
    if not 0 <= graph.input < len(tensors) or graph.input in constant:
        raise KwsError(f"{path}: its input is not a tensor that can be set; {AGAIN}")
    for operator in graph.operators:
        for number in operator.inputs:
            if number != -1 and number not in available:
                raise KwsError(
                    f"{path}: {operator.name}: reads tensor {number}, which nothing computes; {AGAIN}"
                )
        if not 0 <= operator.output < len(tensors) or operator.output in written:
            raise KwsError(
                f"{path}: {operator.name}: writes tensor {operator.output}, which it cannot; {AGAIN}"
            )
        available.add(operator.output)
        written.add(operator.output)
    if graph.output not in written - constant - {graph.input}:
        raise KwsError(f"{path}: nothing computes its output; {AGAIN}")
