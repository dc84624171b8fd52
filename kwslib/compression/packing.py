"""Quantized weights as bytes of flash: k bits each, three values in 1.6 bits, or one bit.

Layout. Weights come in rows, one per output channel, in the order of the int8 kernels (convolution: height, width,
inputs; linear: inputs). Weight i of a row lies in lane i % 4, and the lanes are the four bytes of a 32-bit word:

    byte          0   1   2   3 | 4   5   6   7 | ...
    lane          0   1   2   3 | 0   1   2   3 | ...        4 bits: byte 0 holds weights 0 (low) and 4 (high),
                                                             byte 1 weights 1 and 5, byte 4 weights 8 and 12

Along a lane, fields of k bits follow one another from the low end of the lane's first byte on. So one shift and
one mask of a word give four neighbouring weights in four bytes, as an int8 kernel loads them, and where k does not
divide 8 a field is put together from two words for four weights at once. A field holds the low k bits of the
weight in two's complement; binary: 1 for +1, 0 for -1. Ternary: five weights to a byte, as five digits
d = weight + 1 of base 3, stored as ceil(256 / 243 * (81 d0 + 27 d1 + 9 d2 + 3 d3 + d4)), so that each
multiplication by 3 carries the next digit out of the byte. Rows are padded to whole words with fields of zero.
"""

import math

import numpy as np

from kwslib.quantization import BINARY, TERNARY, Width, check_width, symmetric_grid

LANES = 4
TRITS = 5  # to a byte
_POWERS = 3 ** np.arange(TRITS - 1, -1, -1)  # 81, 27, 9, 3, 1


def field_bits(bits: Width) -> int:
    """Bits of one field of a lane; a ternary byte is not made of fields."""
    return 1 if bits == BINARY else int(check_width(bits))


def row_bytes(weights: int, bits: Width) -> int:
    """Bytes of one row of that many weights."""
    deep = math.ceil(weights / LANES)  # fields in a lane
    return LANES * (math.ceil(deep / TRITS) if bits == TERNARY else math.ceil(deep * field_bits(bits) / 8))


def pack(weights: np.ndarray, bits: Width) -> np.ndarray:
    """Whole numbers (rows, n) of the symmetric grid of `bits` to bytes (rows, row_bytes), uint8.

    Raises ValueError for a number that is not on the grid.
    """
    grid = symmetric_grid(bits)
    values = weights.astype(np.int64)
    if values.size and not np.isin(values, range(grid.low, grid.high + 1, grid.step)).all():
        raise ValueError(f"weights from {values.min()} to {values.max()} do not fit {bits} bits")
    rows, n = values.shape
    deep = math.ceil(n / LANES)
    padded = np.zeros((rows, deep * LANES), np.int64)
    if bits == TERNARY:
        padded[:, :n] = values + 1
    else:
        padded[:, :n] = values > 0 if bits == BINARY else values & (2 ** field_bits(bits) - 1)
    lanes = padded.reshape(rows, deep, LANES).swapaxes(1, 2)  # (rows, 4, deep)
    packed = _pack_trits(lanes) if bits == TERNARY else _pack_fields(lanes, field_bits(bits))
    return np.ascontiguousarray(packed.swapaxes(1, 2)).reshape(rows, -1)


def unpack(packed: np.ndarray, bits: Width, n: int) -> np.ndarray:
    """The weights (rows, n), int8, of `pack`."""
    rows = len(packed)
    deep = math.ceil(n / LANES)
    lanes = packed.reshape(rows, -1, LANES).swapaxes(1, 2)  # (rows, 4, bytes)
    if bits == TERNARY:
        values = _unpack_trits(lanes) - 1
    else:
        values = _unpack_fields(lanes, field_bits(bits), deep)
        values = 2 * values - 1 if bits == BINARY else _signed(values, field_bits(bits))
    return values[..., :deep].swapaxes(1, 2).reshape(rows, -1)[:, :n].astype(np.int8)


def _pack_fields(lanes: np.ndarray, bits: int) -> np.ndarray:
    """(rows, 4, deep) numbers below 2^bits to (rows, 4, bytes)."""
    binary = (lanes[..., None] >> np.arange(bits)) & 1  # (rows, 4, deep, bits), lowest first
    return np.packbits(binary.astype(np.uint8).reshape(*lanes.shape[:2], -1), axis=-1, bitorder="little")


def _unpack_fields(lanes: np.ndarray, bits: int, deep: int) -> np.ndarray:
    binary = np.unpackbits(lanes, axis=-1, count=deep * bits, bitorder="little")
    return binary.reshape(*lanes.shape[:2], deep, bits).astype(np.int64) @ (1 << np.arange(bits))


def _signed(values: np.ndarray, bits: int) -> np.ndarray:
    half = 2 ** (bits - 1)
    return (values ^ half) - half


def _pack_trits(lanes: np.ndarray) -> np.ndarray:
    """(rows, 4, deep) digits 0 to 2 to (rows, 4, bytes)."""
    missing = -lanes.shape[-1] % TRITS
    digits = np.pad(lanes, ((0, 0), (0, 0), (0, missing))).reshape(*lanes.shape[:2], -1, TRITS)
    return (-(-256 * (digits @ _POWERS) // 3**TRITS)).astype(np.uint8)


def _unpack_trits(lanes: np.ndarray) -> np.ndarray:
    digits, rest = [], lanes.astype(np.int64)
    for _ in range(TRITS):
        digits.append(3 * rest >> 8)
        rest = 3 * rest & 255
    return np.stack(digits, axis=-1).reshape(*lanes.shape[:2], -1)
