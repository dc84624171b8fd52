"""What a hop makes new of a network: the words in which plans for streams are written.

Between two hops the window over the sound moves on by a few frames, and so do the rows of every tensor that keeps
time as an axis: most of the new ones are the last hop's, moved. They stay in memory; the others are computed by the
same kernels, which are told of a part of the image alone. The plans are made by kwslib.deployment.windowed and
kwslib.deployment.endless, chosen by kwslib.deployment.stream_plan, and run by firmware/core/kws_spotter.h.

Compare Rybakov et al., "Streaming keyword spotting on mobile devices", arXiv:2005.06720.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kwslib.deployment.core_network import Layer, Network

HOP = 2  # frames between inferences: 40 ms
CONVOLUTIONS = ("convolution", "packed_convolution", "run_convolution", "depthwise", "run_depthwise")
WINDOWS = (*CONVOLUTIONS, "average_pool")


@dataclass(frozen=True)
class Rows:
    """A tensor's steps in time: `count` rows of `size` bytes. A hop moves them up by `shift`; then rows kept[0] to
    kept[1] are those of the last hop."""

    count: int
    size: int
    shift: int
    kept: tuple[int, int]


@dataclass(frozen=True)
class Place:
    """Bytes of a tensor from `offset` on."""

    tensor: int
    offset: int = 0


@dataclass(frozen=True)
class Call:
    """A layer, or a part of one, at work on parts of tensors."""

    layer: Layer
    inputs: tuple[Place, ...]
    output: Place


@dataclass(frozen=True)
class Move:
    """`size` bytes of a tensor that come to lie at `target`, `distance` bytes further down."""

    tensor: int
    target: int
    distance: int
    size: int


@dataclass(frozen=True)
class Stream:
    """What runs before the first hop of a stream (`first`), and at each.

    `sizes` of all tensors in bytes; `kept`: those that stay from hop to hop. An endless network begins with `before`,
    the value of every byte of a kept tensor and of the frames before the stream. `whole`: why nothing stays, or "".
    """

    network: Network
    first: tuple[Call, ...]
    hop: tuple[Call | Move, ...]
    sizes: dict[int, int]
    kept: tuple[int, ...]
    frames: int = HOP
    before: dict[int, int] | None = None
    whole: str = ""

    @property
    def endless(self) -> bool:
        return self.before is not None


def whole_window(layers: Iterable[Layer]) -> tuple[Call, ...]:
    """Every layer, all of it."""
    return tuple(Call(layer, tuple(map(Place, layer.inputs)), Place(layer.output)) for layer in layers)


def window_of(layer: Layer) -> dict[str, Any]:
    """The struct kws_window of a layer that has one."""
    return layer.fields["window"] if layer.kind == "packed_convolution" else layer.fields


def axis_of(window: dict[str, Any]) -> str:
    """Where time lies: along the height, or in turned columns along the width."""
    return (
        "width" if window["in_height"] == window["kernel_height"] == window["out_height"] == 1 else "height"
    )


@dataclass(frozen=True)
class Span:
    """A window along time."""

    count_in: int
    count_out: int
    kernel: int
    stride: int
    padding: int


def span_of(layer: Layer) -> Span:
    """How a layer's window goes along time."""
    window = window_of(layer)
    axis = axis_of(window)
    count_in, count_out, kernel, stride = (
        window[f"{name}_{axis}"] for name in ("in", "out", "kernel", "stride")
    )
    padding = window["pad_top" if axis == "height" else "pad_left"]
    return Span(count_in, count_out, kernel, stride, padding)


def input_rows(network: Network, frames: int) -> Rows | None:
    """The frames that a network sees; None where its first layers do not go along them."""
    readers = [layer for layer in network.layers if network.input in layer.inputs]
    if not all(layer.kind in WINDOWS for layer in readers):
        return None
    count = span_of(readers[0]).count_in
    return Rows(count, network.sizes[network.input] // count, frames, (0, max(count - frames, 0)))
