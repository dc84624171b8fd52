"""Stream plans for causal networks: all padding lies in the past, where the stream provides the actual values.

Nothing is computed twice: a hop computes the new columns of every tensor, and each tensor keeps as many columns as its
readers need. The result equals that of the network on the whole stream at once (`at_once`), and not that on a window
whose past is zero.
"""

from dataclasses import dataclass, replace

from kwslib.deployment.core_network import Layer, Network
from kwslib.deployment.streaming import (
    CONVOLUTIONS,
    Call,
    Move,
    Place,
    Stream,
    axis_of,
    input_rows,
    span_of,
    whole_window,
    window_of,
)


@dataclass(frozen=True)
class Columns:
    """A tensor with a time axis: `count` columns of `size` bytes in a clip, `new` more at each hop; `zero`
    pads the past."""

    count: int
    size: int
    new: int
    zero: int


def columns_of(network: Network, frames: int) -> dict[int, Columns] | None:
    """Every tensor with a time axis; None if the network is not causal, or a hop is not a multiple of its strides.

    Causal: the windows of every convolution end at its newest column, and some are padded before the first; sums add
    columns of the same time; and exactly one layer of another kind reads all columns of a clip. No hop sees more frames
    than a clip has, for the spotter holds no more.
    """
    rows = input_rows(network, frames)
    if rows is None:
        return None
    reader = next(layer for layer in network.layers if network.input in layer.inputs)
    found = {network.input: Columns(rows.count, rows.size, frames, window_of(reader)["input_zero_point"])}
    padded, readers = False, 0
    for layer in network.layers:
        sources = [found[tensor] for tensor in layer.inputs if tensor in found]
        if layer.kind in CONVOLUTIONS and sources:
            span, (source,), window = span_of(layer), sources, window_of(layer)
            reached = (span.count_out - 1) * span.stride - span.padding + span.kernel
            fits = span.count_in == reached == source.count and source.new % span.stride == 0
            if not fits or span.padding >= span.kernel or window.get("read") is not None:
                return None
            padded |= span.padding > 0
            size = network.sizes[layer.output] // span.count_out
            new, zero = source.new // span.stride, window["output"]["zero_point"]
            if network.input in layer.inputs and _needed(layer, new) > source.count:
                return None
            found[layer.output] = Columns(span.count_out, size, new, zero)
        elif layer.kind == "sum" and sources:
            if len(sources) < 2 or (sources[0].count, sources[0].new) != (sources[1].count, sources[1].new):
                return None
            found[layer.output] = replace(sources[0], zero=layer.fields["zero_point"])
        elif sources:
            if layer.kind == "average_pool":
                return None
            readers += 1
    return found if padded and readers == 1 and network.output not in found else None


def heard_frames(network: Network, columns: dict[int, Columns]) -> int:
    """An upper bound on the past frames that a result depends on."""
    step, frames = {network.input: 1}, 0
    for layer in network.layers:
        sources = [tensor for tensor in layer.inputs if tensor in columns]
        if layer.output in columns:
            step[layer.output] = step[sources[0]]
        if layer.output in columns and layer.kind in CONVOLUTIONS:
            span = span_of(layer)
            frames += (span.kernel - 1) * step[sources[0]]
            step[layer.output] *= span.stride
        elif sources and layer.output not in columns:
            frames += columns[sources[0]].count * step[sources[0]]
    return frames


def endless(network: Network, columns: dict[int, Columns], frames: int) -> Stream:
    """The stream plan of a causal network. `columns`: the result of `columns_of`."""
    length = {tensor: _columns_needed(network, tensor, columns) for tensor in columns}
    sizes = network.sizes | {tensor: length[tensor] * each.size for tensor, each in columns.items()}
    kept = [t for t, each in columns.items() if t != network.input and length[t] > each.new]
    hop: list[Call | Move] = []
    for tensor in kept:
        new = columns[tensor].new * columns[tensor].size
        hop.append(Move(tensor, 0, new, sizes[tensor] - new))
    for layer in network.layers:
        (call,) = whole_window((layer,))
        if layer.output in columns:
            output, newest = columns[layer.output], columns[layer.output].new
            needed = _needed(layer, newest)
            call = Call(
                _newest(layer, needed, newest, newest * output.size),
                tuple(Place(t, sizes[t] - needed * columns[t].size) for t in layer.inputs),
                Place(layer.output, sizes[layer.output] - newest * output.size),
            )
        hop.append(call)
    before = {tensor: columns[tensor].zero for tensor in (network.input, *kept)}
    return Stream(network, (), tuple(hop), sizes, tuple(kept), frames, before)


def _needed(layer: Layer, new: int) -> int:
    """Columns of its input that a layer in time reads to make so many."""
    if layer.kind == "sum":
        return new
    span = span_of(layer)
    return (new - 1) * span.stride + span.kernel


def _columns_needed(network: Network, tensor: int, columns: dict[int, Columns]) -> int:
    """Columns of a tensor that its readers see at a hop; of a computed one, at least those that the hop computes."""
    readers = [layer for layer in network.layers if tensor in layer.inputs]
    seen = (
        _needed(layer, columns[layer.output].new) if layer.output in columns else columns[tensor].count
        for layer in readers
    )
    return max([0 if tensor == network.input else columns[tensor].new, *seen])


def _newest(layer: Layer, needed: int, new: int, size: int) -> Layer:
    """A layer that makes its newest columns, `size` bytes, from the columns seen."""
    name = f"{layer.name}_newest"
    if layer.kind == "sum":
        return replace(layer, name=name, fields=layer.fields | {"size": size})
    return replace(layer, name=name, fields=_resized(layer, needed, new, 0))


def _resized(layer: Layer, count_in: int, count_out: int, padding: int) -> dict:
    """The fields of a convolution over another number of columns."""
    window, axis = window_of(layer), axis_of(window_of(layer))
    part = window | {f"in_{axis}": count_in, f"out_{axis}": count_out}
    part["pad_top" if axis == "height" else "pad_left"] = padding
    if axis == "height":
        part["band_rows"] = min(window["band_rows"], count_out)
    return layer.fields | {"window": part} if layer.kind == "packed_convolution" else part


@dataclass(frozen=True)
class AtOnce:
    """A causal network on a whole stream: `calls` of the layers along time run over all columns, the `rest` over as
    many as a clip has.

    `last`: the tensor between the two parts, with its `columns`. `sizes` in bytes.
    """

    calls: tuple[Call, ...]
    rest: tuple[Layer, ...]
    sizes: dict[int, int]
    last: int
    columns: Columns


def at_once(network: Network, columns: dict[int, Columns], hops: int) -> AtOnce:
    """The layers of a causal network resized to a whole stream, with padding only before its first column; a kernel
    shorter than its stride begins after the columns that it skips."""
    calls = []
    for layer in (layer for layer in network.layers if layer.output in columns):
        count, skipped = columns[layer.output].new * hops, 0
        if layer.kind == "sum":
            fields = layer.fields | {"size": count * columns[layer.output].size}
        else:
            source = columns[layer.inputs[0]]
            padding = _needed(layer, columns[layer.output].new) - source.new
            skipped = max(-padding, 0)
            fields = _resized(layer, source.new * hops - skipped, count, max(padding, 0))
        (call,) = whole_window((replace(layer, fields=fields),))
        places = tuple(Place(tensor, skipped * columns[tensor].size) for tensor in layer.inputs)
        calls.append(replace(call, inputs=places))
    rest = tuple(layer for layer in network.layers if layer.output not in columns)
    (last,) = [tensor for layer in rest for tensor in layer.inputs if tensor in columns]
    sizes = {tensor: each.new * hops * each.size for tensor, each in columns.items()}
    return AtOnce(tuple(calls), rest, sizes, last, columns[last])
