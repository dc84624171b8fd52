"""A network as a row of int32 that the core in a web page loads (firmware/web/kws_web.c).

    format, bytes of arena, counts of layers, steps before the stream, steps of a hop, and fills; bytes of the window
    before what the network sees, a feature before the first sound; the struct of the decision; then
    each layer   its kind, and the fields of its struct, which are those of the core's headers
    each step    a layer's number, the places of its two inputs, its output and its scratch (one input stands twice);
                 or -1, a place, distance and size of a kws_keep
    each fill    a place, the value and size of a kws_fill

An array is stored in its field as its byte offset, 0 for none; the arrays follow everything else. A place is an
offset into the arena, or INPUT or OUTPUT and an offset into that.
"""

from typing import Any

import cffi
import numpy as np

from kwslib.deployment.core_network import Layer, Network
from kwslib.deployment.core_run import struct_name
from kwslib.deployment.core_stream import SILENT
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.memory_plan import plan_memory
from kwslib.deployment.stream_plan import stream
from kwslib.deployment.streaming import Call, Place
from kwslib.errors import KwsError
from kwslib.features.ccore import interface, read_headers, source_folder
from kwslib.features.frontend import CHANNELS, FRAMES

_FORMAT = cffi.FFI()
_FORMAT.cdef(read_headers([source_folder().parent / "web" / "kws_web.h"]))


def _enum(name: str) -> dict[str, int]:
    return dict(_FORMAT.typeof(f"enum {name}").relements)


LIMITS, PLACES = _enum("limits"), _enum("places")
KINDS = {name.lower(): number for name, number in _enum("kinds").items() if name != "KINDS"}


class _Writer:
    """Words so far; the arrays that will follow them, each once, with the words that point to it."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.arrays: dict[int, tuple[np.ndarray, list[int]]] = {}  # by identity

    def struct(self, name: str, fields: dict[str, Any]) -> None:
        """The fields of a struct of the C core's headers, in its order; structs within it in their place."""
        declared = interface().typeof(name).fields
        if unknown := set(fields) - {field for field, _ in declared}:
            raise KeyError(f"{name} has no {', '.join(sorted(unknown))}")
        for field, declaration in declared:
            if declaration.type.kind == "struct":
                self.struct(declaration.type.cname, fields[field])
            else:
                self.value(fields.get(field))

    def value(self, *values: Any) -> None:
        for value in values:
            if isinstance(value, np.ndarray):
                self.arrays.setdefault(id(value), (value, []))[1].append(len(self.words))
                value = 0
            self.words.append(int(value or 0))

    def bytes(self) -> bytes:
        begin, parts = 4 * len(self.words), []
        for array, pointers in self.arrays.values():
            for word in pointers:
                self.words[word] = begin
            content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
            parts.append(content + bytes(-len(content) % 4))
            begin += len(parts[-1])
        return np.array(self.words, "<i4").tobytes() + b"".join(parts)


def model_words(network: Network, settings: DecisionSettings) -> bytes:
    """The network as it runs on a stream, and its decision. Raises KwsError for one that does not fit the board."""
    plan = stream(network)
    first = () if plan.whole else plan.first
    steps = (*first, *plan.hop)
    calls = [step for step in steps if isinstance(step, Call)]
    outside = {network.input: PLACES["INPUT"], network.output: PLACES["OUTPUT"]}
    offsets, arena = plan_memory(calls, plan.sizes, outside, plan.kept)
    layers: dict[str, Layer] = {}
    for call in calls:
        layers.setdefault(call.layer.name, call.layer)
    before = plan.before or {}
    fills = [tensor for tensor in plan.kept if tensor in before]

    def word_of(place: Place) -> int:
        begin = outside[place.tensor] if place.tensor in outside else offsets[place.tensor, "tensor"]
        return place.offset + begin

    writer = _Writer()
    writer.value(LIMITS["FORMAT"], arena, len(layers), len(first), len(plan.hop), len(fills))
    writer.value(FRAMES * CHANNELS - plan.sizes[network.input], before.get(network.input, SILENT))
    writer.struct("kws_decision_settings", settings.fields(network.output_scale))
    for layer in layers.values():
        writer.value(KINDS[layer.kind])
        writer.struct(struct_name(layer.kind), layer.fields)
    numbers = iter(range(len(calls)))
    for step in steps:
        if isinstance(step, Call):
            a, b = step.inputs if len(step.inputs) == 2 else 2 * step.inputs
            scratch = offsets.get((next(numbers), "scratch"), 0)
            writer.value(list(layers).index(step.layer.name), *map(word_of, (a, b, step.output)), scratch)
        else:
            writer.value(
                PLACES["MOVE"], word_of(Place(step.tensor, step.target)), step.distance, step.size, 0
            )
    for tensor in fills:
        writer.value(word_of(Place(tensor)), before[tensor], plan.sizes[tensor])
    content = writer.bytes()
    taken = {
        "MODEL_WORDS": len(content) // 4,
        "ARENA_BYTES": arena,
        "LAYERS_MAX": len(layers),
        "STEPS_MAX": len(steps),
        "FILLS_MAX": len(fills),
    }
    if any(count > LIMITS[name] for name, count in taken.items()):
        raise KwsError(
            f"a network of {len(content):,} bytes that takes {arena:,} bytes of memory is larger than the board, "
            "and than the page: use fewer channels, fewer bits or a smaller network"
        )
    return content
