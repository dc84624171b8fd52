"""An output scale on which fixed point and floating point agree, for every sum."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kwslib.deployment.rounding import agreeing_scale, once, twice
from kwslib.errors import KwsError

scales = st.floats(-4, -1).map(lambda power: float(np.float32(10**power)))


@pytest.mark.slow
@settings(max_examples=60)
@example(source=0.00014330125122796744, weights=0.00014330125122796744, steps=10.0)  # NumPy 2 rounded this up
@given(source=scales, weights=scales, steps=st.floats(10, 6000))
def test_every_sum_is_rounded_alike(source, weights, steps):
    wanted = float(np.float32(source * weights * steps))
    scale = agreeing_scale(source, weights, wanted)
    assert scale == np.float32(scale)
    assert abs(scale / wanted - 1) < max(0.03, 6 / steps)
    most = int(256 * scale / (source * weights))
    sums = np.arange(-most, most + 1)
    expected = once(sums, source * weights / scale)
    np.testing.assert_array_equal(twice(sums, source * weights / scale), expected)
    short = float(np.float32(source) * np.float32(weights))
    np.testing.assert_array_equal(twice(sums, short / scale), expected)


def test_other_scales_do_round_apart():
    sums = np.arange(-200_000, 200_000)
    assert (once(sums, 1 / 1500.3) != twice(sums, 1 / 1500.3)).sum() > 50


@pytest.mark.parametrize(("total", "expected"), [(3, 2), (-3, -2), (1, 1), (-1, -1), (2, 1), (0, 0)])
def test_halves_go_away_from_zero(total, expected):
    assert once(np.array([total]), 0.5)[0] == expected


def test_both_are_within_half_a_step():
    sums = np.random.default_rng(0).integers(-(2**20), 2**20, 10_000)
    for factor in (0.4, 1e-2, 4.1e-4):
        assert np.abs(once(sums, factor) - sums * factor).max() <= 0.5
        assert np.abs(twice(sums, factor) - sums * factor).max() <= 1


@pytest.mark.parametrize("steps", [6_543_623, 5e6, 3e9, 1e12, 1e30])  # the first: an untrained network's
def test_where_no_scale_agrees_the_search_ends_and_says_so(steps):
    source, weights = 5.2743708067737316e-08, 0.0017679487355053425
    with pytest.raises(KwsError, match=r"steps of the last layer's sums, where trained networks have"):
        agreeing_scale(source, weights, float(np.float32(source * weights * steps)))
