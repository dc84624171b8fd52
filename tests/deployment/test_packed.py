"""Packed layers: bit for bit those of int8, in Python's integers, in C on this machine and on the board."""

import json
from pathlib import Path

import numpy as np
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import Q8, SOUND, checkpoint, integer_logits
from tflite_files import Maker, tinyconv

from kwslib.board.machine import Board
from kwslib.checkpoints import save_checkpoint
from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_packed import int8_network, pack_network, packed_network, read_integers
from kwslib.deployment.core_run import run_network
from kwslib.features.frontend import features
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig, build
from kwslib.predictors import LiteRtPredictor, load_predictor
from kwslib.quantization.grids import TERNARY, symmetric_grid
from kwslib.quantization.integer import run_integers
from kwslib.quantization.quantizers import original

WIDTHS = (8, 7, 6, 5, 4, 3, 2, TERNARY, 1)


@pytest.mark.parametrize("bits", WIDTHS)
def test_python_and_c_agree_on_every_logit(tmp_path, bits):
    network = read_integers(checkpoint(tmp_path, bits))
    assert np.array_equal(run_network(packed_network(network), Q8), run_integers(network, Q8))


@pytest.mark.slow
@pytest.mark.parametrize("bits", [7, TERNARY])  # all kinds of planes
def test_the_board_agrees_too(tmp_path, bits):
    network = read_integers(checkpoint(tmp_path, bits))
    board = Board(packed_network(network), class_labels())
    on_board = board.run_clips(SOUND).logits
    assert np.array_equal(on_board, run_integers(network, features(SOUND)))


def on_the_grid(rng, bits, shape) -> np.ndarray:
    grid = symmetric_grid(bits)
    return rng.choice(range(grid.low, grid.high + 1, grid.step), shape).astype(np.int8)


def dense(path: Path, bits, inputs: int, outputs: int, seed: int) -> Network:
    rng, maker = np.random.default_rng(seed), Maker()
    source = maker.tensor((1, inputs), 0.02, int(rng.integers(-128, 128)))
    weights = maker.tensor((outputs, inputs), 0.01, 0, on_the_grid(rng, bits, (outputs, inputs)))
    bias = maker.tensor((outputs,), 0.0002, 0, rng.integers(-500, 500, outputs), kind="int32")
    output = maker.tensor(
        (1, outputs), 0.003 * max(1, symmetric_grid(bits).high), int(rng.integers(-128, 128))
    )
    maker.operator("FULLY_CONNECTED", [source, weights, bias], output, "FullyConnectedOptions")
    return read_network(maker.write(path, source, output))


@settings(max_examples=examples(60))
@given(st.sampled_from(WIDTHS), st.integers(1, 90), st.integers(1, 9), st.integers(0, 99))
def test_dense_layers_of_any_shape(tmp_path_factory, bits, inputs, outputs, seed):
    network = dense(tmp_path_factory.getbasetemp() / "dense.tflite", bits, inputs, outputs, seed)
    x = np.random.default_rng(seed).integers(-128, 128, (4, inputs)).astype(np.int8)
    assert np.array_equal(run_network(pack_network(network, bits), x), run_network(network, x))


def convolution(path: Path, bits, channels: int, depth: int, kernel: tuple[int, int], seed: int) -> Network:
    rng, maker = np.random.default_rng(seed), Maker()
    source = maker.tensor((1, 9, 10, depth), 0.02, int(rng.integers(-128, 128)))
    weights = maker.tensor(
        (channels, *kernel, depth), 0.01, 0, on_the_grid(rng, bits, (channels, *kernel, depth))
    )
    bias = maker.tensor((channels,), 0.0002, 0, rng.integers(-500, 500, channels), kind="int32")
    output = maker.tensor((1, 5, 5, channels), 0.003 * max(1, symmetric_grid(bits).high), -128)
    options = {"padding": 0, "strideH": 2, "strideW": 2, "fusedActivationFunction": 1}
    maker.operator("CONV_2D", [source, weights, bias], output, "Conv2DOptions", **options)
    return read_network(maker.write(path, source, output))


@settings(max_examples=examples(40))
@given(
    st.sampled_from(WIDTHS),
    st.integers(1, 9),
    st.integers(1, 3),
    st.sampled_from([(1, 1), (3, 2), (5, 8)]),
    st.integers(0, 99),
)
def test_convolutions_of_any_shape(tmp_path_factory, bits, channels, depth, kernel, seed):
    network = convolution(tmp_path_factory.getbasetemp() / "conv.tflite", bits, channels, depth, kernel, seed)
    x = np.random.default_rng(seed).integers(-128, 128, (4, 9 * 10 * depth)).astype(np.int8)
    assert np.array_equal(run_network(pack_network(network, bits), x), run_network(network, x))


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    """A clip on the board, by the width of the weights."""
    folder = tmp_path_factory.mktemp("packed")
    networks = {bits: packed_network(read_integers(checkpoint(folder, bits))) for bits in WIDTHS}
    return {bits: Board(network, class_labels()).profile(SOUND[0]) for bits, network in networks.items()}


@pytest.mark.slow
def test_the_convolution_of_every_width_goes_by_neighbours(profiles):
    """By squares, which serve any shape, it computes the same, and takes twice as long."""
    for bits, profile in profiles.items():
        ran = {function.name for function in profile.functions if function.stage == "network"}
        assert "kws_neighbours" in ran, bits
        assert not ran & {"two_channels", "square_sums"}, bits


@pytest.mark.slow
def test_no_width_is_slower_than_1_3_times_eight_bits_and_flash_keeps_its_promise(profiles):
    whole = profiles[8]
    for bits, profile in profiles.items():
        assert profile.cycles("network") < 1.3 * whole.cycles("network"), bits
    saved = whole.flash_bytes - profiles[TERNARY].flash_bytes
    assert saved > 10_000  # of 13,312 bytes of weights; the kernels that unpack take some


def test_weights_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(ValueError, match="do not fit"):
        pack_network(read_network(tinyconv(tmp_path / "model.tflite")), 4)


def test_eight_bits_stay_as_they_are(tmp_path):
    network = int8_network(read_integers(checkpoint(tmp_path, 8)))
    assert pack_network(network, 8) is network


@pytest.mark.slow
def test_a_checkpoint_of_two_bits_on_the_board(kws, tmp_path):
    status, out, _ = kws("board", checkpoint(tmp_path, 2), "--json")
    result = json.loads(out)
    assert status == 0
    assert set(result["scores"]) == {"silence", "unknown", "yes", "no"}
    assert set(result["stages"]) == {"frontend", "network", "decision"}
    assert any(function["name"] == "kws_packed_dense_layer" for function in result["functions"])


def test_a_checkpoint_as_a_predictor_of_the_board(tmp_path):
    path = checkpoint(tmp_path, 2)
    predictor = load_predictor(f"board:{path}")
    assert predictor.labels == class_labels()
    network = read_integers(path)
    assert np.array_equal(predictor.clip_logits(SOUND), integer_logits(network, features(SOUND)))
    assert np.array_equal(predictor.logits(Q8), integer_logits(network, Q8))


@pytest.mark.parametrize("arch", ["tinyconv", "tinyconv_branches"])
def test_export_of_a_quantized_checkpoint_keeps_its_scales_and_packs_its_weights(kws, tmp_path, arch):
    path = checkpoint(tmp_path, 2, arch=arch)
    status, out, _ = kws("export", path, "--out", tmp_path / "out", "--json")
    assert status == 0
    assert set(json.loads(out)["bytes"]) == {"model.tflite", "kws_model.h"}
    header = (tmp_path / "out" / "kws_model.h").read_text()
    assert "kws_packed_dense_layer" in header
    assert "kws_model_hop(" in header
    predictor = LiteRtPredictor(tmp_path / "out" / "model.tflite")
    assert np.array_equal(predictor.integer_logits(Q8), run_integers(read_integers(path), Q8))


@pytest.mark.slow
def test_export_and_the_board_give_a_sketch_the_same_header(kws, tmp_path):
    path = checkpoint(tmp_path, 3)
    assert kws("export", path, "--out", tmp_path / "out")[0] == 0
    assert kws("board", path, "--keep", tmp_path / "kept")[0] == 0
    exported, kept = ((tmp_path / folder / "kws_model.h").read_text() for folder in ("out", "kept"))
    assert exported == kept


@pytest.mark.slow
def test_profile_of_a_quantized_checkpoint_tells_its_packed_bytes(kws, tmp_path):
    for path, packed in ((checkpoint(tmp_path, 2), True), (checkpoint(tmp_path, 3, original(3)), False)):
        status, out, _ = kws("profile", path, "--json")
        result = json.loads(out)
        assert status == 0
        assert result["parameters"] == 16_652
        assert ("packed" in result["flash_bytes"]) == packed


@pytest.mark.parametrize("command", ["board", "export"])
def test_checkpoints_without_integers_get_one_line(kws, tmp_path, command):
    path = checkpoint(tmp_path, 3, original(3))
    arguments = ["--out", tmp_path / "out"] if command == "export" else []
    status, out, err = kws(command, path, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert path.name in err
    assert "int8 kernels" in err
    assert not (tmp_path / "out").exists()


def test_a_float_checkpoint_is_not_for_the_board(kws, tmp_path):
    path = tmp_path / "float.pt"
    save_checkpoint(path, build(ModelConfig()), ModelConfig())
    status, out, err = kws("board", path)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "not quantized" in err
