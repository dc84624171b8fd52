"""Compressed layers of pruned networks: bit for bit the dense ones, on this machine and on the board."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import thinned
from tflite_files import tinyconv

from kwslib.board.machine import Board
from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_sparse import WORTHWHILE, compress, dense_weights, groups
from kwslib.labels import class_labels
from kwslib.predictors import BoardPredictor


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Network:
    return read_network(tinyconv(tmp_path_factory.mktemp("model") / "tinyconv.tflite"))


def unpacked(packed: np.ndarray, inputs: int) -> np.ndarray:
    row, at = np.zeros(inputs, np.int8), 0
    for gap, weight in packed.reshape(-1, 2, 4).swapaxes(1, 2).reshape(-1, 2):
        at += int(gap)
        row[at] += np.uint8(weight).view(np.int8)
    return row


@given(
    positions=st.lists(st.integers(0, 1999), unique=True, max_size=40),
    weights=st.lists(st.integers(-128, 127), min_size=40, max_size=40),
)
def test_groups_hold_a_row_whatever_its_gaps(positions, weights):
    row = np.zeros(2000, np.int8)
    row[positions] = weights[: len(positions)]
    packed = groups(row)
    assert packed.dtype == np.uint8
    np.testing.assert_array_equal(unpacked(packed, 2000), row)


@settings(max_examples=20)
@given(share=st.sampled_from((0.0, 0.5, 0.9, 0.99, 0.999, 1.0)), seed=st.integers(0, 99))
def test_compressed_is_bit_for_bit_the_dense_one(network, share, seed):
    thin = thinned(network, share, seed)
    inputs = np.random.default_rng(seed).integers(-128, 128, (4, 49, 40)).astype(np.int8)
    compressed = compress(thin, 1.0)
    assert [layer.kind for layer in compressed.layers] == ["convolution", "sparse"]
    np.testing.assert_array_equal(run_network(compressed, inputs), run_network(thin, inputs))


def test_layers_are_compressed_where_it_is_worth_while(network):
    kinds = [
        compress(thinned(network, 1 - share)).layers[1].kind for share in (1.5 * WORTHWHILE, 0.8 * WORTHWHILE)
    ]
    assert kinds == ["dense", "sparse"]


def test_dense_weights_come_out_of_their_blocks(network):
    dense = network.layers[1]
    blocks = np.zeros_like(dense.fields["weights"])  # (1, 1000, 4 outputs, 4 inputs)
    blocks[0, 7, 2, 3] = 5
    rows = dense_weights(replace(dense, fields=dense.fields | {"weights": blocks}))
    assert rows.shape == (4, 4000)
    assert np.argwhere(rows).tolist() == [[2, 4 * 7 + 3]]


@pytest.mark.slow
def test_the_board_computes_the_same_in_less_flash_and_time(network):
    thin = thinned(network, 0.9)
    clip = (np.random.default_rng(0).standard_normal((1, 16000)) * 3000).astype(np.int16)
    dense, sparse = (Board(n, class_labels()) for n in (thin, compress(thin)))
    np.testing.assert_array_equal(dense.run_clips(clip).logits, sparse.run_clips(clip).logits)
    before, after = dense.profile(clip[0]), sparse.profile(clip[0])
    assert after.flash_bytes < before.flash_bytes - 10_000
    assert after.cycles("network") < before.cycles("network")


def test_a_model_on_the_board_is_compressed(tmp_path: Path, network, monkeypatch):
    monkeypatch.setattr("kwslib.deployment.core_network.lower", lambda graph: thinned(network, 0.9))
    predictor = BoardPredictor(tinyconv(tmp_path / "model.tflite"))
    assert predictor.board.network.layers[1].kind == "sparse"
