"""Packed weights come back whole, lie where the layout says, and take the bytes that are claimed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.quantization.grids import BINARY, TERNARY, symmetric_grid
from kwslib.quantization.packing import interleaved, pack, packed_bytes, planes, unpack

WIDTHS = (*range(1, 8), TERNARY, BINARY)


def weights(bits, rows, n, seed=0):
    grid = symmetric_grid(bits)
    return np.random.default_rng(seed).choice(range(grid.low, grid.high + 1, grid.step), (rows, n))


@given(st.sampled_from(WIDTHS), st.integers(1, 5), st.integers(1, 100), st.integers(0, 99))
def test_a_round_trip_changes_nothing(bits, rows, n, seed):
    given_weights = weights(bits, rows, n, seed)
    packed = pack(given_weights, bits)
    assert all(words.dtype == np.uint32 and len(words) == rows for words in packed)
    assert sum(words[0].nbytes for words in packed) == packed_bytes(n, bits)
    assert np.array_equal(unpack(packed, bits, n), given_weights)


def test_planes_add_up_to_the_width():
    assert [planes(k) for k in (7, 6, 5, 4, 3, 2, 1)] == [(4, 2, 1), (4, 2), (4, 1), (4,), (2, 1), (2,), (1,)]
    assert planes(BINARY) == (1,)
    assert planes(TERNARY) == ()


@pytest.mark.parametrize("bits", [4, 2, 1])
def test_one_shift_and_mask_of_a_word_give_two_numbers_in_its_halves(bits):
    row = weights(bits, 1, 64)
    (words,) = pack(row, bits)
    fields = [
        (word >> np.uint32(at)) & ((1 << bits) - 1) * 0x10001
        for word in words[0]
        for at in range(0, 16, bits)
    ]
    halves = np.array(fields, "<u4").view("<u2").reshape(-1, 2, 2)  # (fours, even or odd, low or high half)
    assert np.array_equal(halves.swapaxes(1, 2).reshape(-1), (row - symmetric_grid(bits).low)[0])


def test_each_multiplication_by_three_carries_a_trit_out():
    for number in range(3**5):
        trits = [number // 3**i % 3 - 1 for i in (4, 3, 2, 1, 0)]
        row = np.zeros((1, 20), int)
        row[0, ::4] = trits  # byte 0
        rest, carried = int(pack(row, TERNARY)[0][0, 0]) & 255, []
        for _ in range(5):
            carried.append((3 * rest >> 8) - 1)
            rest = 3 * rest & 255
        assert carried == trits


def test_dense_words_of_four_outputs_lie_side_by_side():
    packed = pack(weights(7, 6, 40), 7)
    words = interleaved(packed)
    assert words.shape == (2, 5 + 3 + 2, 4)
    assert np.array_equal(words[1, :5, 1], packed[0][5])
    assert not words[1, :, 2:].any()  # of outputs that are not there


def test_tinyconv_takes_the_bytes_that_the_report_promises():
    def tinyconv(bits):
        return packed_bytes(640, bits) + 4 * packed_bytes(4000, bits)

    assert [tinyconv(k) for k in (8, 4, 2)] == [16_640, 8_320, 4_160]
    assert tinyconv(TERNARY) == 3_328  # 1.6 bits
    assert tinyconv(BINARY) == 2_080


@pytest.mark.parametrize(("bits", "wrong"), [(4, 8), (4, -9), (2, 2), (TERNARY, 2), (BINARY, 0), (7, 64)])
def test_weights_off_the_grid_are_refused(bits, wrong):
    with pytest.raises(ValueError, match="do not fit"):
        pack(np.array([[wrong]]), bits)
