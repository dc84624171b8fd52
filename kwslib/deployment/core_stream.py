"""A network on a stream, run hop by hop in the C core on this machine, bit-identical to the board."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kwslib.deployment.core_network import Network
from kwslib.deployment.core_run import bind, run_network
from kwslib.deployment.endless import Columns, at_once, columns_of, heard_frames
from kwslib.deployment.streaming import Call, Move, Stream
from kwslib.errors import KwsError
from kwslib.features.ccore import pointer
from kwslib.features.frontend import FRAMES, HOP

PART = 16_000  # frames that a network computes at once, well below the columns that an int16 counts
SILENT = -128  # a feature before the first frame of a windowed stream


def run_stream(stream: Stream, frames: np.ndarray) -> np.ndarray:
    """Logits int8 (F // stream.frames, C) for a stream of frames int8 (F, 40): one row per hop, including the first.

    Raises KwsError when the frames are not int8 or do not have the network's number of channels.
    """
    network, hop = stream.network, stream.frames
    input_bytes = stream.sizes[network.input]
    if frames.dtype != np.int8 or frames.ndim != 2 or input_bytes % frames.shape[1]:
        raise KwsError(
            f"frames are {frames.dtype} {frames.shape} where the network takes int8 rows of {input_bytes} bytes"
        )
    tensors = {number: np.zeros(size, np.int8) for number, size in stream.sizes.items()}
    for number, value in (stream.before or {}).items():
        tensors[number][:] = value
    before = stream.before[network.input] if stream.before is not None else SILENT
    past = np.full((input_bytes // frames.shape[1], frames.shape[1]), before, np.int8)
    sound = np.concatenate([past, frames]).reshape(-1)
    tensors[network.input][:] = past.reshape(-1)
    for call in stream.first:
        _step(call, tensors)()
    steps = [_step(step, tensors) for step in stream.hop]
    logits = np.empty((len(frames) // hop, network.sizes[network.output]), np.int8)
    for number, row in enumerate(logits):
        start = (number + 1) * hop * frames.shape[1]
        tensors[network.input][:] = sound[start : start + input_bytes]
        for step in steps:
            step()
        row[:] = tensors[network.output]
    return logits


def _step(step: Call | Move, tensors: dict[int, np.ndarray]) -> Callable[[], None]:
    """A step bound to its tensors."""
    if isinstance(step, Move):
        target = tensors[step.tensor][step.target : step.target + step.size]
        source = tensors[step.tensor][step.target + step.distance : step.target + step.distance + step.size]
        return lambda: np.copyto(target, source)
    places = (*step.inputs, step.output)
    return bind(step.layer, [pointer(tensors[place.tensor]) + place.offset for place in places])


def whole_windows(frames: np.ndarray) -> np.ndarray:
    """The window that ends with each hop of a stream of frames int8 (F, 40), which silence precedes: a view
    int8 (F // HOP, 49, 40)."""
    past = np.full((FRAMES, frames.shape[1]), SILENT, np.int8)
    view = np.lib.stride_tricks.sliding_window_view(np.concatenate([past, frames]), FRAMES, axis=0)
    return view[HOP::HOP].swapaxes(1, 2)


def run_at_once(network: Network, frames: np.ndarray, hop: int = HOP) -> np.ndarray:
    """Logits int8 (F // hop, C) of a causal network for a whole stream of frames int8 (F, 40), computed layer by layer.

    Every convolution runs once over all columns, with its zero padding before the first; the layers after the last
    convolution read, at each hop, as many columns as in a clip. This computation keeps no state from hop to hop, and is
    the reference for `run_stream`. A stream that is too long for the C core's 16-bit sizes is divided into parts, each
    preceded by the frames that its results depend on. Raises KwsError for a network that is not causal.
    """
    columns = columns_of(network, hop)
    if columns is None:
        raise KwsError("the network is not causal: its results belong to a window, not to a stream")
    past, parts = -(-heard_frames(network, columns) // hop), []
    hops = PART // hop
    for start in range(0, max(len(frames) // hop, 1), hops):
        first = max(0, start - past)
        part = _at_once(network, columns, frames[first * hop : (start + hops) * hop], hop)
        parts.append(part[start - first :])
    return np.concatenate(parts)


def _at_once(network: Network, columns: dict[int, Columns], frames: np.ndarray, hop: int) -> np.ndarray:
    hops = len(frames) // hop
    plan = at_once(network, columns, hops)
    tensors = {network.input: np.ascontiguousarray(frames[: hops * hop]).reshape(-1)}
    for call in plan.calls:
        tensors[call.output.tensor] = np.empty(plan.sizes[call.output.tensor], np.int8)
        _step(call, tensors)()
    count, new_columns = plan.columns.count, plan.columns.new
    last = tensors[plan.last].reshape(hops * new_columns, -1)
    past = np.full((count - 1, last.shape[1]), plan.columns.zero, np.int8)
    view = np.lib.stride_tricks.sliding_window_view(np.concatenate([past, last]), count, axis=0)
    rest = replace(network, input=plan.last, layers=plan.rest)
    return run_network(rest, view[new_columns - 1 :: new_columns].swapaxes(1, 2))
