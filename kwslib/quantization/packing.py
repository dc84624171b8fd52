"""Quantized weights packed into 32-bit words of flash: k bits each, 1.6 bits for ternary ones, 1 bit for binary ones.

A weight is stored as its index u >= 0 on the grid: weight = low + step * u. Indices of k bits are split into planes
of 4, 2 and 1 bits, the lowest bits first (k = 7 has all three); each plane has its own 32-bit words. A word has two
halves, which are filled with fields from their low ends:

    2 bits, 16 weights       high half                        low half
    fields               15 13 11 9  7 5 3 ... 3 2        13 12 9 8 5 4 1 0      <- weight that lies there

One shift and one mask thus extract two indices from a word as two int16, the pair that the Cortex-M4 multiplies
at once. Of four consecutive weights, 0 and 2 share a pair of fields and 1 and 3 the next, as SXTB16 splits the
four int8 inputs that they multiply. Ternary indices are stored five to a byte, weight i in byte i % 4 of a
word, as base-3 digits: ceil(256 / 243 * (81 u0 + 27 u1 + 9 u2 + 3 u3 + u4)); each multiplication by 3 carries
the next digit out of the byte. Rows are padded to whole words. firmware/core/kws_packed.c reads this format.
"""

import math

import numpy as np

from kwslib.quantization.grids import BINARY, TERNARY, Width, check_width, symmetric_grid

TRITS_A_BYTE = 5
_POWERS = 3 ** np.arange(TRITS_A_BYTE - 1, -1, -1)  # 81, 27, 9, 3, 1


def planes(bits: Width) -> tuple[int, ...]:
    """Bits of each plane, lowest first: (4, 2, 1) for 7 bits, (2,) for 2, (1,) for binary. Ternary has none."""
    width = 1 if bits == BINARY else 0 if bits == TERNARY else int(check_width(bits))
    found: list[int] = []
    while width > sum(found):
        found.append(next(plane for plane in (4, 2, 1) if plane <= width - sum(found)))
    return tuple(found)


def packed_bytes(weights: int, bits: Width) -> int:
    """Bytes of a row with this number of weights; weights of 8 bits are stored as int8."""
    if bits == 8:
        return weights
    inputs = [32 // plane for plane in planes(bits)] or [4 * TRITS_A_BYTE]  # of a word
    return 4 * sum(math.ceil(weights / n) for n in inputs)


def pack(weights: np.ndarray, bits: Width) -> tuple[np.ndarray, ...]:
    """Integers (rows, n) on the symmetric grid of `bits`, packed into one uint32 array (rows, words) for each plane.

    Raises ValueError for an integer that is not on the grid.
    """
    grid = symmetric_grid(bits)
    values = weights.astype(np.int64)
    if values.size and not np.isin(values, range(grid.low, grid.high + 1, grid.step)).all():
        raise ValueError(f"weights from {values.min()} to {values.max()} do not fit {bits} bits")
    numbers = (values - grid.low) // grid.step
    if bits == TERNARY:
        return (_pack_trits(numbers),)
    done, packed = 0, []
    for plane in planes(bits):
        packed.append(_pack_fields(numbers >> done & (1 << plane) - 1, plane))
        done += plane
    return tuple(packed)


def unpack(packed: tuple[np.ndarray, ...], bits: Width, n: int) -> np.ndarray:
    """The inverse of `pack`: weights int8 (rows, n)."""
    grid = symmetric_grid(bits)
    if bits == TERNARY:
        numbers = _unpack_trits(packed[0])[:, :n]
    else:
        shifts = np.cumsum((0, *planes(bits)))
        parts = zip(packed, planes(bits), shifts, strict=False)
        numbers = sum(_unpack_fields(words, plane)[:, :n] << shift for words, plane, shift in parts)
    return (grid.low + grid.step * numbers).astype(np.int8)


def interleaved(packed: tuple[np.ndarray, ...]) -> np.ndarray:
    """Words of a dense layer, uint32 (outputs / 4, words of all planes, 4), with those of four outputs interleaved."""
    words = np.concatenate(packed, axis=1)
    padded = np.pad(words, ((0, -len(words) % 4), (0, 0)))
    return np.ascontiguousarray(padded.reshape(-1, 4, words.shape[1]).swapaxes(1, 2))


def _filled(numbers: np.ndarray, multiple: int) -> np.ndarray:
    return np.pad(numbers, ((0, 0), (0, -numbers.shape[1] % multiple)))


def _pack_fields(numbers: np.ndarray, plane: int) -> np.ndarray:
    fours = _filled(numbers, 32 // plane).reshape(len(numbers), -1, 8 // plane, 4)  # (rows, words, fours, 4)
    return (fours << _shifts(plane)).sum((2, 3)).astype(np.uint32)


def _unpack_fields(words: np.ndarray, plane: int) -> np.ndarray:
    fours = words.astype(np.int64)[:, :, None, None] >> _shifts(plane) & (1 << plane) - 1
    return fours.reshape(len(words), -1)


def _shifts(plane: int) -> np.ndarray:
    """Where in a word each of its weights lies, (fours, 4): the third of four in the high half beside the first."""
    fours = 2 * plane * np.arange(8 // plane)[:, None]
    return fours + np.array([0, plane, 16, 16 + plane])


def _pack_trits(numbers: np.ndarray) -> np.ndarray:
    digits = _filled(numbers, 4 * TRITS_A_BYTE).reshape(len(numbers), -1, TRITS_A_BYTE, 4).swapaxes(2, 3)
    stored = (-(-256 * (digits @ _POWERS) // 3**TRITS_A_BYTE)).astype(np.uint8)  # (rows, words, 4)
    return np.ascontiguousarray(stored).view("<u4")[..., 0].astype(np.uint32)


def _unpack_trits(words: np.ndarray) -> np.ndarray:
    rest = (
        np.ascontiguousarray(words.astype("<u4"))[..., None].view(np.uint8).astype(np.int64)
    )  # (rows, words, 4)
    digits = []
    for _ in range(TRITS_A_BYTE):
        digits.append(3 * rest >> 8)
        rest = 3 * rest & 255
    return np.stack(digits, axis=2).reshape(len(words), -1)
