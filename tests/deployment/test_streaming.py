"""Streams: hop by hop the C core gives the logits of whole windows, or of a causal network over the whole stream."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stream_networks import Net, form, noise, of_windows, temporal
from tflite_files import tinyconv

from kwslib.deployment import core_stream
from kwslib.deployment.core_network import Layer, Network, read_network
from kwslib.deployment.core_run import MOVE_BLOCK, run_network
from kwslib.deployment.core_stream import run_at_once, run_stream
from kwslib.deployment.stream_plan import stream
from kwslib.deployment.streaming import Call, Move, span_of, window_of
from kwslib.errors import KwsError
from kwslib.quantization.grids import TERNARY

EXAMPLES = settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@pytest.mark.slow
@EXAMPLES
@given(st.data(), st.integers(0, 2**32), st.integers(12, 40), st.integers(1, 4), st.integers(1, 4))
def test_every_logit_is_the_whole_windows(tmp_path, data, seed, time, width, hop):
    net = Net(time, width, data.draw(st.integers(1, 3)), seed)
    for _ in range(data.draw(st.integers(1, 4))):
        kernel = (
            data.draw(st.integers(1, min(6, net.shape[0]))),
            data.draw(st.integers(1, min(3, net.shape[1]))),
        )
        stride, padding = (
            (data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))),
            data.draw(st.integers(0, 1)),
        )
        kind = data.draw(st.sampled_from(["convolution", "depthwise", "residual"]))
        if kind == "residual":
            before = net.tensor
            net.convolution(kernel, (1, 1), 0)
            net.plus(before)
        else:
            net.convolution(kernel, stride, padding, 3 if kind == "convolution" else None)
    network = net.network(tmp_path / "m.tflite")
    plan, frames = stream(network, hop), noise(seed, 3 * time, width * network_depth(network, time, width))
    assert not plan.endless
    np.testing.assert_array_equal(run_stream(plan, frames), of_windows(network, frames, hop))


def network_depth(network: Network, time: int, width: int) -> int:
    return network.sizes[network.input] // (time * width)


def test_a_hop_computes_six_of_tinyconvs_twenty_five_rows(tmp_path):
    plan = stream(read_network(tinyconv(tmp_path / "m.tflite")))
    parts = [step.layer for step in plan.hop if isinstance(step, Call) and step.layer.kind == "convolution"]
    assert [part.fields["out_height"] for part in parts] == [2, 4]
    assert not plan.whole


def test_a_hop_moves_only_rows_that_it_reads(tmp_path):
    net = Net(30, 1, 4, 0)
    for _ in range(2):
        net.convolution((3, 1), (1, 1), padding=1)
    network = net.network(tmp_path / "m.tflite")
    plan, frames = stream(network, 1), noise(0, 90, 4)
    # of 28 rows the two before the newest, filled up to a block; of 26 that the last layer reads all but the newest
    assert [step.size for step in plan.hop if isinstance(step, Move)] == [MOVE_BLOCK, 25 * 4]
    np.testing.assert_array_equal(run_stream(plan, frames), of_windows(network, frames, 1))


def test_a_hop_of_one_column_a_layer_goes_by_the_kernels_for_columns(tmp_path):
    plan = stream(temporal(tmp_path / "m.tflite"))
    kinds = [step.layer.kind for step in plan.hop if isinstance(step, Call)]
    assert kinds == ["run_column", "depth_column", "run_column", "sum", "mean", "dense"]


@pytest.mark.parametrize("kind", ["8", "3", "1", TERNARY, "sparse"])
def test_all_forms_of_tinyconv(tmp_path, kind):
    network = form(read_network(tinyconv(tmp_path / "m.tflite", 5)), kind)
    frames = noise(1, 300, 40)
    np.testing.assert_array_equal(run_stream(stream(network), frames), of_windows(network, frames, 2))


def test_a_hop_that_does_not_divide_the_stride_says_so(tmp_path):
    network = read_network(tinyconv(tmp_path / "m.tflite"))
    plan, frames = stream(network, 3), noise(0, 30, 40)
    assert plan.whole == "a hop moves the input of conv_2d_1 by 3 and its stride is 2"
    np.testing.assert_array_equal(run_stream(plan, frames), of_windows(network, frames, 3))


@pytest.mark.parametrize("image", [(40, 49), (98, 20), (20, 98)])
def test_a_network_that_lays_frames_out_as_other_rows_runs_whole_windows(tmp_path, image):
    """The rows of its image are no frames, so that none of them moves up with the stream."""
    network = read_network(tinyconv(tmp_path / "m.tflite", 8, image))
    plan, frames = stream(network), noise(0, 60, 40)
    assert plan.whole == "conv_2d_1 does not read rows in time"
    assert not plan.kept
    np.testing.assert_array_equal(run_stream(plan, frames), of_windows(network, frames, 2))


def causal(data, path: Path, seed: int, time: int, width: int) -> Network:
    """A random network whose padding lies in the past alone; time on the height, or (width 1) in turned columns."""
    net = Net(time, 1 if width == 1 else width, 4, seed)
    stride = data.draw(st.integers(1, 2))
    kernel = data.draw(st.integers(stride, 5))
    past = kernel - 1 - (time - 1) % stride
    net.convolution((kernel, 1), (stride, 1), 1, 5, past=max(past, 0))
    for _ in range(data.draw(st.integers(1, 3))):
        before, kernel = net.tensor, data.draw(st.integers(2, 6))
        net.convolution((kernel, 1), (1, 1), 1, past=kernel - 1)
        if data.draw(st.booleans()):
            net.convolution((1, 1), (1, 1), 0, 5)
        net.plus(before)
    return net.network(path, mean=True)


def rescaled(layer: Layer, sums: np.ndarray) -> np.ndarray:
    """Sums (columns, C) of a convolution to int8, as kwslib.quantization.integer does it."""
    from kwslib.quantization.integer import _rescale_twice

    to = window_of(layer)["output"]
    x = (
        _rescale_twice(sums, to["multiplier"].astype(np.int64), to["shift"].astype(np.int64))
        + to["zero_point"]
    )
    return np.clip(x, to["min"], to["max"])


def pytorch_integers(network: Network, frames: np.ndarray, hop: int) -> np.ndarray:
    """The convolutions of a causal network of width 1 by torch.conv1d over the whole stream, in exact doubles: the
    tensor that MEAN reads, (columns, C). One column of zeros past each window's reach lies before the stream."""
    values = {network.input: frames.reshape(len(frames), -1).astype(np.int64)}
    made = {network.input: hop}
    for layer in network.layers:
        if layer.kind == "sum":
            f, (a, b) = layer.fields, (values[tensor] for tensor in layer.inputs)
            x, y = ((v - f[f"zero_point_{s}"]) << 20 for v, s in ((a, "a"), (b, "b")))
            values[layer.output] = np.clip(_sum_of(f, x, y) + f["zero_point"], f["min"], f["max"])
            made[layer.output] = made[layer.inputs[0]]
        elif "convolution" in layer.kind or "depthwise" in layer.kind:
            span, window = span_of(layer), window_of(layer)
            made[layer.output] = made[layer.inputs[0]] // span.stride
            past = (made[layer.output] - 1) * span.stride + span.kernel - made[layer.inputs[0]]
            x = torch.from_numpy(
                values[layer.inputs[0]].T[None].astype(np.float64)
            )  # raw: the zero is in the bias
            bias = window["output"]["bias"].astype(np.float64)
            if layer.kind == "depthwise":
                kernel, groups = window["weights"].reshape(span.kernel, 1, -1).transpose(2, 1, 0), x.shape[1]
                bias = bias - window["input_zero_point"] * kernel.astype(np.float64).sum((1, 2))
            elif layer.kind == "run_depthwise":  # (C / 4, pairs, 2 pairs of channels, 2 taps, 2 channels)
                taps = window["weights"].transpose(1, 3, 0, 2, 4).reshape(-1, x.shape[1])[: span.kernel]
                kernel, groups = taps.T[:, None], x.shape[1]
            else:  # (C / 4, inputs / 4, odd, pair, half, output of the pair) to (C, inputs, kernel)
                first, second = np.moveaxis(window["weights"].astype(np.int64), -1, 0)
                words = np.stack([first, second + (first < 0)], -1).transpose(0, 3, 5, 1, 4, 2)
                rows = words.reshape(4 * len(words), -1)
                rows = rows[: window["out_channels"], : span.kernel * x.shape[1]]
                kernel, groups = rows.reshape(len(rows), span.kernel, -1).transpose(0, 2, 1), 1
            y = torch.nn.functional.conv1d(
                torch.nn.functional.pad(x, (past, 0), value=window["input_zero_point"]),
                torch.from_numpy(np.ascontiguousarray(kernel, np.float64)),
                torch.from_numpy(bias),
                stride=span.stride,
                groups=groups,
            )
            values[layer.output] = rescaled(layer, y[0].numpy().T.astype(np.int64))
        else:
            return values[layer.inputs[0]].astype(np.int8)
    raise AssertionError("no mean")


def _sum_of(f: dict, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from kwslib.quantization.integer import _rescale_twice

    def by(values: np.ndarray, suffix: str) -> np.ndarray:
        return _rescale_twice(values, *(np.array(f[f"{name}{suffix}"]) for name in ("multiplier", "shift")))

    return by(by(x, "_a") + by(y, "_b"), "")


@pytest.mark.slow
@settings(EXAMPLES, max_examples=40)  # LiteRT tries each in a process of its own
@given(st.data(), st.integers(0, 2**32), st.integers(14, 40), st.integers(1, 3), st.integers(1, 2))
def test_a_causal_network_hop_by_hop_is_the_one_over_the_whole_stream(
    tmp_path, data, seed, time, width, hops
):
    network = causal(data, tmp_path / "m.tflite", seed, time, width)
    hop = 2 * hops
    plan, frames = stream(network, hop), noise(seed, 3 * time // hop * hop, 4 * width)
    assert plan.endless
    logits = run_stream(plan, frames)
    np.testing.assert_array_equal(logits, run_at_once(network, frames, hop))
    if width == 1:  # and so do PyTorch's integers, from the mean on by the layers of a clip
        (mean, dense) = network.layers[-2:]
        columns = pytorch_integers(network, frames, hop)
        count, made = mean.fields["positions"], len(columns) // (len(frames) // hop)
        zero = mean.fields["input_zero_point"]
        past = np.full((count - 1, columns.shape[1]), zero, np.int8)
        view = np.lib.stride_tricks.sliding_window_view(np.concatenate([past, columns]), count, axis=0)
        rest = Network((mean, dense), network.sizes, mean.inputs[0], network.output, network.output_scale, 0)
        np.testing.assert_array_equal(logits, run_network(rest, view[made - 1 :: made].swapaxes(1, 2)))


def test_a_causal_clip_is_a_stream_that_begins_with_it(tmp_path):
    """Where nothing came before, a clip of one second gives what the stream gives at its end."""
    net = Net(49, 1, 40, 0)
    net.convolution((3, 1), (2, 1), 1, 8, past=2)
    for _ in range(2):
        before = net.tensor
        net.convolution((9, 1), (1, 1), 1, past=8)
        net.plus(before)
    network = net.network(tmp_path / "m.tflite", mean=True)
    clip = noise(0, 49, 40)
    zero = window_of(network.layers[0])["input_zero_point"]
    begun = np.concatenate([np.full((1, 40), zero, np.int8), clip])  # hops end with odd frames
    np.testing.assert_array_equal(run_stream(stream(network), begun)[-1], run_network(network, clip[None])[0])


@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize("kernel", [1, 2])
def test_a_kernel_shorter_than_its_stride_skips_columns_that_are_computed(tmp_path, width, kernel):
    """A hop's columns all have their place, also those that the next layer never reads."""
    net = Net(15 + kernel, width, 4, 0)
    net.convolution((3, 1), (1, 1), 1, 4, past=2)
    net.convolution((kernel, 1), (3, 1), 1, 8)
    net.convolution((4, 1), (1, 1), 1, past=3)
    network = net.network(tmp_path / "m.tflite", mean=True)
    plan, frames = stream(network, 3), noise(0, 300, 4 * width)
    assert plan.endless
    for call in (step for step in plan.hop if isinstance(step, Call)):
        assert all(0 <= place.offset < plan.sizes[place.tensor] for place in (*call.inputs, call.output))
    np.testing.assert_array_equal(run_stream(plan, frames), run_at_once(network, frames, 3))


def test_a_first_layer_that_sees_more_than_a_clip_is_no_endless_one(tmp_path):
    """The spotter holds the frames of one clip: a hop that sees 50 would never come."""
    for kernel, endless in ((48, True), (49, False)):
        net = Net(49, 1, 40, 0)
        net.convolution((kernel, 1), (1, 1), 1, 4, past=kernel - 1)
        network = net.network(tmp_path / "m.tflite", mean=True)
        plan, frames = stream(network, 2), noise(0, 120, 40)
        assert plan.endless == endless
        expected = run_at_once(network, frames) if endless else of_windows(network, frames, 2)
        np.testing.assert_array_equal(run_stream(plan, frames), expected)


def test_frames_of_another_width_are_refused(tmp_path):
    plan = stream(read_network(tinyconv(tmp_path / "m.tflite")))
    with pytest.raises(KwsError, match="int8 rows"):
        run_stream(plan, np.zeros((10, 41), np.int8))


@pytest.mark.parametrize(("length", "hop"), [(600, 2), (40_000, 8)])  # an int16 counts 32,767 columns
def test_hours_of_a_causal_network_are_computed_in_parts_that_hear_their_past(
    tmp_path, monkeypatch, length, hop
):
    network, frames = temporal(tmp_path / "m.tflite"), noise(0, length, 40)
    whole = run_at_once(network, frames, hop)
    monkeypatch.setattr(core_stream, "PART", length // 43)
    np.testing.assert_array_equal(run_at_once(network, frames, hop), whole)
