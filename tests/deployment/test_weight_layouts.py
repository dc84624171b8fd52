"""Weights in the order of the kernels: which sums of a pair of outputs 32 bits hold."""

import numpy as np
import pytest

from kwslib.deployment.weight_layouts import pairs_of_outputs


def test_256_times_a_sum_and_the_other_of_its_pair_must_fit_32_bits():
    """516 weights of 127 meet inputs of -128: 256 times their sum fits 32 bits, and 257 times does not."""
    assert 256 * 516 * 127 * 128 < 2**31 < 257 * 516 * 127 * 128
    assert pairs_of_outputs(np.full((4, 516), 127, np.int8), np.zeros(4, np.int64)) is None


@pytest.mark.parametrize("value", [-127, 127])
def test_512_weights_of_any_size_are_held(value):
    assert pairs_of_outputs(np.full((4, 512), value, np.int8), np.zeros(4, np.int64)) is not None
