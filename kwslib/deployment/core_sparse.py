"""Dense layers of pruned networks in a sparse format of their non-zero weights (firmware/core/kws_sparse.c).

Each output has groups of eight bytes: four gaps, each the distance from the previous weight's input to this one's, and
four weights. Zero weights bridge gaps of more than 255 inputs and pad the last group. The preceding convolution does
not compute outputs that no weight reads: a bit mask tells it, for every five neighbours in a row, whether any is read.
"""

from dataclasses import replace

import numpy as np

from kwslib.deployment.core_network import Layer, Network
from kwslib.features.ccore import constants

WIDEST = 255  # inputs that a gap can span
GROUP = 4  # weights that the kernel multiplies at a time
FIVE = constants()["KWS_NEIGHBOURS"]  # outputs that the convolution computes at a time
WORTHWHILE = (
    0.33  # share of weights left up to which the network takes fewer cycles so, as measured in Part 6
)


def compress(network: Network, worthwhile: float = WORTHWHILE, skip: bool = True) -> Network:
    """The network with every dense layer compressed in which at most the share `worthwhile` of the weights is non-zero.

    With `skip`, convolutions do not compute the outputs that no weight of such a layer reads.
    """
    layers = {layer.output: _compress(layer, worthwhile) for layer in network.layers}
    if skip:
        for dense in network.layers:
            if layers[dense.output].kind == "sparse":
                (source,) = dense.inputs
                readers = [other for other in network.layers if source in other.inputs]
                if len(readers) == 1 and source in layers:
                    layers[source] = _noting_reads(layers[source], dense_weights(dense).any(0))
    return replace(network, layers=tuple(layers.values()))


def _noting_reads(layer: Layer, read: np.ndarray) -> Layer:
    """A convolution that knows which of its outputs are read: bool (height * width * C,)."""
    height, width, channels = (layer.fields.get(f"out_{axis}", 0) for axis in ("height", "width", "channels"))
    if layer.kind != "convolution" or width % FIVE or width > 8 * FIVE:
        return layer
    fives = read.reshape(height, width // FIVE, FIVE, channels).any(2)
    bits = np.packbits(fives, axis=1, bitorder="little")[:, 0]  # (height, C)
    return replace(layer, fields=layer.fields | {"read": bits})


def _compress(layer: Layer, worthwhile: float) -> Layer:
    if layer.kind != "dense":
        return layer
    weights = dense_weights(layer)
    if np.count_nonzero(weights) > worthwhile * weights.size:
        return layer
    rows = [groups(row) for row in weights]
    fields = {name: value for name, value in layer.fields.items() if name != "weights"}
    fields |= {"groups": np.concatenate(rows), "counts": np.array([len(row) for row in rows], np.uint16)}
    return replace(layer, kind="sparse", fields=fields)


def dense_weights(layer: Layer) -> np.ndarray:
    """The weights of a dense layer, int8 (outputs, inputs), unpacked from the kernel's blocks of four by four."""
    blocks = layer.fields["weights"]  # (outputs / 4, inputs / 4, 4 outputs, 4 inputs)
    rows = blocks.transpose(0, 2, 1, 3).reshape(4 * len(blocks), -1)
    return rows[: layer.fields["outputs"], : layer.fields["inputs"]]


def groups(row: np.ndarray) -> np.ndarray:
    """The weights of one output, int8 (inputs,), as groups, uint8 (n, 8)."""
    gaps, weights, previous = [], [], 0
    for position in np.flatnonzero(row):
        while position - previous > WIDEST:
            gaps.append(WIDEST)
            weights.append(0)
            previous += WIDEST
        gaps.append(position - previous)
        weights.append(row[position])
        previous = position
    fill = [0] * (-len(gaps) % GROUP)
    pairs = np.array([gaps + fill, weights + fill], np.int16).astype(np.uint8)  # (2, entries)
    return np.ascontiguousarray(pairs.reshape(2, -1, GROUP).swapaxes(0, 1)).reshape(-1, 2 * GROUP)
