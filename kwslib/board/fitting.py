"""What would fit the board where a network's firmware or its hop does not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from kwslib.board.firmware import Overflow
from kwslib.deployment.core_network import Layer, Network
from kwslib.measure import RAM_BYTES

FIXED = 16 * 1024  # bytes of RAM that no width changes: the stack, the front end, the sound
LANES = 4  # channels that kernels work on at a time, and pad others to
ROUNDING = 16  # bytes by which a layer's weights, packed or padded, may exceed their share
OUTPUT = 16  # multiply-accumulates that take as long as what a kernel does once for each output
MARGIN = 0.9  # of the time that a narrower network is given: how well it can be told from this one's


@contextmanager
def remedies(network: Network) -> Iterator[None]:
    """Let the refusal of a firmware that does not fit end with what would."""
    try:
        yield
    except Overflow as error:
        width = narrower(network, error.excess)
        ways = [channels_to_use(network, width)]
        if "FLASH" in error.excess and not _binary(network):
            ways.append("fewer bits")
        raise Overflow(error.excess, f"; use {', '.join(ways)} or a smaller network") from error


def channels_to_use(network: Network, width: int | None) -> str:
    """The width to use in place of a network's own, in words; `width`: None if it is not known."""
    return f"{width} channels in place of {_channels(network.layers[0])}" if width else "fewer channels"


def narrower(network: Network, excess: Mapping[str, int]) -> int | None:
    """Channels of the first layer with which the network fits, all its layers narrowed in proportion: the most, a
    multiple of four or less than four, with which the weights are smaller by the excess of FLASH, and the activations,
    in proportion, by that of RAM. None if there are none, or if the first layer has no channels."""
    sizes = np.array([_bytes(layer) for layer in network.layers])
    room = RAM_BYTES - FIXED
    for width, shares, of_weights in _narrowed(network):
        in_flash = (sizes * of_weights + ROUNDING).sum() <= sizes.sum() - excess.get("FLASH", 0)
        in_ram = shares.max() * (room + excess.get("RAM", 0)) <= room
        if in_flash and in_ram:
            return width
    return None


def faster(network: Network, share: float) -> int | None:
    """Channels as of `narrower` with which the network takes no more than `share` of its time, by its
    multiply-accumulates and its outputs; None if there are none."""
    macs = np.array([_macs(network, layer) for layer in network.layers])
    outputs = np.array([OUTPUT * network.sizes[layer.output] for layer in network.layers])
    most = MARGIN * share * (macs + outputs).sum()
    for width, shares, of_weights in _narrowed(network):
        if (macs * of_weights + outputs * shares).sum() <= most:
            return width
    return None


def _narrowed(network: Network) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Widths of the first layer below its own, from the widest on, and the share of its channels and that of its
    weights that each layer then has, (layers,)."""
    channels = _channels(network.layers[0])
    growth = np.array([_growth(network, layer) for layer in network.layers])
    least = np.array([LANES if layer.kind.startswith("run_") else 1 for layer in network.layers])
    for width in range(channels - 1, 0, -1):
        if width <= LANES or width % LANES == 0:
            shares = np.maximum(width, least) / channels
            yield width, shares, shares**growth


def _channels(layer: Layer) -> int:
    """Number of output channels; 0 of a layer that is no convolution."""
    return int(layer.fields.get("window", layer.fields).get("out_channels", 0))


def _growth(network: Network, layer: Layer) -> int:
    """The power of the width with which a layer's weights grow."""
    if layer.kind.endswith("depthwise"):
        return 1
    return int(network.input not in layer.inputs) + int(layer.output != network.output)


def _macs(network: Network, layer: Layer) -> float:
    """Multiply-accumulates of a layer over the whole window: each weight once at each place of its outputs."""
    weights = layer.fields.get("weights")
    bits = weights["bits"] if isinstance(weights, dict) else 8
    outputs = network.sizes[layer.output]
    return _bytes(layer) * 8 / bits * outputs / (_channels(layer) or outputs)


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
