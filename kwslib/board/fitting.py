"""What would fit the board where a network's firmware does not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from kwslib.board.firmware import Overflow
from kwslib.deployment.core_network import Layer, Network
from kwslib.errors import KwsError
from kwslib.measure import RAM_BYTES

FIXED = 16 * 1024  # bytes of RAM that no width changes: the stack, the front end, the sound
LANES = 4  # channels that kernels work on at a time, and pad others to
ROUNDING = 16  # bytes by which a layer's weights, packed or padded, may exceed their share


@contextmanager
def remedies(network: Network) -> Iterator[None]:
    """Let the refusal of a firmware that does not fit end with what would."""
    try:
        yield
    except Overflow as error:
        width, channels = narrower(network, error.excess), _channels(network.layers[0])
        ways = [f"{width} channels in place of {channels}" if width else "fewer channels"]
        if "FLASH" in error.excess and not _binary(network):
            ways.append("fewer bits")
        if "RAM" in error.excess:
            ways.append("a larger stride")
        raise KwsError(f"{error}; use {', '.join(ways)} or a smaller network") from error


def narrower(network: Network, excess: Mapping[str, int]) -> int | None:
    """Channels of the first layer with which the network fits, all its layers narrowed in proportion: the most, a
    multiple of four or less than four, with which the weights are smaller by the excess of FLASH, and the activations,
    in proportion, by that of RAM. None if there are none, or if the first layer has no channels."""
    channels = _channels(network.layers[0])
    sizes = np.array([_bytes(layer) for layer in network.layers])
    growth = np.array([_growth(network, layer) for layer in network.layers])
    least = np.array([LANES if layer.kind.startswith("run_") else 1 for layer in network.layers])
    room = RAM_BYTES - FIXED
    for width in range(channels - 1, 0, -1):
        if width > LANES and width % LANES:
            continue
        shares = np.maximum(width, least) / channels
        in_flash = (sizes * shares**growth + ROUNDING).sum() <= sizes.sum() - excess.get("FLASH", 0)
        in_ram = shares.max() * (room + excess.get("RAM", 0)) <= room
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


def _bytes(layer: Layer) -> int:
    """Bytes of a layer's weights: plain, packed, or the groups of a sparse layer."""
    fields = layer.fields
    weights = fields.get("weights")
    words = weights["words"] if isinstance(weights, dict) else weights
    return sum(
        part.nbytes for part in (words, fields.get("groups"), fields.get("counts")) if part is not None
    )


def _binary(network: Network) -> bool:
    """Whether weights are packed to one bit."""
    packings = (layer.fields.get("weights") for layer in network.layers)
    return any(isinstance(packing, dict) and packing["bits"] == 1 for packing in packings)
