"""What would fit the board is told from the network alone, and is what a network of that width comes to."""

import re
from functools import cache

import pytest
import torch
from small_networks import Q8

from kwslib.board.chip import deployable
from kwslib.board.firmware import Overflow
from kwslib.board.fitting import faster, narrower, remedies
from kwslib.board.streaming import StreamBoard
from kwslib.deployment.core_network import Network
from kwslib.deployment.core_packed import packed_network
from kwslib.deployment.core_sparse import compress
from kwslib.errors import KwsError
from kwslib.experiments.quantization import ours
from kwslib.features.frontend import normalise
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.quantization.integer import integer_network
from kwslib.quantization.ptq import post_training


@cache
def deployed(arch: str, channels: int, bits: int) -> Network:
    torch.manual_seed(0)
    model, clips = build(ModelConfig(arch, channels=channels)), torch.from_numpy(normalise(Q8[:4]))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0  # one pass tells it all
    with torch.no_grad():  # batch norms that know no clips would let them vanish, layer by layer
        model.train()(clips)
    quantized = post_training(fold_batch_norm(model.eval()), ours(bits), clips, careful=False)
    return packed_network(integer_network(quantized))


def weight_bytes(network: Network) -> int:
    found = [layer.fields["weights"] for layer in network.layers if "weights" in layer.fields]
    return sum((words["words"] if isinstance(words, dict) else words).nbytes for words in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "channels", "bits"),
    [
        ("tinyconv", 8, 8),
        ("dscnn", 64, 8),
        ("tenet", 128, 4),
        ("tenet_valid", 128, 8),
        ("tenet_wide", 128, 2),
    ],
)
def test_the_width_that_is_named_fits_and_a_wider_network_does_not(arch, channels, bits):
    network = deployed(arch, channels, bits)
    excess = weight_bytes(network) // 3
    width = narrower(network, {"FLASH": excess})
    room = weight_bytes(network) - excess
    assert weight_bytes(deployed(arch, width, bits)) <= room
    assert weight_bytes(deployed(arch, min(width + 8, channels), bits)) > room
    assert narrower(network, {"FLASH": excess, "RAM": 2**20}) < channels // 4


def refusal(network: Network, excess: dict[str, int]) -> str:
    with pytest.raises(KwsError) as caught, remedies(network):
        raise Overflow(excess)
    return str(caught.value)


def test_a_refusal_says_by_how_much_and_what_would_fit():
    network = deployed("tinyconv", 8, 8)
    assert refusal(network, {"FLASH": 4000, "RAM": 9}) == (
        "the model does not fit the board: its firmware is 4,000 bytes too large for FLASH and 9 bytes too large for"
        " RAM; use 4 channels in place of 8, fewer bits or a smaller network"
    )
    assert "RAM; use 4 channels in place of 8 or" in refusal(network, {"RAM": 2**17})
    assert "use fewer channels, fewer bits or" in refusal(network, {"FLASH": 10**6})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "channels", "bits"), [("dscnn", 96, 8), ("tenet_causal", 512, 8), ("tenet", 512, 4)]
)
def test_a_stream_accepts_the_width_that_its_refusal_names(arch, channels, bits):
    with pytest.raises(Overflow, match=r"use (\d+) channels") as caught:
        StreamBoard(deployed(arch, channels, bits), class_labels())
    named = re.search(r"use (\d+) channels", str(caught.value))
    StreamBoard(deployed(arch, int(named[1]), bits), class_labels())


@pytest.mark.slow
def test_a_hop_ends_in_time_with_the_width_that_is_named_for_it():
    slow = deployable(deployed("dscnn", 12, 8), class_labels())
    named = re.search(r"use (\d+) channels in place of 12, or", slow.reason)
    assert deployable(deployed("dscnn", int(named[1]), 8), class_labels()).fits


@pytest.mark.slow
def test_the_time_of_a_narrower_network_is_told_from_its_work():
    """Twice as wide, the pointwise layers take four times as long, all that is done for each output twice."""
    network = deployed("dscnn", 64, 8)
    assert faster(network, 1) < 64
    assert 32 <= faster(network, 0.5) < 48
    assert 16 <= faster(network, 0.25) < 32
    assert faster(network, 0) is None


def test_one_bit_is_not_told_to_take_fewer():
    assert "use 4 channels in place of 8 or" in refusal(deployed("tinyconv", 8, 1), {"FLASH": 500})


def test_a_sparse_layer_counts_with_its_groups():
    network = deployed("tinyconv", 8, 8)
    kept = [layer.fields["weights"] if layer.kind == "dense" else None for layer in network.layers]
    next(weights for weights in kept if weights is not None)[:, 50:] = 0
    sparse = compress(network)
    (layer,) = (layer for layer in sparse.layers if layer.kind == "sparse")
    assert narrower(sparse, {"FLASH": layer.fields["groups"].nbytes // 3}) == 4
    assert narrower(sparse, {"FLASH": layer.fields["groups"].nbytes}) == 2
