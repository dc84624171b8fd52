"""The C core's network in Python: the memory that its layers need, and inference on this machine.

kwslib.deployment.model_data writes the same structs as C source for the board.
"""

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kwslib.deployment.core_network import Layer, Network
from kwslib.errors import KwsError
from kwslib.features.ccore import constants, declarations, interface, library, pointer, structure

MOVE_BLOCK = constants()["KWS_MOVE_BLOCK"]


@functools.cache
def struct_name(kind: str) -> str:
    """The struct of a kind of layer: the first parameter of its function."""
    found = re.search(rf"\bkws_{kind}_layer\(\s*const (\w+) \*", declarations())
    assert found, kind
    return found[1]


def scratch_bytes(layer: Layer) -> int:
    """Bytes of working memory of a layer, besides input and output, as the core states them: kws_KIND_scratch."""
    measure = getattr(library(), f"kws_{layer.kind}_scratch", None)
    fields = _contiguous(layer.fields)
    return int(measure(structure(struct_name(layer.kind), fields))) if measure else 0


def _contiguous(fields: dict[str, Any]) -> dict[str, Any]:
    copies = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            value = _contiguous(value)
        elif isinstance(value, np.ndarray):
            value = np.ascontiguousarray(value)
        copies[name] = value
    return copies


def bind(layer: Layer, tensors: Sequence[Any]) -> Callable[[], None]:
    """A function that runs a layer on C pointers. `tensors`: those of the inputs, then that of the output."""
    fields = _contiguous(layer.fields)  # what the struct points to; the function keeps it
    struct = structure(struct_name(layer.kind), fields)
    size = scratch_bytes(layer)
    scratch = [interface().new("int16_t[]", size // 2)] if size else []
    function = getattr(library(), f"kws_{layer.kind}_layer")

    def call(_kept: dict[str, Any] = fields) -> None:
        function(struct, *tensors, *scratch)

    return call


def run_network(network: Network, inputs: np.ndarray) -> np.ndarray:
    """Run the C core's network on this machine: int8 inputs (N, ...) to int8 outputs (N, outputs).

    Raises KwsError when the inputs are not int8 or do not have the network's input size.
    """
    rows = np.ascontiguousarray(inputs).reshape(len(inputs), -1)
    if rows.dtype != np.int8 or rows.shape[1] != network.sizes[network.input]:
        wanted = network.sizes[network.input]
        raise KwsError(
            f"inputs are {rows.dtype} of {rows.shape[1]} values where the network takes int8 of {wanted}"
        )
    tensors = {number: np.empty(size, np.int8) for number, size in network.sizes.items()}
    calls = [
        bind(layer, [pointer(tensors[i]) for i in (*layer.inputs, layer.output)]) for layer in network.layers
    ]
    outputs = np.empty((len(rows), network.sizes[network.output]), np.int8)
    for row, output in zip(rows, outputs, strict=True):
        tensors[network.input][:] = row
        for call in calls:
            call()
        output[:] = tensors[network.output]
    return outputs
