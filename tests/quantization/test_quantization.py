"""Quantizers obey their laws, have the gradients they claim, and agree with PyTorch's and LiteRT's."""

import numpy as np
import pytest
import torch
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kwslib.errors import KwsError
from kwslib.quantization.grids import (
    BINARY,
    TERNARY,
    Grid,
    asymmetric_grid,
    dequantize,
    fake_quantize,
    least_squares,
    min_max,
    percentile,
    quantize,
    round_straight_through,
    scale_and_zero_point,
    symmetric_grid,
)

WIDTHS = (*range(1, 9), TERNARY, BINARY)
large = st.floats(-(2.0**100), 2.0**100, width=32)
values = arrays(np.float32, st.integers(1, 40), elements=large).map(torch.from_numpy)
tame = arrays(np.float32, st.integers(1, 40), elements=st.floats(-100, 100, width=32)).map(torch.from_numpy)
laws = settings(max_examples=examples(60))  # of each law below
kinds = st.sampled_from(
    [(symmetric_grid(k), True) for k in WIDTHS] + [(asymmetric_grid(k), False) for k in range(1, 9)]
)


def over_extremes(x, kind):
    grid, symmetric = kind
    scale, zero_point = scale_and_zero_point(min_max(x), grid, symmetric)
    return grid, scale, zero_point


def test_the_grids_are_the_documented_ones():
    assert [(g.low, g.high) for g in map(symmetric_grid, (8, 3, 2, 1))] == [
        (-128, 127),
        (-4, 3),
        (-2, 1),
        (-1, 0),
    ]
    assert [(g.low, g.high) for g in map(asymmetric_grid, (8, 3, 1))] == [(0, 255), (0, 7), (0, 1)]
    assert symmetric_grid(TERNARY) == Grid(-1, 1)
    assert symmetric_grid(BINARY) == Grid(-1, 1, 2)


@pytest.mark.parametrize("bits", [0, 9, -1, 2.5, "4", "quaternary", None])
def test_other_widths_are_refused_in_one_line(bits):
    with pytest.raises(KwsError, match="from 1 to 8") as error:
        symmetric_grid(bits)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("bits", [TERNARY, BINARY])
def test_short_weights_have_no_asymmetric_grid(bits):
    with pytest.raises(KwsError, match=bits):
        asymmetric_grid(bits)


@laws
@given(values, kinds)
def test_results_are_finite_and_on_the_grid(x, kind):
    grid, scale, zero_point = over_extremes(x, kind)
    q = quantize(x, scale, zero_point, grid)
    assert torch.isfinite(fake_quantize(x, scale, zero_point, grid)).all()
    assert set(q.tolist()) <= set(range(grid.low, grid.high + 1, grid.step))
    assert zero_point == zero_point.round()
    assert scale > 0


@laws
@given(tame, kinds)
def test_quantizing_twice_changes_nothing_more(x, kind):
    grid, scale, zero_point = over_extremes(x, kind)
    once = fake_quantize(x, scale, zero_point, grid)
    torch.testing.assert_close(fake_quantize(once, scale, zero_point, grid), once)


@laws
@given(tame, kinds)
def test_inside_the_grid_the_error_is_at_most_half_a_step(x, kind):
    grid, scale, zero_point = over_extremes(x, kind)
    low, high = (scale * (end - zero_point) for end in (grid.low, grid.high))
    inside = (x >= low) & (x <= high)
    error = (fake_quantize(x, scale, zero_point, grid) - x).abs()
    assert (error[inside] <= scale * grid.step / 2 * (1 + 1e-4) + 1e-30).all()


@laws
@given(tame, kinds)
def test_order_is_kept(x, kind):
    grid, scale, zero_point = over_extremes(x, kind)
    ascending = fake_quantize(x.sort().values, scale, zero_point, grid)
    assert (ascending.diff() >= 0).all()


@laws
@given(tame, kinds)
def test_zero_stays_zero_on_every_grid_but_the_binary_one(x, kind):
    grid, scale, zero_point = over_extremes(x, kind)
    zero = fake_quantize(torch.zeros(1), scale, zero_point, grid)
    assert zero.abs() == scale if grid.step == 2 else zero == 0


@laws
@given(tame)
def test_the_extremes_do_not_saturate_at_eight_bits(x):
    for grid, symmetric in ((symmetric_grid(8), True), (asymmetric_grid(8), False)):
        scale, zero_point = scale_and_zero_point(min_max(x), grid, symmetric)
        error = (fake_quantize(x, scale, zero_point, grid) - x).abs()
        assert (error <= scale * (1 / 2 if symmetric else 1) * (1 + 1e-4)).all()  # the zero point rounds too


@pytest.mark.parametrize(
    "x", [[0.0], [0.0, 0.0], [3.0, 3.0], [-3.0, -3.0], [1e-45, 0.0], [1e37, -1e37], [-2.0, -1.0]]
)
@pytest.mark.parametrize("bits", range(1, 9))
def test_degenerate_tensors_give_finite_results(x, bits):
    x = torch.tensor(x)
    for grid, symmetric in ((symmetric_grid(bits), True), (asymmetric_grid(bits), False)):
        for bounds in (min_max(x), percentile(x), least_squares(x, grid, symmetric)):
            scale, zero_point = scale_and_zero_point(bounds, grid, symmetric)
            assert torch.isfinite(fake_quantize(x, scale, zero_point, grid)).all()
    if not x.any():
        assert not fake_quantize(x, scale, zero_point, grid).any()


def test_the_straight_through_estimator_rounds_forward_and_passes_back():
    x = torch.tensor([-1.5, -0.4, 0.5, 1.5], requires_grad=True)
    round_straight_through(x).backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert x.grad.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert round_straight_through(x).tolist() == [-2.0, 0.0, 0.0, 2.0]


def test_gradients_are_those_of_learned_step_sizes():
    x = torch.tensor([-3.0, -0.9, 0.26, 0.6, 2.0], requires_grad=True)
    scale = torch.tensor(0.5, requires_grad=True)
    grid = symmetric_grid(3)  # -2 .. 1.5
    fake_quantize(x, scale, torch.zeros(()), grid).sum().backward()
    v = x.detach() / 0.5
    q = v.round().clamp(-4, 3)
    inside = v.round() == q
    assert x.grad.tolist() == inside.float().tolist()
    torch.testing.assert_close(scale.grad, torch.where(inside, q - v, q).sum())


@laws
@given(tame, st.integers(1, 8), st.booleans())
def test_values_and_gradients_equal_pytorch_s_fake_quantizer(x, bits, symmetric):
    grid = symmetric_grid(bits) if symmetric else asymmetric_grid(bits)
    scale, zero_point = scale_and_zero_point(min_max(x), grid, symmetric)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    a = fake_quantize(ours, scale, zero_point, grid)
    b = torch.fake_quantize_per_tensor_affine(theirs, scale, zero_point.int(), grid.low, grid.high)
    apart = (x / scale - (x / scale).floor() - 0.5).abs() > 1e-4  # PyTorch multiplies by 1 / scale
    torch.testing.assert_close(a[apart], b[apart])
    a.sum().backward()
    b.sum().backward()
    assert torch.equal(ours.grad[apart], theirs.grad[apart])


def test_ranges_equal_those_of_pytorch_s_observers():
    from torch.ao.quantization.observer import MinMaxObserver, PerChannelMinMaxObserver

    x = torch.randn(6, 50, generator=torch.Generator().manual_seed(0))
    observer = MinMaxObserver(dtype=torch.quint8)
    observer(x)
    scale, zero_point = observer.calculate_qparams()
    ours = scale_and_zero_point(min_max(x), asymmetric_grid(8), symmetric=False)
    torch.testing.assert_close(ours[0], scale[0])
    assert ours[1] == zero_point[0]
    observer = PerChannelMinMaxObserver(ch_axis=0, dtype=torch.qint8)
    observer(x)
    torch.testing.assert_close(min_max(x, per_channel=True)[0], observer.min_val)
    torch.testing.assert_close(min_max(x, per_channel=True)[1], observer.max_val)


def test_eight_bits_equal_litert_s_quantization_of_the_same_tensor(tmp_path):
    pytest.importorskip("ai_edge_litert")
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    from tflite_files import Maker

    x = np.random.default_rng(0).normal(size=4096).astype(np.float32)
    for symmetric in (True, False):
        grid = symmetric_grid(8) if symmetric else asymmetric_grid(8)
        scale, zero_point = scale_and_zero_point(min_max(torch.from_numpy(x)), grid, symmetric)
        shift = 0 if symmetric else -128  # LiteRT's int8 against our 0 .. 255
        maker = Maker()
        source = maker.tensor((1, x.size), kind="float32")
        output = maker.tensor((1, x.size), scale.numpy(), int(zero_point) + shift)
        maker.tensors[source].quantization = None
        maker.operator("QUANTIZE", [source], output, "QuantizeOptions")
        path = maker.write(tmp_path / "quantize.tflite", source, output)
        interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x[None])
        interpreter.invoke()
        theirs = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        ours = quantize(torch.from_numpy(x), scale, zero_point, grid) + shift
        assert np.array_equal(ours.numpy(), theirs)


def test_percentiles_cut_both_tails():
    x = torch.arange(1000.0)[torch.randperm(1000)]
    assert [bound.item() for bound in percentile(x, 99)] == [10.0, 989.0]
    assert [bound.item() for bound in percentile(x, 100)] == [0.0, 999.0]


@laws
@given(arrays(np.float32, (3, 20), elements=st.floats(-10, 10, width=32)).map(torch.from_numpy), kinds)
def test_least_squares_ranges_are_no_worse_than_the_extremes_channel_by_channel(x, kind):
    grid, symmetric = kind

    def error(bounds):
        scale, zero_point = scale_and_zero_point(bounds, grid, symmetric)
        return (fake_quantize(x, scale[:, None], zero_point[:, None], grid) - x).square().sum(1)

    chosen = error(least_squares(x, grid, symmetric, per_channel=True))
    assert (chosen <= error(min_max(x, per_channel=True)) * (1 + 1e-5)).all()


def test_binary_weights_of_least_squared_error_are_scaled_by_the_mean_magnitude():
    x = torch.randn(1, 5000, generator=torch.Generator().manual_seed(0))
    scale, _ = scale_and_zero_point(
        least_squares(x, symmetric_grid(BINARY), True), symmetric_grid(BINARY), True
    )
    assert scale.item() == pytest.approx(x.abs().mean().item(), rel=0.05)


@pytest.mark.parametrize("channels", [None, 4])
@pytest.mark.parametrize("grid", [symmetric_grid(3), asymmetric_grid(4)])
def test_the_short_way_back_is_the_chain_rule_bit_for_bit(grid, channels):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(4, 50, generator=draw)
    scale = torch.full((4, 1) if channels else (), 0.3)
    zero_point = torch.full_like(scale, 2.0 if grid.low == 0 else 0.0)
    found = []
    for how in (fake_quantize, lambda x, s, z, g: dequantize(quantize(x, s, z, g), s, z)):
        inputs = x.clone().requires_grad_(), scale.clone().requires_grad_()
        y = how(*inputs, zero_point, grid)
        (y * torch.arange(50)).sum().backward()
        found.append((y.detach(), *(leaf.grad for leaf in inputs)))
    assert all(torch.equal(short, long) for short, long in zip(*found, strict=True))
