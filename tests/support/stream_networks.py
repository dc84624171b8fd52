"""Networks over streams: of any layers, TinyConv in every layout of weights, a causal one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from tflite_files import Maker

from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_packed import pack_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_sparse import compress
from kwslib.quantization.grids import TERNARY, symmetric_grid


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
