"""A network as `kws_model.h` for the C core: constants for flash, a memory plan, and a straight line of calls."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from kwslib.deployment.cnetwork import scratch_bytes, struct_name
from kwslib.deployment.ctext import c_literal
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.network import Layer, Network

C_TYPES = {
    "int8": "int8_t",
    "int32": "int32_t",
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "float32": "float",
}


def plan_memory(network: Network) -> tuple[dict[tuple[int, str], int], int]:
    """Where in one arena every intermediate tensor and scratch lies: offsets by (number, role), and its size.

    Greedy by size (arXiv:2001.03288): the largest first, each at the lowest offset where it meets nothing that
    lives at the same time. The network's input and output belong to the caller.
    """
    lives: dict[tuple[int, str], tuple[int, int, int]] = {}  # size, first and last layer
    for number, layer in enumerate(network.layers):
        if scratch_bytes(layer):
            lives[number, "scratch"] = (scratch_bytes(layer), number, number)
        if layer.output != network.output:
            last = max(
                [n for n, other in enumerate(network.layers) if layer.output in other.inputs], default=number
            )
            lives[layer.output, "tensor"] = (network.sizes[layer.output], number, last)
    offsets: dict[tuple[int, str], int] = {}
    for key, (size, first, last) in sorted(lives.items(), key=lambda item: -item[1][0]):
        beside = [k for k in offsets if lives[k][1] <= last and lives[k][2] >= first]
        offset = 0
        for other in sorted(beside, key=lambda k: offsets[k]):
            if offset + size <= offsets[other]:
                break
            offset = max(offset, -(-(offsets[other] + lives[other][0]) // 4) * 4)
        offsets[key] = offset
    return offsets, max((offsets[key] + lives[key][0] for key in offsets), default=0)


def _array(name: str, values: np.ndarray) -> str:
    flat = values.reshape(-1)
    items = (
        [f"{float(value)!r}f" for value in flat]
        if values.dtype == np.float32
        else [str(value) for value in flat]
    )
    lines = [", ".join(items[i : i + 24]) for i in range(0, len(items), 24)]
    return (
        f"static const {C_TYPES[values.dtype.name]} {name}[{len(items)}] = {{\n    "
        + ",\n    ".join(lines)
        + "};\n"
    )


def _struct(prefix: str, fields: dict[str, Any], arrays: list[str]) -> str:
    parts = []
    for name, value in fields.items():
        if isinstance(value, dict):
            value = _struct(f"{prefix}_{name}", value, arrays)
        elif isinstance(value, np.ndarray):
            arrays.append(_array(f"{prefix}_{name}", value))
            value = f"{prefix}_{name}"
        elif isinstance(value, float):
            value = f"{value!r}f"
        elif value is None:
            value = 0
        parts.append(f".{name} = {value}")
    return "{" + ", ".join(parts) + "}"


def _layer(name: str, layer: Layer) -> str:
    arrays: list[str] = []
    struct = _struct(name, layer.fields, arrays)
    return "".join(arrays) + f"static const {struct_name(layer.kind)} {name} = {struct};\n"


def model_header(network: Network, labels: Iterable[str], settings: DecisionSettings) -> str:
    """Text of kws_model.h: KWS_MODEL_CLASSES, KWS_MODEL_ARENA_BYTES, kws_model_labels, kws_model_decision and
    kws_model_run(input, output, arena), in which input, output and the arena of that size are the caller's."""
    offsets, size = plan_memory(network)
    labels = tuple(labels)
    layers, calls = [], []
    for number, layer in enumerate(network.layers):
        name = f"kws_model_{layer.name}"
        layers.append(_layer(name, layer))

        def place(tensor: int) -> str:
            if tensor in (network.input, network.output):
                return "input" if tensor == network.input else "output"
            return f"arena + {offsets[tensor, 'tensor']}"

        arguments = [f"&{name}", *map(place, (*layer.inputs, layer.output))]
        if (number, "scratch") in offsets:
            arguments.append(f"(int16_t *)(void *)(arena + {offsets[number, 'scratch']})")
        calls.append(f"    kws_{layer.kind}_layer({', '.join(arguments)});\n")
    arrays: list[str] = []
    struct = _struct("kws_model_decision", settings.fields(network.output_scale), arrays)
    names = ", ".join(map(c_literal, labels))
    inputs = math.prod([network.sizes[network.input]])
    return "".join(
        (
            "/* An int8 network for the C core, written by kwslib. */\n#ifndef KWS_MODEL_H\n",
            "#define KWS_MODEL_H\n\n",
            "".join(f'#include "kws_{part}.h"\n' for part in ("decision", "network", "packed", "sparse")),
            "\n",
            f"#define KWS_MODEL_INPUTS {inputs}\n#define KWS_MODEL_CLASSES {len(labels)}\n",
            f"#define KWS_MODEL_ARENA_BYTES {size}\n\n",
            f"static const char *const kws_model_labels[] = {{{names}}};\n\n",
            "\n".join(layers),
            "\n",
            *arrays,
            f"static const kws_decision_settings kws_model_decision = {struct};\n\n",
            "/* The network once; `arena` is aligned to 4 bytes. */\n",
            "static void kws_model_run(const int8_t *input, int8_t *output, int8_t *arena) {\n    (void)arena;\n",
            *calls,
            "}\n\n#endif\n",
        )
    )
