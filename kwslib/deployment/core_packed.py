"""Quantized networks for the C core with packed weights (firmware/core/kws_packed.c)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.checkpoints import Checkpoint, read_checkpoint
from kwslib.deployment.core_network import Layer, Network, lower
from kwslib.deployment.core_sparse import dense_weights
from kwslib.deployment.integer_graph import to_graph
from kwslib.deployment.tflite_graph import Graph
from kwslib.errors import KwsError, naming
from kwslib.features.ccore import constants
from kwslib.quantization.grids import TERNARY, Width, symmetric_grid
from kwslib.quantization.integer import IntegerNetwork, integer_network
from kwslib.quantization.packing import interleaved, pack, planes
from kwslib.quantization.quantizers import quantization_of

TRITS = constants()["KWS_TRITS"]  # the width of ternary numbers


def read_integers(checkpoint: Path) -> IntegerNetwork:
    """The integer network of a quantized checkpoint. Raises KwsError, naming the checkpoint, if it is not quantized."""
    return integers(read_checkpoint(checkpoint))


def integers(checkpoint: Checkpoint) -> IntegerNetwork:
    """The same for one that is read."""
    if quantization_of(checkpoint.network) is None:
        raise KwsError(
            f"{checkpoint.path}: not quantized: give the model.tflite that `kws export` makes of it"
        )
    with naming(checkpoint.path):
        return integer_network(checkpoint.network)


def packed_network(network: IntegerNetwork) -> Network:
    """An integer network for the C core, with weights of as many bits as in training."""
    return lowered(to_graph(network), network.bits)


def lowered(graph: Graph, bits: Width) -> Network:
    """A graph's layers for the C core, with weights of `bits`."""
    return pack_network(lower(graph, runs=bits == 8), bits)


def int8_network(network: IntegerNetwork) -> Network:
    """An integer network for the C core, with one byte per weight."""
    return lower(to_graph(network))


def pack_network(network: Network, bits: Width) -> Network:
    """The network with the weights of convolutions and dense layers packed to `bits`; weights of 8 bits, of depthwise
    convolutions and of convolutions over runs are unchanged.

    Raises ValueError for weights that do not fit in `bits`.
    """
    if bits == 8:
        return network
    packers = {"convolution": _convolution, "dense": _dense}
    layers = (
        packers[layer.kind](layer, bits) if layer.kind in packers else layer for layer in network.layers
    )
    return replace(network, layers=tuple(layers))


def _convolution(layer: Layer, bits: Width) -> Layer:
    words = np.concatenate(pack(layer.fields["weights"].reshape(1, -1), bits), axis=1)[0]
    fields = {"window": layer.fields | {"weights": None}, "weights": _packing(words, bits)}
    return replace(layer, kind="packed_convolution", fields=fields)


def _dense(layer: Layer, bits: Width) -> Layer:
    words = interleaved(pack(dense_weights(layer), bits))
    return replace(layer, kind="packed_dense", fields=layer.fields | {"weights": _packing(words, bits)})


def _packing(words: np.ndarray, bits: Width) -> dict[str, Any]:
    """The struct kws_packing."""
    grid = symmetric_grid(bits)
    width = TRITS if bits == TERNARY else sum(planes(bits))
    return {"bits": width, "low": grid.low, "step": grid.step, "words": words}
