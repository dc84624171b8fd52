"""What a .tflite file says: its tensors, its operators and their options, of fixed shapes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.deployment.tflite import open_litert
from kwslib.errors import KwsError


@dataclass(frozen=True)
class Tensor:
    """`data` where it is constant; `scales` (1,) or one per channel, all ones where nothing is quantized."""

    name: str
    shape: tuple[int, ...]
    type: str
    scales: np.ndarray
    zero_point: int
    data: np.ndarray | None

    @property
    def scale(self) -> float:
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
        """The operator called `name` that makes a tensor; None where another does, or none."""
        found = (each for each in self.operators if each.output == tensor and each.name == name)
        return next(found, None)


def read_graph(path: Path) -> Graph:
    """Read a .tflite file. Raises KwsError for one that is damaged, has several graphs or a dynamic shape."""
    from ai_edge_litert import schema_py_generated as schema

    open_litert(path)  # verifies the file, which the generated reader does not
    model = schema.ModelT.InitFromPackedBuf(Path(path).read_bytes(), 0)
    graph = model.subgraphs[0]
    if len(model.subgraphs) != 1 or len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise KwsError(f"{path}: the C core runs one graph with one input and one output; export it again so")
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name[0] != "_"}
    types = {code: name for name, code in vars(schema.TensorType).items() if name[0] != "_"}
    operators = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        inputs = tuple(int(i) for i in operator.inputs)
        operators.append(Operator(name, inputs, int(operator.outputs[0]), operator.builtinOptions))
    tensors = tuple(_tensor(entry, types, model.buffers, path) for entry in graph.tensors)
    return Graph(Path(path), tensors, tuple(operators), int(graph.inputs[0]), int(graph.outputs[0]))


def _tensor(entry: Any, types: dict[int, str], buffers: Any, path: Path) -> Tensor:
    name = (entry.name or b"?").decode(errors="replace")
    shape = tuple(int(n) for n in entry.shape) if entry.shape is not None else ()
    signature = shape if entry.shapeSignature is None else tuple(int(n) for n in entry.shapeSignature)
    if any(n < 0 for n in signature[1:]) or any(n < 1 for n in shape):
        raise KwsError(f"{path}: tensor {name} has the dynamic shape {list(signature)}; export fixed shapes")
    kind = types[entry.type]
    scales, zero_point = np.ones(1, np.float32), 0
    if entry.quantization is not None and entry.quantization.scale is not None:
        scales = np.asarray(entry.quantization.scale, np.float32)
        zero_point = int(entry.quantization.zeroPoint[0])
    raw, data = buffers[entry.buffer].data, None
    if raw is not None and kind in ("INT8", "INT32"):
        data = np.frombuffer(bytes(raw), "<i4" if kind == "INT32" else "i1").reshape(shape)
    return Tensor(name, shape, kind, scales, zero_point, data)
