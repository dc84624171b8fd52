"""What would fit the board where a network's firmware does not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from kwslib.board.firmware import Overflow
from kwslib.deployment.core_network import Layer, Network
from kwslib.errors import KwsError
from kwslib.measure import RAM_BYTES

FIXED = 16 * 1024  # bytes of RAM that no width changes: the stack, the front end, the sound


@contextmanager
def remedies(network: Network) -> Iterator[None]:
    """Let the refusal of a firmware that does not fit end with what would."""
    try:
        yield
    except Overflow as error:
        width, channels = narrower(network, error.excess), _channels(network.layers[0])
        fewer = f"{width} channels in place of {channels}" if width else "fewer channels"
        saving = "fewer bits" if "FLASH" in error.excess else "a larger stride"
        raise KwsError(f"{error}; use {fewer}, {saving} or a smaller network, such as tenet_valid") from error


def narrower(network: Network, excess: Mapping[str, int]) -> int | None:
    """Channels of the first layer with which the network fits, all its layers narrowed in proportion: the most with
    which the weights are smaller by the excess of FLASH, and the activations, in proportion, by that of RAM. None if
    there are none, or if the first layer has no channels."""
    channels = _channels(network.layers[0])
    sizes = np.array([_bytes(layer.fields.get("weights")) for layer in network.layers])
    growth = np.array([_growth(network, layer) for layer in network.layers])
    room = RAM_BYTES - FIXED
    for width in range(channels - 1, 0, -1):
        share = width / channels
        in_flash = (sizes * share**growth).sum() <= sizes.sum() - excess.get("FLASH", 0)
        in_ram = share * (room + excess.get("RAM", 0)) <= room
        if in_flash and in_ram:
            return width
    return None


def _channels(layer: Layer) -> int:
    """Number of output channels; 0 of a layer that is no convolution."""
    return int(layer.fields.get("window", layer.fields).get("out_channels", 0))


def _growth(network: Network, layer: Layer) -> int:
    """The power of the width with which a layer's weights grow."""
    if layer.kind.endswith("depthwise"):
        return 1
    return int(network.input not in layer.inputs) + int(layer.output != network.output)


def _bytes(weights: Any) -> int:
    """Bytes of a layer's weights, packed or not."""
    words = weights["words"] if isinstance(weights, dict) else weights
    return 0 if words is None else int(words.nbytes)
