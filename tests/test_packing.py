"""Packed weights come back whole, lie where the layout says, and take the bytes that are claimed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.compression.packing import field_bits, pack, row_bytes, unpack
from kwslib.quantization import BINARY, TERNARY, symmetric_grid

WIDTHS = (*range(1, 9), TERNARY, BINARY)


def weights(bits, rows, n, seed=0):
    grid = symmetric_grid(bits)
    return np.random.default_rng(seed).choice(range(grid.low, grid.high + 1, grid.step), (rows, n))


@settings(deadline=None)
@given(st.sampled_from(WIDTHS), st.integers(1, 5), st.integers(1, 100), st.integers(0, 99))
def test_a_round_trip_changes_nothing(bits, rows, n, seed):
    given_weights = weights(bits, rows, n, seed)
    packed = pack(given_weights, bits)
    assert packed.dtype == np.uint8
    assert packed.shape == (rows, row_bytes(n, bits))
    assert packed.shape[1] % 4 == 0
    assert np.array_equal(unpack(packed, bits, n), given_weights)


@pytest.mark.parametrize("bits", [8, 4, 2, BINARY])
def test_one_shift_and_mask_of_a_word_give_four_neighbours(bits):
    row = weights(bits, 1, 32)
    words = np.frombuffer(pack(row, bits).tobytes(), "<u4")
    k = field_bits(bits)
    mask = np.uint32(0x01010101 * (2**k - 1))
    fields = [(word >> np.uint32(k * j)) & mask for word in words for j in range(8 // k)]
    stored = row > 0 if bits == BINARY else row & (2**k - 1)
    assert np.array_equal(np.array(fields, "<u4").view(np.uint8), stored.reshape(-1))


def test_each_multiplication_by_three_carries_a_trit_out():
    for number in range(3**5):
        trits = [number // 3**i % 3 - 1 for i in (4, 3, 2, 1, 0)]
        row = np.zeros((1, 20), int)
        row[0, ::4] = trits  # lane 0
        rest, carried = int(pack(row, TERNARY)[0, 0]), []
        for _ in range(5):
            carried.append((3 * rest >> 8) - 1)
            rest = 3 * rest & 255
        assert carried == trits


def test_tinyconv_takes_the_bytes_that_the_report_promises():
    def tinyconv(bits):
        return 8 * row_bytes(80, bits) + 4 * row_bytes(4000, bits)

    assert [tinyconv(k) for k in (8, 4, 2)] == [16_640, 8_320, 4_160]
    assert tinyconv(TERNARY) == 3_328  # 1.6 bits
    assert tinyconv(BINARY) == 2_096  # 80 bits fill two words and a half


@pytest.mark.parametrize(("bits", "wrong"), [(4, 8), (4, -9), (2, 2), (TERNARY, 2), (BINARY, 0), (8, 128)])
def test_weights_off_the_grid_are_refused(bits, wrong):
    with pytest.raises(ValueError, match="do not fit"):
        pack(np.array([[wrong]]), bits)
