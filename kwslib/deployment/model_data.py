"""A network as `kws_model.h` for the C core: constants for flash, and a sequence of calls."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from kwslib.deployment.core_network import Layer, Network
from kwslib.deployment.core_run import struct_name
from kwslib.deployment.ctext import c_literal
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.memory_plan import plan_memory
from kwslib.deployment.streaming import Call, Move, Place, Stream, whole_window

ARGUMENTS = "const int8_t *input, int8_t *output, int8_t *arena"
C_TYPES = {
    "int8": "int8_t",
    "int32": "int32_t",
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "float32": "float",
}


class _Constants:
    """The constants of a model as C text, each array once however many structs point to it."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self._names: dict[
            int, tuple[str, np.ndarray]
        ] = {}  # by identity; the array is held, or its number goes on

    def array(self, name: str, values: np.ndarray) -> str:
        if id(values) in self._names:
            return self._names[id(values)][0]
        flat = values.reshape(-1)
        items = (
            [f"{float(value)!r}f" for value in flat]
            if values.dtype == np.float32
            else [str(value) for value in flat]
        )
        items = items or ["0"]  # C has no arrays of length 0
        lines = [", ".join(items[i : i + 24]) for i in range(0, len(items), 24)]
        self.text.append(
            f"static const {C_TYPES[values.dtype.name]} {name}[{len(items)}] = {{\n    "
            + ",\n    ".join(lines)
            + "};\n"
        )
        self._names[id(values)] = name, values
        return name

    def struct(self, prefix: str, fields: dict[str, Any]) -> str:
        parts = []
        for name, value in fields.items():
            if isinstance(value, dict):
                value = self.struct(f"{prefix}_{name}", value)
            elif isinstance(value, np.ndarray):
                value = self.array(f"{prefix}_{name}", value)
            elif isinstance(value, float):
                value = f"{value!r}f"
            elif value is None:
                value = 0
            parts.append(f".{name} = {value}")
        return "{" + ", ".join(parts) + "}"

    def layer(self, layer: Layer) -> None:
        name = f"kws_model_{layer.name}"
        struct = self.struct(name, layer.fields)
        self.text.append(f"static const {struct_name(layer.kind)} {name} = {struct};\n")


class _Arena:
    """What a model's functions are made of: calls on tensors that lie in one arena, at the input or at the output."""

    def __init__(
        self, network: Network, calls: Sequence[Call], sizes: dict[int, int], kept: Collection[int]
    ) -> None:
        self.network, self.calls = network, calls
        self.offsets, self.size = plan_memory(calls, sizes, (network.input, network.output), kept)

    def address(self, place: Place) -> str:
        if place.tensor == self.network.output:
            return "output"
        if place.tensor == self.network.input:
            return f"input + {place.offset}" if place.offset else "input"
        return f"arena + {self.offsets[place.tensor, 'tensor'] + place.offset}"

    def call(self, number: int) -> str:
        call = self.calls[number]
        places = (*call.inputs, call.output)
        arguments = [f"&kws_model_{call.layer.name}", *map(self.address, places)]
        if (number, "scratch") in self.offsets:
            arguments.append(f"(int16_t *)(void *)(arena + {self.offsets[number, 'scratch']})")
        return f"    kws_{call.layer.kind}_layer({', '.join(arguments)});\n"

    def move(self, move: Move) -> str:
        return (
            f"    kws_keep({self.address(Place(move.tensor, move.target))}, {move.distance}, {move.size});\n"
        )


def _run(network: Network, constants: _Constants) -> tuple[int, str]:
    """The arena's size, and kws_model_run: the whole network once."""
    calls = whole_window(network.layers)
    for layer in network.layers:
        constants.layer(layer)
        constants.text.append("\n")
    arena = _Arena(network, calls, network.sizes, ())
    body = "".join(map(arena.call, range(len(calls))))
    return arena.size, _function("kws_model_run", "The network once", ARGUMENTS, body)


def _hop(stream: Stream, constants: _Constants) -> tuple[int, str]:
    """The arena's size, and what a stream needs: kws_model_hop, after kws_model_run or, endless, kws_model_begin."""
    calls = [*stream.first, *(step for step in stream.hop if isinstance(step, Call))]
    named: dict[str, Layer] = {}
    for call in calls:
        if call.layer.name not in named:
            named[call.layer.name] = call.layer
            constants.layer(call.layer)
    arena = _Arena(stream.network, calls, stream.sizes, stream.kept)
    numbers = iter(range(len(stream.first), len(calls)))
    hop = "".join(
        arena.move(step) if isinstance(step, Move) else arena.call(next(numbers)) for step in stream.hop
    )
    if stream.before is None:
        first = "".join(map(arena.call, range(len(stream.first))))
        first = _function(
            "kws_model_run", "The whole network; what hops need stays in the arena", ARGUMENTS, first
        )
    else:
        first = "".join(
            f"    kws_fill({arena.address(Place(tensor))}, {stream.before[tensor]}, {stream.sizes[tensor]});\n"
            for tensor in stream.kept
        )
        first = _function("kws_model_begin", "Nothing heard so far", "int8_t *arena", first)
    comment = "The network KWS_MODEL_HOP frames after its last run or hop; `input`: the frames that it sees"
    return arena.size, f"{first}\n{_function('kws_model_hop', comment, ARGUMENTS, hop)}"


def _function(name: str, comment: str, arguments: str, body: str) -> str:
    head = f"/* {comment}; `arena` is aligned to 4 bytes. */\nstatic void {name}({arguments}) {{\n"
    return f"{head}    (void)arena;\n{body}}}\n"


def model_header(
    network: Network, labels: Iterable[str], settings: DecisionSettings, stream: Stream | None = None
) -> str:
    """Text of kws_model.h: KWS_MODEL_CLASSES, KWS_MODEL_ARENA_BYTES, kws_model_labels, kws_model_decision and
    kws_model_run(input, output, arena), for which the caller provides input, output and an arena of that size.
    KWS_MODEL_NAME is a hash of everything else, which identifies the model in a board's log.

    A `stream` that keeps tensors adds KWS_MODEL_HOP and kws_model_hop; an endless one has KWS_MODEL_ENDLESS and
    kws_model_begin instead of kws_model_run (see firmware/core/kws_spotter.h).
    """
    labels = tuple(labels)
    constants = _Constants()
    kept = None if stream is None or stream.whole else stream
    size, functions = _hop(kept, constants) if kept else _run(network, constants)
    text = "".join(
        (
            _includes(streams=kept is not None),
            f"\n#define KWS_MODEL_INPUTS {network.sizes[network.input]}\n",
            f"#define KWS_MODEL_CLASSES {len(labels)}\n",
            f"#define KWS_MODEL_ARENA_BYTES {size}\n",
            *(_stream_macros(kept) if kept else []),
            f"\nstatic const char *const kws_model_labels[] = {{{', '.join(map(c_literal, labels))}}};\n\n",
            *constants.text,
            *_decision(settings, network.output_scale),
            functions,
            "\n#endif\n",
        )
    )
    return f"{_head(text)}{text}"


def _head(text: str) -> str:
    """What stands before `text`: the guard, and a name that is a hash of all that follows."""
    name = hashlib.sha256(text.encode()).hexdigest()[:8]
    return (
        "/* An int8 network for the C core, written by kwslib. */\n#ifndef KWS_MODEL_H\n#define KWS_MODEL_H\n\n"
        f'#define KWS_MODEL_NAME "{name}"\n\n'
    )


def _includes(streams: bool) -> str:
    parts = ["decision", "network", "packed", "sparse", *(["stream"] if streams else [])]
    return "".join(f'#include "kws_{part}.h"\n' for part in parts)


def _decision(settings: DecisionSettings, output_scale: float) -> list[str]:
    """The tables of a decision, and kws_model_decision, which points to them."""
    tables = _Constants()
    struct = tables.struct("kws_model_decision", settings.fields(output_scale))
    return [*tables.text, f"static const kws_decision_settings kws_model_decision = {struct};\n\n"]


def _stream_macros(stream: Stream) -> list[str]:
    tensor = stream.network.input
    macros = [
        f"#define KWS_MODEL_HOP {stream.frames} /* frames from hop to hop */\n",
        f"#define KWS_MODEL_SEEN {stream.sizes[tensor]} /* bytes of the newest frames that a hop sees */\n",
    ]
    if stream.before is not None:
        macros.append(
            f"#define KWS_MODEL_ENDLESS {stream.before[tensor]} /* what frames before the stream hold */\n"
        )
    return macros
