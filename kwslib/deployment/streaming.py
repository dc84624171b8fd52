"""Data structures of stream plans, which state what a network recomputes at each hop.

Between two hops the window over the sound advances by a few frames, and so do the rows of every tensor with a time
axis: most rows equal rows of the last hop, shifted. These are kept in memory; the same kernels compute the others, on a
part of the image. kwslib.deployment.windowed and kwslib.deployment.endless make the plans,
kwslib.deployment.stream_plan chooses between them, and firmware/core/kws_spotter.h runs them.

Compare Rybakov et al., "Streaming keyword spotting on mobile devices", arXiv:2005.06720.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kwslib.deployment.core_network import Layer, Network
from kwslib.features.frontend import CHANNELS, FRAMES, HOP

CONVOLUTIONS = ("convolution", "packed_convolution", "run_convolution", "depthwise", "run_depthwise")
WINDOWS = (*CONVOLUTIONS, "average_pool")


@dataclass(frozen=True)
class Rows:
    """The rows of a tensor along time: `count` rows of `size` bytes. A hop moves them up by `shift`; after that, rows
    kept[0] to kept[1] are valid from the last hop."""

    count: int
    size: int
    shift: int
    kept: tuple[int, int]


@dataclass(frozen=True)
class Place:
    """The part of a tensor that starts at byte `offset`."""

    tensor: int
    offset: int = 0


@dataclass(frozen=True)
class Call:
    """A call of a layer, or of a part of one, on parts of tensors."""

    layer: Layer
    inputs: tuple[Place, ...]
    output: Place


@dataclass(frozen=True)
class Move:
    """A move of `size` bytes of a tensor to offset `target`, from `distance` bytes above it."""

    tensor: int
    target: int
    distance: int
    size: int


@dataclass(frozen=True)
class Stream:
    """A stream plan: the calls before the first hop (`first`) and at every hop (`hop`).

    `sizes` of all tensors in bytes; `kept`: tensors kept from hop to hop. An endless network starts from `before`,
    the value of every byte of a kept tensor and of the frames before the stream. `whole`: the reason if nothing is
    kept, or "".
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
        """Whether outputs depend on the whole past."""
        return self.before is not None


def whole_window(layers: Iterable[Layer]) -> tuple[Call, ...]:
    """Calls of all layers on whole tensors."""
    return tuple(Call(layer, tuple(map(Place, layer.inputs)), Place(layer.output)) for layer in layers)


def window_of(layer: Layer) -> dict[str, Any]:
    """The struct kws_window of a layer that has one."""
    return layer.fields["window"] if layer.kind == "packed_convolution" else layer.fields


def axis_of(window: dict[str, Any]) -> str:
    """The axis of time: the height, or the width if the columns are transposed."""
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
    """The window of a layer along time."""
    window = window_of(layer)
    axis = axis_of(window)
    count_in, count_out, kernel, stride = (
        window[f"{name}_{axis}"] for name in ("in", "out", "kernel", "stride")
    )
    padding = window["pad_top" if axis == "height" else "pad_left"]
    return Span(count_in, count_out, kernel, stride, padding)


def input_rows(network: Network, frames: int) -> Rows | None:
    """The frames that a network reads; None if its first layers do not slide along time, or see the features of a clip
    as an image whose rows are no frames."""
    readers = [layer for layer in network.layers if network.input in layer.inputs]
    if not all(layer.kind in WINDOWS for layer in readers):
        return None
    count, size = span_of(readers[0]).count_in, network.sizes[network.input]
    if size == FRAMES * CHANNELS and count != FRAMES:
        return None
    return Rows(count, size // count, frames, (0, max(count - frames, 0)))
