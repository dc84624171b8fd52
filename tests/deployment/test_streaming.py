"""Streams: hop by hop the C core gives the logits of whole windows, or of a causal network over the whole stream."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from compiler import CORE, c_compiler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tflite_files import Maker, tinyconv

from kwslib.deployment.core_network import Layer, Network, read_network
from kwslib.deployment.core_packed import pack_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_sparse import compress
from kwslib.deployment.core_stream import run_at_once, run_stream
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.model_data import model_header
from kwslib.deployment.stream_plan import stream
from kwslib.deployment.streaming import Call, span_of, window_of
from kwslib.errors import KwsError
from kwslib.features.frontend import Frontend
from kwslib.labels import class_labels
from kwslib.quantization.grids import TERNARY, symmetric_grid

EXAMPLES = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


class Net:
    """A random network over `time` frames of `width` features, layer by layer; every layer's rows go along time."""

    def __init__(self, time: int, width: int, depth: int, seed: int) -> None:
        self.rng, self.maker = np.random.default_rng(seed), Maker()
        self.shape, self.zero = (time, width, depth), None  # the zero point of outputs: None draws one
        self.source = self.tensor = self.maker.tensor((1, *self.shape), 0.02, int(self.rng.integers(-60, 60)))

    def _constants(self, shape: tuple[int, ...], axis: int) -> tuple[int, int]:
        weights = self.maker.tensor(shape, 0.01, 0, self.rng.integers(-127, 128, shape), axis)
        bias = self.rng.integers(-3000, 3000, shape[axis])
        return weights, self.maker.tensor((shape[axis],), 0.0002, 0, bias, kind="int32")

    def _output(self, shape: tuple[int, int, int], scale: float = 0.02) -> int:
        self.shape = shape
        zero = int(self.rng.integers(-60, 60)) if self.zero is None else self.zero
        self.tensor = self.maker.tensor((1, *shape), scale, zero)
        return self.tensor

    def convolution(self, kernel, stride, padding, channels=None, past=0) -> None:
        """With `channels` a full convolution, else one by depth; `past`: zeros before the first row, and no others."""
        source, (time, width, depth) = self.tensor, self.shape
        if past:
            zero = self.maker.tensors[source].quantization.zeroPoint[0]
            padded = self.maker.tensor((1, time + past, width, depth), 0.02, int(zero))
            amounts = self.maker.tensor((4, 2), data=[0, 0, past, 0, 0, 0, 0, 0], kind="int32")
            self.maker.operator("PAD", [source, amounts], padded, "PadOptions")
            source, time, padding = padded, time + past, 1
        out = [
            -(-n // s) if padding == 0 else (n - k) // s + 1
            for n, k, s in zip((time, width), kernel, stride, strict=True)
        ]
        options = {
            "padding": padding,
            "strideH": stride[0],
            "strideW": stride[1],
            "fusedActivationFunction": 1,
        }
        if channels is None:
            constants = self._constants((1, *kernel, depth), 3)
            name, table, options["depthMultiplier"] = "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", 1
        else:
            constants = self._constants((channels, *kernel, depth), 0)
            name, table = "CONV_2D", "Conv2DOptions"
        output = self._output((*out, channels or depth))
        self.maker.operator(name, [source, *constants], output, table, **options)

    def plus(self, earlier: int) -> None:
        """Add a tensor of the same shape."""
        now = self.tensor
        self.maker.operator("ADD", [earlier, now], self._output(self.shape), "AddOptions")

    def network(self, path: Path, mean: bool = False) -> Network:
        """The network with three classes at its end."""
        size = int(np.prod(self.shape))
        if mean:
            axes, source = self.maker.tensor((2,), data=[1, 2], kind="int32"), self.tensor
            flat = self.maker.tensor((1, self.shape[2]), 0.01, -5)
            self.maker.operator("MEAN", [source, axes], flat, "ReducerOptions", keepDims=False)
            size = self.shape[2]
        else:
            zero = self.maker.tensors[self.tensor].quantization.zeroPoint[0]
            flat = self.maker.tensor((1, size), 0.02, int(zero))
            self.maker.reshape(self.tensor, flat)
        output = self.maker.tensor((1, 3), 0.003 * np.sqrt(size), 3)
        self.maker.operator(
            "FULLY_CONNECTED", [flat, *self._constants((3, size), 0)], output, "FullyConnectedOptions"
        )
        return read_network(self.maker.write(path, self.source, output))


def of_windows(network: Network, frames: np.ndarray, hop: int) -> np.ndarray:
    """Logits of the whole window at every hop, silence before the first frame."""
    count = network.sizes[network.input] // frames.shape[1]
    sound = np.concatenate([np.full((count, frames.shape[1]), -128, np.int8), frames])
    ends = range(hop, len(frames) + 1, hop)
    return run_network(network, np.stack([sound[end : end + count] for end in ends]))


def noise(seed: int, count: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (count, width)).astype(np.int8)


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


def form(network: Network, kind: str) -> Network:
    """A TinyConv with its weights packed on so many bits, ternary or sparse."""
    rng = np.random.default_rng(0)
    grid = symmetric_grid(8 if kind == "sparse" else kind if kind == TERNARY else int(kind))
    values = range(grid.low, grid.high + 1, grid.step)
    layers = []
    for layer in network.layers:
        weights = rng.choice(values, layer.fields["weights"].shape).astype(np.int8)
        if kind == "sparse" and layer.kind == "dense":
            weights[rng.random(weights.shape) > 0.02] = 0
        layers.append(replace(layer, fields=layer.fields | {"weights": weights}))
    network = replace(network, layers=tuple(layers))
    return compress(network) if kind == "sparse" else pack_network(network, grid_width(kind))


def grid_width(kind: str) -> int | str:
    return kind if kind == TERNARY else int(kind)


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


@EXAMPLES
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
        rest = Network(
            (mean, dense), network.sizes, mean.inputs[0], network.output, 1.0, 0, network.output_scale, 0
        )
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


def test_frames_of_another_width_are_refused(tmp_path):
    plan = stream(read_network(tinyconv(tmp_path / "m.tflite")))
    with pytest.raises(KwsError, match="int8 rows"):
        run_stream(plan, np.zeros((10, 41), np.int8))


DRIVER = r"""
#include <stdio.h>
#include <stdlib.h>
#include "kws_model.h"
#include "kws_spotter.h"

/* Chunks of sound from standard input, each after its length; `infer` after every so many frames, by the byte before.
 * Logits of every `infer` to standard output. */
int main(void) {
    kws_spotter *spotter = malloc(sizeof *spotter);
    uint8_t every;
    uint16_t length;
    int frames = 0;
    kws_spotter_init(spotter);
    while (fread(&every, 1, 1, stdin) == 1 && fread(&length, 2, 1, stdin) == 1) {
        int16_t *chunk = malloc(length * sizeof *chunk);
        if (fread(chunk, sizeof *chunk, length, stdin) != length) return 1;
        frames += (int)kws_spotter_listen(spotter, chunk, length);
        free(chunk);
        if (frames < every) continue;
        frames = 0;
        kws_spotter_infer(spotter);
        fwrite(spotter->logits, 1, sizeof spotter->logits, stdout);
    }
    free(spotter);
    return 0;
}
"""


def built(folder: Path, network: Network, hop: int = 2) -> Path:
    """The spotter of a network for streams, with sanitizers."""
    header = model_header(network, class_labels(), DecisionSettings(), stream(network, hop))
    (folder / "kws_model.h").write_text(header)
    (folder / "driver.c").write_text(DRIVER)
    command = [c_compiler(), "-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
    command += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{folder}", f"-I{CORE}"]
    sources = [folder / "driver.c", *CORE.glob("*.c")]
    subprocess.run([*command, "-o", str(folder / "driver"), *map(str, sources)], check=True)
    return folder / "driver"


def driven(driver: Path, sound: np.ndarray, chunks: list[int], every: int) -> np.ndarray:
    given, at = [], 0
    for length in chunks:
        part = sound[at : at + length]
        given.append(bytes([every]) + len(part).to_bytes(2, "little") + part.astype("<i2").tobytes())
        at += length
    done = subprocess.run([str(driver)], input=b"".join(given), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    return np.frombuffer(done.stdout, np.int8).reshape(-1, 4)


def loud_and_quiet(seconds: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    loudness = np.repeat(rng.choice([0, 30, 3000, 60000], seconds), 16000)
    return np.clip(rng.standard_normal(16000 * seconds) * loudness, -32768, 32767).astype(np.int16)


def temporal(path: Path) -> Network:
    """A causal network of the family of tenet, whose outputs take all of int8."""
    net = Net(49, 1, 40, 0)
    net.zero = -128
    net.convolution((3, 1), (2, 1), 1, 8, past=2)
    before = net.tensor
    net.convolution((9, 1), (1, 1), 1, past=8)
    net.convolution((1, 1), (1, 1), 0, 8)
    net.plus(before)
    axes, source = net.maker.tensor((2,), data=[1, 2], kind="int32"), net.tensor
    flat, output = net.maker.tensor((1, 8), 0.01, -5), net.maker.tensor((1, 4), 0.01, 3)
    net.maker.operator("MEAN", [source, axes], flat, "ReducerOptions", keepDims=False)
    net.maker.operator("FULLY_CONNECTED", [flat, *net._constants((4, 8), 0)], output, "FullyConnectedOptions")
    return read_network(net.maker.write(path, net.source, output))


@pytest.mark.parametrize("kind", ["8", "3", "sparse", "temporal"])
def test_the_spotter_hears_the_same_in_chunks_of_any_length(tmp_path, kind):
    if kind == "temporal":
        network = temporal(tmp_path / "m.tflite")
    else:
        network = form(read_network(tinyconv(tmp_path / "m.tflite", 3)), kind)
    driver, sound = built(tmp_path, network), loud_and_quiet(6)
    frames = Frontend().process(sound)
    rng = np.random.default_rng(1)
    odd = [int(n) for n in rng.integers(1, 321, 2 * len(sound) // 320)]
    plan = stream(network)
    expected = run_stream(plan, frames)
    for chunks in ([320] * (len(sound) // 320), odd):
        heard = driven(driver, sound, chunks, 2)
        assert len(heard) > 100
        np.testing.assert_array_equal(heard, expected[: len(heard)])
    for every in (1, 3, 5):  # other rhythms: whole windows, or as many hops as fit
        heard = driven(driver, sound, [320] * (len(sound) // 320), every)
        if plan.endless:
            hops = np.arange(every, len(frames) + 1, every) // 2
            np.testing.assert_array_equal(heard[hops > 0], expected[hops[hops > 0] - 1])
        else:
            np.testing.assert_array_equal(heard, of_windows(network, frames, every)[: len(heard)])


def test_the_virtual_board_streams_a_causal_network(tmp_path):
    """Its kernels are those in assembly; what it must hear is the network over the whole stream at once."""
    from kwslib.board.streaming import StreamBoard, expected

    board = StreamBoard(temporal(tmp_path / "m.tflite"), class_labels())
    assert [layer.fields["band_rows"] for layer in board.network.layers[:3]] == [1, 1, 1]
    sound = loud_and_quiet(3)
    logits, _ = board.run(sound)
    assert logits.std() > 5
    np.testing.assert_array_equal(logits, expected(board, sound))
