"""What kwslib writes to a .tflite file: a description of the model, exact input quantization, plain names.

The description is JSON in the file's metadata under the name "kwslib". It takes a few hundred bytes of flash,
and keeps a model together with its labels. Everything that depends on the converter's process or version is removed
(generated names, signatures, its own metadata), so that equal networks give equal bytes.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kwslib.deployment.rounding import agreeing_scale
from kwslib.errors import KwsError
from kwslib.labels import check_labels
from kwslib.strict_json import is_format, json_text, parse_json

METADATA, FORMAT = "kwslib", 1  # name of a note in a .tflite file, and its form
ALIGNMENT = 16  # bytes; the schema's force_align of buffers, which the generated Python writer ignores


@dataclass(frozen=True)
class Description:
    """`labels` in output order; `checkpoint`: the first 16 hex digits of the SHA-256 of the .pt file; `decision`: the
    threshold and smoothing chosen for the model, in the format of kwslib.deployment.decision, or None."""

    labels: tuple[str, ...]
    arch: str
    checkpoint: str
    decision: dict[str, Any] | None = None


def finish(content: bytes, description: Description, scale: float, zero_point: int) -> bytes:
    """The converter's .tflite file in the form in which kwslib writes it.

    In an int8 model, the input's quantization is set to exactly (scale, zero_point), from which the converter's differs
    by a rounding error, and the logits' scale to one with which all runtimes round alike (see
    kwslib.deployment.rounding). Raises ValueError when the input's scale differs by more, and KwsError when there is no
    such scale of the logits.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    (graph,) = model.subgraphs
    kinds = _kinds(model, schema)
    _rename(graph, kinds)
    source = graph.tensors[graph.inputs[0]]
    if source.type == schema.TensorType.INT8:
        found, zero = source.quantization.scale[0], source.quantization.zeroPoint[0]
        if zero != zero_point or not np.isclose(found, scale, rtol=1e-6, atol=0):
            raise ValueError(f"the input's scale is {found}, zero point {zero}, not {scale}, {zero_point}")
        same = {graph.inputs[0]}  # the input, and what only pads it: kernels take one scale there
        same |= {
            operator.outputs[0]
            for kind, operator in zip(kinds, graph.operators, strict=True)
            if kind == "PAD" and operator.inputs[0] in same
        }
        for tensor in same:
            graph.tensors[tensor].quantization.scale = np.array([scale], np.float32)
        if kinds[-1] == "FULLY_CONNECTED":
            _settle_logits(graph)
    model.signatureDefs = model.metadataBuffer = None
    model.buffers = _buffers_in_use(model, schema)
    return pack(model, description)


def pack(model: Any, description: Description) -> bytes:
    """The bytes of a model (the schema's object), with the description in the last of its buffers."""
    from ai_edge_litert import schema_py_generated as schema

    content = asdict(description)
    if description.decision is None:
        del content["decision"]
    model.description = METADATA
    note = schema.BufferT()
    note.data = np.frombuffer(json_text({"format": FORMAT, **content}).encode(), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(model.buffers)
    model.buffers.append(note)
    model.metadata = [entry]
    builder = _builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _builder(size: int) -> Any:
    """A builder that aligns the data of buffers, so that a microcontroller reads weights where they lie."""
    import flatbuffers

    class Aligned(flatbuffers.Builder):
        def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:
            return super().StartVector(elemSize, numElems, ALIGNMENT if elemSize == 1 else alignment)

    return Aligned(size)


def read_description(content: bytes) -> Description | None:
    """The description in a (valid) .tflite file; None if kwslib did not write it.

    Raises ValueError when the description is damaged.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for entry in model.metadata or ():
        if entry.name == METADATA.encode():
            try:
                note = parse_json(bytes(model.buffers[entry.buffer].data))
                if not is_format(note["format"], FORMAT):
                    raise ValueError(f"of format {note['format']!r}, not {FORMAT}")
                labels = check_labels(note["labels"])
                return Description(labels, str(note["arch"]), str(note["checkpoint"]), note.get("decision"))
            except (IndexError, KeyError, TypeError, ValueError) as error:
                raise ValueError(f"unreadable metadata: {error}") from error
            except KwsError as error:
                raise ValueError(str(error)) from error
    return None


def operators(content: bytes) -> tuple[str, ...]:
    """Names of the operators of a (valid) .tflite file in order of execution, such as CONV_2D."""
    from ai_edge_litert import schema_py_generated as schema

    return _kinds(schema.ModelT.InitFromPackedBuf(content, 0), schema)


def _kinds(model: Any, schema: Any) -> tuple[str, ...]:
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name[0] != "_"}
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    return tuple(names[codes[operator.opcodeIndex]] for operator in model.subgraphs[0].operators)


def _rename(graph: Any, kinds: tuple[str, ...]) -> None:
    """Names that depend on the graph alone: features, conv_2d_0, conv_2d_0/1 (its input 1), ..., logits."""
    graph.name = "main"
    for number, (kind, operator) in enumerate(zip(kinds, graph.operators, strict=True)):
        name = f"{kind.lower()}_{number}"
        for role, index in enumerate(operator.inputs):
            if role and index >= 0:
                graph.tensors[index].name = f"{name}/{role}"
        graph.tensors[operator.outputs[0]].name = name
    graph.tensors[graph.inputs[0]].name = "features"
    graph.tensors[graph.outputs[0]].name = "logits"


def _settle_logits(graph: Any) -> None:
    """Give the last layer's output a scale with which all runtimes put out the same.

    There is one for weights of one scale; with a scale per channel there is none in general.
    """
    last = graph.operators[-1]
    source, weights, logits = (graph.tensors[i].quantization for i in (*last.inputs[:2], last.outputs[0]))
    if len(weights.scale) == 1:
        settled = agreeing_scale(float(source.scale[0]), float(weights.scale[0]), float(logits.scale[0]))
        logits.scale = np.array([settled], np.float32)


def _buffers_in_use(model: Any, schema: Any) -> list[Any]:
    """The constants, after the empty buffer 0 that all other tensors share; tensors are renumbered."""
    buffers = [schema.BufferT()]
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            constant = model.buffers[tensor.buffer]
            tensor.buffer = 0
            if constant.data is not None and len(constant.data):
                tensor.buffer = len(buffers)
                buffers.append(constant)
    return buffers
