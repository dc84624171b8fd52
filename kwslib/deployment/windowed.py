"""Stream plans whose results are bit-identical to those of the whole window, with any padding.

Rows that depend on the padding change as they move, so that they are recomputed at each hop, as are the rows of new
frames; the rows between them are moved, except those above all rows that a hop reads. The recomputed ends grow from
layer to layer, until in a deep network no row can be kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from kwslib.deployment.core_network import Layer, Network
from kwslib.deployment.core_run import MOVE_BLOCK
from kwslib.deployment.streaming import (
    WINDOWS,
    Call,
    Move,
    Place,
    Rows,
    Stream,
    axis_of,
    input_rows,
    span_of,
    whole_window,
    window_of,
)


def _part(layer: Layer, first: int, last: int) -> tuple[Layer, int]:
    """Rows `first` to `last` of a window's output as a layer of their own, and the first row of input that they see."""
    window, span = window_of(layer), span_of(layer)
    axis, before = axis_of(window), "pad_top" if axis_of(window) == "height" else "pad_left"
    top = first * span.stride - span.padding
    input_rows = max(top, 0), min((last - 1) * span.stride - span.padding + span.kernel, span.count_in)
    part = window | {
        f"in_{axis}": input_rows[1] - input_rows[0],
        f"out_{axis}": last - first,
        before: max(-top, 0),
    }
    if axis == "height":
        part["band_rows"] = min(window["band_rows"], last - first)
        if window.get("read") is not None:
            part["read"] = window["read"][first:last]
    fields = layer.fields | {"window": part} if layer.kind == "packed_convolution" else part
    return replace(layer, name=f"{layer.name}_rows_{first}_{last}", fields=fields), input_rows[0]


def windowed(network: Network, frames: int) -> Stream:
    """The stream plan of any network; if no rows can be kept, every hop runs the whole window."""
    rows = {network.input: input_rows(network, frames)}
    hop: list[Call | Move] = []
    whole = ""
    first = []
    for layer in network.layers:
        found, obstacle = _moved(network, layer, rows)
        whole = whole or obstacle
        rows[layer.output] = found
        if found is None:
            hop += whole_window((layer,))
        else:
            layer = _read_later(layer, found)
            parts = [part for part in ((0, found.kept[0]), (found.kept[1], found.count)) if part[0] < part[1]]
            hop.append(
                Move(
                    layer.output,
                    found.kept[0] * found.size,
                    found.shift * found.size,
                    (found.kept[1] - found.kept[0]) * found.size,
                )
            )
            hop += [_call(layer, part, rows) for part in parts]
            layer = _in_bands_of(layer, max(last - start for start, last in parts))
        first.append(layer)
    kept = tuple(layer.output for layer in network.layers if rows[layer.output])
    calls, steps = whole_window(first), tuple(_moves_of_what_is_read(hop))
    return Stream(network, calls, steps, network.sizes, kept, frames, None, "" if kept else whole)


def _moves_of_what_is_read(hop: Sequence[Call | Move]) -> Iterator[Call | Move]:
    """The steps of a hop whose moves leave out what no call reads, as it is or once it has moved up, but for what fills
    up the core's blocks."""
    lowest: dict[int, int] = {}
    for step in hop:
        for place in step.inputs if isinstance(step, Call) else ():
            lowest[place.tensor] = min(lowest.get(place.tensor, place.offset), place.offset)
    for step in hop:
        if isinstance(step, Move):
            end = step.target + step.size
            unread = min(max(lowest.get(step.tensor, end) - step.target, 0), step.size)
            if unread < step.size:
                unread = max(unread - (unread - step.size) % MOVE_BLOCK, 0)
            step = replace(step, target=step.target + unread, size=step.size - unread)
            if not step.size:
                continue
        yield step


def _call(layer: Layer, part: tuple[int, int], rows: dict[int, Rows | None]) -> Call:
    """The part of a layer that makes some rows of its output."""
    start, last = part
    output = rows[layer.output]
    assert output is not None
    if layer.kind == "sum":
        place = start * output.size
        fields = layer.fields | {"size": (last - start) * output.size}
        name = f"{layer.name}_rows_{start}_{last}"
        inputs = tuple(Place(tensor, place) for tensor in layer.inputs)
        return Call(replace(layer, name=name, fields=fields), inputs, Place(layer.output, place))
    small, first_row = _part(layer, start, last)
    (tensor,) = layer.inputs
    source = rows[tensor]
    assert source is not None
    return Call(small, (Place(tensor, first_row * source.size),), Place(layer.output, start * output.size))


def _read_later(layer: Layer, rows: Rows) -> Layer:
    """A convolution that computes also what is read only when its row has moved up."""
    if layer.kind != "convolution" or layer.fields.get("read") is None:
        return layer
    low, high = rows.kept[0], rows.kept[1] + rows.shift
    read = layer.fields["read"].copy()
    read[low:high] = np.bitwise_or.accumulate(read[low:high], axis=0)
    return replace(layer, fields=layer.fields | {"read": read})


def _in_bands_of(layer: Layer, most: int) -> Layer:
    """A convolution that needs no more room for bands of input than its parts do."""
    if layer.kind not in ("convolution", "packed_convolution") or axis_of(window_of(layer)) == "width":
        return layer
    window = window_of(layer)
    small = window | {"band_rows": min(window["band_rows"], most)}
    fields = layer.fields | {"window": small} if layer.kind == "packed_convolution" else small
    return replace(layer, fields=fields)


def _moved(network: Network, layer: Layer, rows: dict[int, Rows | None]) -> tuple[Rows | None, str]:
    """The rows of a layer's output, or None and why all of them are new."""
    sources = [rows[tensor] for tensor in layer.inputs]
    known = [source for source in sources if source is not None]
    if network.input in layer.inputs and not known:
        return None, f"{layer.name} does not read rows in time"
    if len(known) < len(sources):
        return None, "" if layer.kind not in (*WINDOWS, "sum") else f"{layer.name} reads what is all new"
    if (
        layer.kind == "sum"
        and layer.output != network.output
        and len({(source.count, source.shift) for source in known}) == 1
    ):
        kept = max(source.kept[0] for source in known), min(source.kept[1] for source in known)
        found = replace(known[0], kept=kept)
        return (found, "") if kept[0] < kept[1] else (None, f"{layer.name} keeps no row")
    if layer.kind not in WINDOWS or layer.output == network.output:
        return None, ""
    (source,), span = known, span_of(layer)
    if source.shift % span.stride:
        return (
            None,
            f"a hop moves the input of {layer.name} by {source.shift} and its stride is {span.stride}",
        )
    turned = axis_of(window_of(layer)) == "width"
    if source.count != span.count_in or (turned and window_of(layer).get("read") is not None):
        return None, f"{layer.name} does not read rows in time"
    shift = source.shift // span.stride
    low = -(-(source.kept[0] + span.padding) // span.stride)
    high = min((source.kept[1] - span.kernel + span.padding) // span.stride + 1, span.count_out - shift)
    if low >= high:
        return None, f"padding or new frames touch every row of {layer.name}"
    return Rows(span.count_out, network.sizes[layer.output] // span.count_out, shift, (low, high)), ""
