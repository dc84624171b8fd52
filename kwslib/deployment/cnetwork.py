"""The C core's network from Python: its structs through ctypes, and the network run on this machine.

The same structs, with the same names, are written as text by kwslib.deployment.model_data for the board.
"""

import ctypes
from ctypes import POINTER, Structure, c_int8, c_int16, c_int32, c_uint8, c_uint16, c_uint32
from dataclasses import dataclass
from typing import Any

import numpy as np

from kwslib.deployment.network import Layer, Network
from kwslib.errors import KwsError
from kwslib.features.ccore import library


class Requantize(Structure):
    _fields_ = [
        ("bias", POINTER(c_int32)),
        ("multiplier", POINTER(c_int32)),
        ("shift", POINTER(c_int8)),
        *((name, c_int32) for name in ("zero_point", "min", "max")),
    ]


class Window(Structure):
    _fields_ = [
        *((f"in_{axis}", c_int16) for axis in ("height", "width", "channels")),
        *((f"out_{axis}", c_int16) for axis in ("height", "width", "channels")),
        *((name, c_int16) for name in ("kernel_height", "kernel_width", "stride_height", "stride_width")),
        *((name, c_int16) for name in ("pad_top", "pad_left", "input_zero_point", "band_rows")),
        ("weights", POINTER(c_int8)),
        ("output", Requantize),
        ("read", POINTER(c_uint8)),
    ]


class Dense(Structure):
    _fields_ = [
        ("inputs", c_int32),
        ("outputs", c_int32),
        ("weights", POINTER(c_int8)),
        ("output", Requantize),
    ]


class Sparse(Structure):
    _fields_ = [
        ("inputs", c_int32),
        ("outputs", c_int32),
        ("groups", POINTER(c_uint8)),
        ("counts", POINTER(c_uint16)),
        ("output", Requantize),
    ]


class Packing(Structure):
    _fields_ = [*((name, c_int32) for name in ("bits", "low", "step")), ("words", POINTER(c_uint32))]


class PackedWindow(Structure):
    _fields_ = [("window", Window), ("weights", Packing)]


class PackedDense(Structure):
    _fields_ = [("inputs", c_int32), ("outputs", c_int32), ("weights", Packing), ("output", Requantize)]


class Mean(Structure):
    _fields_ = [
        (name, c_int32)
        for name in ("positions", "channels", "input_zero_point", "multiplier", "shift", "zero_point")
    ]


class Sum(Structure):
    _fields_ = [
        ("size", c_int32),
        *((f"{name}_{side}", c_int32) for side in "ab" for name in ("zero_point", "multiplier", "shift")),
        *((name, c_int32) for name in ("zero_point", "multiplier", "shift", "min", "max")),
    ]


class Softmax(Structure):
    _fields_ = [("classes", c_int32), ("exponentials", POINTER(c_int32)), ("differences", c_int32)]


STRUCTS: dict[str, tuple[str, type[Structure]]] = {  # kind of layer: the struct's name in C, and here
    "convolution": ("kws_window", Window),
    "depthwise": ("kws_window", Window),
    "average_pool": ("kws_window", Window),
    "dense": ("kws_dense", Dense),
    "sparse": ("kws_sparse", Sparse),
    "packed_convolution": ("kws_packed_window", PackedWindow),
    "packed_dense": ("kws_packed_dense", PackedDense),
    "mean": ("kws_mean", Mean),
    "sum": ("kws_sum", Sum),
    "softmax": ("kws_softmax", Softmax),
}


NEIGHBOUR_ROW = 64  # as in kws_network.h
UNPACKED = 160  # as in kws_packed.h


def scratch_bytes(layer: Layer) -> int:
    """What a layer needs besides input and output: a convolution widens weights and a band of its input."""
    if layer.kind == "packed_convolution":
        of = layer.fields["window"]
        weights = of["out_channels"] * of["kernel_height"] * of["kernel_width"] * of["in_channels"]
        return -(-weights // UNPACKED) * UNPACKED + _widened_bytes(of)
    return _widened_bytes(layer.fields) if layer.kind == "convolution" else 0


def _widened_bytes(of: dict[str, Any]) -> int:
    depth, step = of["in_channels"], of["stride_width"] * of["in_channels"]
    run = _even(of["kernel_width"] * depth)
    row = _even((of["out_width"] - 1) * step + of["kernel_width"] * depth)
    if (run, step) == (8, 2):  # perhaps by neighbours, whose rows have a length of their own
        row = max(row, NEIGHBOUR_ROW)
    rows = (of["band_rows"] - 1) * of["stride_height"] + of["kernel_height"]
    return 2 * (of["out_channels"] * of["kernel_height"] * run + rows * row + 2)


def _even(count: int) -> int:
    return count + count % 2


@dataclass(frozen=True)
class _Call:
    function: Any
    struct: Structure
    keep: list[np.ndarray]  # what the struct points to
    scratch: Any


def _fill(struct: Any, fields: dict[str, Any], keep: list[np.ndarray]) -> Structure:
    filled = struct()
    for name, kind in struct._fields_:
        value = fields.get(name)
        if isinstance(value, dict):
            setattr(filled, name, _fill(kind, value, keep))
        elif isinstance(value, np.ndarray):
            keep.append(np.ascontiguousarray(value))
            setattr(filled, name, keep[-1].ctypes.data_as(kind))
        elif value is not None:
            setattr(filled, name, value)
    return filled


def _prepare(layer: Layer) -> _Call:
    keep: list[np.ndarray] = []
    struct = _fill(STRUCTS[layer.kind][1], layer.fields, keep)
    function = getattr(library(), f"kws_{layer.kind}_layer")
    size = scratch_bytes(layer)
    return _Call(function, struct, keep, ctypes.create_string_buffer(size) if size else None)


def run_network(network: Network, inputs: np.ndarray) -> np.ndarray:
    """Run the C core's network on this machine: int8 (N, ...) inputs to int8 (N, outputs).

    Raises KwsError when the inputs are not int8 or not of the network's size.
    """
    rows = np.ascontiguousarray(inputs).reshape(len(inputs), -1)
    if rows.dtype != np.int8 or rows.shape[1] != network.sizes[network.input]:
        wanted = network.sizes[network.input]
        raise KwsError(
            f"inputs are {rows.dtype} of {rows.shape[1]} values where the network takes int8 of {wanted}"
        )
    tensors = {number: np.empty(size, np.int8) for number, size in network.sizes.items()}
    steps = []
    for layer in network.layers:
        call = _prepare(layer)
        buffers = [tensors[i].ctypes.data_as(ctypes.c_void_p) for i in (*layer.inputs, layer.output)]
        extra = [call.scratch] if call.scratch is not None else []
        steps.append((call, (ctypes.byref(call.struct), *buffers, *extra)))
    outputs = np.empty((len(rows), network.sizes[network.output]), np.int8)
    for row, output in zip(rows, outputs, strict=True):
        tensors[network.input][:] = row
        for call, arguments in steps:
            call.function(*arguments)
        output[:] = tensors[network.output]
    return outputs
