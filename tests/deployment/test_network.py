"""The C core's network is bit for bit LiteRT's reference kernels, on random layers, shapes and inputs."""

from pathlib import Path

import numpy as np
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tflite_files import Maker, reference

from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.quantization.multiplier import quantize_multiplier

EXAMPLES = settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
ZERO_POINTS = st.integers(-128, 127)


def agree(path: Path, size: tuple[int, ...], rng: np.random.Generator, count: int = 20) -> None:
    inputs = rng.integers(-128, 128, (count, *size)).astype(np.int8)
    np.testing.assert_array_equal(run_network(read_network(path), inputs), reference(path, inputs))


def quantized(maker: Maker, rng: np.random.Generator, shape: tuple[int, ...], axis: int, source_scale: float):
    """Random weights and bias, per tensor or per channel: their numbers."""
    channels = shape[axis]
    scales = rng.uniform(0.002, 0.02, channels if rng.integers(2) else 1)
    weights = maker.tensor(shape, scales, 0, rng.integers(-127, 128, shape), axis)
    bias = maker.tensor(
        (channels,), scales * source_scale, 0, rng.integers(-20000, 20000, channels), kind="int32"
    )
    return weights, bias


@st.composite
def windows(draw):
    kernel = draw(st.tuples(st.integers(1, 6), st.integers(1, 8) | st.just(1)))
    size = tuple(draw(st.just(k) | st.integers(k, k + 9)) for k in kernel)
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = draw(st.integers(0, 1))  # SAME, VALID
    out = tuple(
        -(-n // s) if padding == 0 else (n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True)
    )
    return size, kernel, stride, padding, out


def outputs(rng: np.random.Generator, fan: int) -> float:
    """A scale under which the outputs of `fan` random products fill int8 and saturate now and then."""
    return float(rng.uniform(0.5, 2.0) * np.sqrt(fan) * 0.02 * 0.01 * 74 * 74 / 60)


@EXAMPLES
@given(
    windows(),
    st.integers(1, 6),
    st.integers(1, 5),
    ZERO_POINTS,
    ZERO_POINTS,
    st.sampled_from([0, 1, 3]),
    st.data(),
)
def test_convolution(tmp_path, window, depth, channels, zero_in, zero_out, activation, data):
    size, kernel, stride, padding, out = window
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    maker = Maker()
    source = maker.tensor((1, *size, depth), 0.02, zero_in)
    weights, bias = quantized(maker, rng, (channels, *kernel, depth), 0, 0.02)
    output = maker.tensor((1, *out, channels), outputs(rng, kernel[0] * kernel[1] * depth), zero_out)
    options = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "fusedActivationFunction": activation,
    }
    maker.operator("CONV_2D", [source, weights, bias], output, "Conv2DOptions", **options)
    agree(maker.write(tmp_path / "m.tflite", source, output), (*size, depth), rng)


@EXAMPLES
@given(st.integers(3, 14), st.integers(8, 23), st.integers(1, 10), st.integers(1, 8), ZERO_POINTS, st.data())
def test_convolution_of_neighbours(tmp_path, height, width, kernel_height, channels, zero_in, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    maker = Maker()
    source = maker.tensor((1, height, width, 1), 0.02, zero_in)
    weights, bias = quantized(maker, rng, (channels, kernel_height, 8, 1), 0, 0.02)
    shape = (1, -(-height // 2), -(-width // 2), channels)
    output = maker.tensor(shape, outputs(rng, 8 * kernel_height), -128)
    options = {"padding": 0, "strideH": 2, "strideW": 2, "fusedActivationFunction": 1}
    maker.operator("CONV_2D", [source, weights, bias], output, "Conv2DOptions", **options)
    agree(maker.write(tmp_path / "m.tflite", source, output), (height, width, 1), rng)


@EXAMPLES
@given(
    windows(),
    st.integers(1, 4),
    st.integers(1, 2),
    ZERO_POINTS,
    ZERO_POINTS,
    st.sampled_from([0, 1]),
    st.data(),
)
def test_depthwise(tmp_path, window, depth, multiplier, zero_in, zero_out, activation, data):
    size, kernel, stride, padding, out = window
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    maker = Maker()
    source = maker.tensor((1, *size, depth), 0.02, zero_in)
    weights, bias = quantized(maker, rng, (1, *kernel, depth * multiplier), 3, 0.02)
    output = maker.tensor((1, *out, depth * multiplier), outputs(rng, kernel[0] * kernel[1]), zero_out)
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1], "depthMultiplier": multiplier}
    options["fusedActivationFunction"] = activation
    maker.operator("DEPTHWISE_CONV_2D", [source, weights, bias], output, "DepthwiseConv2DOptions", **options)
    agree(maker.write(tmp_path / "m.tflite", source, output), (*size, depth), rng)


@EXAMPLES
@given(st.integers(1, 70), st.integers(1, 9), ZERO_POINTS, ZERO_POINTS, st.data())
def test_fully_connected(tmp_path, inputs, channels, zero_in, zero_out, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    maker = Maker()
    source = maker.tensor((1, inputs), 0.02, zero_in)
    weights, bias = quantized(maker, rng, (channels, inputs), 0, 0.02)
    output = maker.tensor((1, channels), outputs(rng, inputs), zero_out)
    maker.operator("FULLY_CONNECTED", [source, weights, bias], output, "FullyConnectedOptions")
    agree(maker.write(tmp_path / "m.tflite", source, output), (inputs,), rng, 200)


@EXAMPLES
@given(windows(), st.integers(1, 4), ZERO_POINTS, st.sampled_from([0, 1]), st.data())
def test_average_pool(tmp_path, window, depth, zero, activation, data):
    size, kernel, stride, padding, out = window
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    maker = Maker()
    source = maker.tensor((1, *size, depth), 0.02, zero)
    output = maker.tensor((1, *out, depth), 0.02, zero)
    options = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "fusedActivationFunction": activation,
    }
    options |= {"filterHeight": kernel[0], "filterWidth": kernel[1]}
    maker.operator("AVERAGE_POOL_2D", [source], output, "Pool2DOptions", **options)
    agree(maker.write(tmp_path / "m.tflite", source, output), (*size, depth), rng)


@pytest.mark.slow
@settings(EXAMPLES, max_examples=30)  # LiteRT tries each in a process of its own
@given(st.tuples(*[st.integers(0, 3)] * 4), st.integers(1, 3), ZERO_POINTS, st.booleans(), st.data())
def test_padding_by_an_operator_of_its_own(tmp_path, pads, stride, zero, by_depth, data):
    top, bottom, left, right = pads
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    size, kernel, depth = (rng.integers(4, 9), rng.integers(3, 8)), (4, 3), 3
    maker = Maker()
    source = maker.tensor((1, *size, depth), 0.02, zero)
    amounts = maker.tensor((4, 2), data=[0, 0, top, bottom, left, right, 0, 0], kind="int32")
    high, wide = size[0] + top + bottom, size[1] + left + right
    padded = maker.tensor((1, high, wide, depth), 0.02, zero)
    maker.operator("PAD", [source, amounts], padded, "PadOptions")
    shape, axis = ((1, *kernel, depth), 3) if by_depth else ((4, *kernel, depth), 0)
    weights, bias = quantized(maker, rng, shape, axis, 0.02)
    out = (1, (high - 4) // stride + 1, (wide - 3) // stride + 1, shape[axis])
    output = maker.tensor(out, outputs(rng, 36), -20)
    options = {"padding": 1, "strideH": stride, "strideW": stride}
    if by_depth:
        options["depthMultiplier"] = 1
    name, table = ("DEPTHWISE_CONV_2D", "DepthwiseConv2D") if by_depth else ("CONV_2D", "Conv2D")
    maker.operator(name, [padded, weights, bias], output, f"{table}Options", **options)
    agree(maker.write(tmp_path / "m.tflite", source, output), (*size, depth), rng)


@pytest.mark.parametrize("beside", [(1, 1), (0, 2), (2, 0)])
@pytest.mark.parametrize("by_depth", [False, True])
def test_a_column_padded_beside_itself_stays_upright(tmp_path, beside, by_depth):
    """Outputs of one column as a row lie in the same order only while they are one column."""
    rng, maker = np.random.default_rng(0), Maker()
    source = maker.tensor((1, 9, 1, 4), 0.02, 7)
    amounts = maker.tensor((4, 2), data=[0, 0, 0, 0, *beside, 0, 0], kind="int32")
    padded = maker.tensor((1, 9, 3, 4), 0.02, 7)
    maker.operator("PAD", [source, amounts], padded, "PadOptions")
    shape, axis = ((1, 3, 1, 4), 3) if by_depth else ((4, 3, 1, 4), 0)
    output = maker.tensor((1, 7, 3, 4), outputs(rng, 12), -20)
    options = {"padding": 1, "strideH": 1, "strideW": 1} | ({"depthMultiplier": 1} if by_depth else {})
    name, table = ("DEPTHWISE_CONV_2D", "DepthwiseConv2D") if by_depth else ("CONV_2D", "Conv2D")
    maker.operator(
        name, [padded, *quantized(maker, rng, shape, axis, 0.02)], output, f"{table}Options", **options
    )
    agree(maker.write(tmp_path / "m.tflite", source, output), (9, 1, 4), rng)


@EXAMPLES
@given(
    st.tuples(st.integers(1, 30), st.integers(1, 20), st.integers(1, 5)), ZERO_POINTS, ZERO_POINTS, st.data()
)
def test_mean(tmp_path, size, zero_in, zero_out, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    maker = Maker()
    source = maker.tensor((1, *size), 0.02, zero_in)
    axes = maker.tensor((2,), data=[1, 2], kind="int32")
    output = maker.tensor((1, size[2]), 0.02 * rng.uniform(0.1, 1.5), zero_out)
    maker.operator("MEAN", [source, axes], output, "ReducerOptions", keepDims=False)
    agree(maker.write(tmp_path / "m.tflite", source, output), size, rng)


@EXAMPLES
@given(st.integers(1, 40), ZERO_POINTS, ZERO_POINTS, st.sampled_from([0, 1]), st.data())
def test_sum_of_a_tensor_and_its_pooled_self(tmp_path, depth, zero_in, zero_out, activation, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    maker = Maker()
    shape = (1, 3, 4, depth)
    source, middle = maker.tensor(shape, 0.02, zero_in), maker.tensor(shape, rng.uniform(0.005, 0.1), 7)
    weights = maker.tensor((1, 1, 1, depth), 0.01, 0, rng.integers(-127, 128, depth), 3)
    bias = maker.tensor((depth,), 0.0002, 0, np.zeros(depth), kind="int32")
    output = maker.tensor(shape, rng.uniform(0.01, 0.1), zero_out)
    options = {"padding": 0, "strideH": 1, "strideW": 1, "depthMultiplier": 1}
    maker.operator("DEPTHWISE_CONV_2D", [source, weights, bias], middle, "DepthwiseConv2DOptions", **options)
    maker.operator("ADD", [source, middle], output, "AddOptions", fusedActivationFunction=activation)
    agree(maker.write(tmp_path / "m.tflite", source, output), shape[1:], rng)


@EXAMPLES
@given(st.integers(2, 12), ZERO_POINTS, st.floats(0.01, 0.3), st.data())
def test_softmax(tmp_path, classes, zero, scale, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    maker = Maker()
    source, output = maker.tensor((1, classes), scale, zero), maker.tensor((1, classes), 1 / 256, -128)
    maker.operator("SOFTMAX", [source], output, "SoftmaxOptions", beta=1.0)
    agree(maker.write(tmp_path / "m.tflite", source, output), (classes,), rng, 200)


@given(st.floats(1e-9, 1e9))
def test_multiplier_has_31_bits(factor):
    multiplier, shift = quantize_multiplier(factor)
    assert 2**30 <= multiplier < 2**31
    assert multiplier / 2**31 * 2.0**shift == pytest.approx(factor, rel=2**-30)
