"""Quantized networks: what wrapping, calibration, PTQ and QAT do to them, saved and loaded, in integers and in C."""

import copy
import functools
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_networks import integer_logits, toy
from torch import nn

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.integer_graph import to_graph
from kwslib.deployment.tflite_flatbuffer import Description
from kwslib.deployment.tflite_write import write
from kwslib.errors import KwsError
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.networks.training import Recipe, fit, predict, score
from kwslib.quantization.grids import BINARY, TERNARY, asymmetric_grid
from kwslib.quantization.integer import integer_network, run_integers
from kwslib.quantization.ptq import post_training, reconstruct
from kwslib.quantization.qat import calibration_inputs, quantization_aware
from kwslib.quantization.quantizers import (
    Quantization,
    QuantizedLayer,
    Quantizer,
    original,
    quantization_of,
    quantized,
)

WIDTHS = (8, 5, 4, 3, 2, TERNARY, BINARY)
IN_QUICK = (8, 4, TERNARY)
BY_WIDTH = pytest.mark.parametrize(
    "bits", [pytest.param(bits, marks=[pytest.mark.slow] * (bits not in IN_QUICK)) for bits in WIDTHS]
)
TRAINING, VALIDATION = toy(128), toy(64, seed=1)
DESCRIPTION = Description(class_labels(), "tinyconv", "0" * 16)


def ours(bits) -> Quantization:
    return Quantization(bits, bits if isinstance(bits, int) else 8)


@pytest.fixture(scope="module")
def trained() -> nn.Module:
    torch.manual_seed(0)
    model = build(ModelConfig())
    fit(model, Recipe(epochs=2, batch_size=16), TRAINING, VALIDATION, 0)
    return model


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return calibration_inputs(TRAINING)


@pytest.fixture(scope="module")
def rounded(trained, x):
    """`trained` after careful PTQ, made once for each quantization; for reading alone."""
    return functools.cache(lambda quantization: post_training(trained, quantization, x))


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Fake-quantized weights by layer."""
    layers = {name: m for name, m in model.named_modules() if isinstance(m, QuantizedLayer)}
    return {
        name: layer.weight(layer.layer.get_parameter("weight")).detach() for name, layer in layers.items()
    }


@pytest.mark.slow
def test_eight_bits_change_next_to_nothing(trained, rounded):
    a, b = predict(trained, VALIDATION.x), predict(rounded(ours(8)), VALIDATION.x)
    assert np.abs(a - b).max() < 0.05 * np.abs(a).max()


@pytest.mark.slow
@BY_WIDTH
def test_every_channel_has_its_own_points_and_no_more_than_the_grid_s(rounded, bits):
    points = {8: 256, 5: 32, 4: 16, 3: 8, 2: 4, TERNARY: 3, BINARY: 2}[bits]
    for weight in weights_of(rounded(ours(bits))).values():
        assert all(len(channel.unique()) <= points for channel in weight)
        assert torch.isfinite(weight).all()


def test_the_float_network_is_left_as_it_was(trained, x):
    before = copy.deepcopy(trained.state_dict())
    quantization_aware(trained, ours(3), Recipe(epochs=1, batch_size=32), TRAINING, VALIDATION, 0)
    post_training(trained, original(3), x, careful=False)
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())


@pytest.mark.slow
@pytest.mark.parametrize("bits", [3, 2, BINARY])
def test_reconstruction_brings_outputs_closer_than_rounding_to_nearest(trained, x, bits):
    def distance(model):
        return np.square(predict(model, TRAINING.x) - predict(trained, TRAINING.x)).mean()

    nearest = post_training(trained, Quantization(bits, 8), x, careful=False)
    careful = copy.deepcopy(nearest)
    reconstruct(trained, careful, x)
    assert distance(careful) < distance(nearest)


def test_training_at_two_bits_learns_weights_and_step_sizes(trained):
    narrow, history = quantization_aware(
        trained, ours(2), Recipe(epochs=3, batch_size=16), TRAINING, VALIDATION, 0
    )
    start = post_training(trained, ours(2), calibration_inputs(TRAINING), careful=False)
    assert history[-1].validation_accuracy > 0.9
    for name, value in narrow.named_parameters():
        if name.endswith(("layer.weight", "input.log_scale", "weight.log_scale")):
            assert not torch.equal(value, start.get_parameter(name)), name


def test_overwritten_weights_stay_on_the_grid_and_hardly_move(trained):
    def points(model):
        """Whole numbers of the linear layer's weights."""
        weight = weights_of(model)["linear"]
        return (3 * weight / weight.abs().max()).round()

    def moved(how):
        recipe = Recipe(epochs=1, batch_size=16, learning_rate=1e-3)
        narrow, _ = quantization_aware(trained, how, recipe, TRAINING, VALIDATION, 0)
        start = post_training(trained, how, calibration_inputs(TRAINING), careful=False)
        return (points(narrow) != points(start)).float().mean().item(), narrow.get_submodule("linear")

    overwritten, linear = moved(original(3))
    assert torch.equal(linear.weight(linear.layer.weight), linear.layer.weight)
    kept, _ = moved(replace(original(3), in_place=False))
    assert overwritten < 0.001 < 0.01 < kept


def test_moving_averages_follow_training_and_stand_still_in_evaluation():
    quantizer = Quantizer(asymmetric_grid(8), False, "average")
    quantizer.calibrate(torch.tensor([0.0, 1.0]))
    quantizer.train()(torch.tensor([0.0, 2.0]))
    assert quantizer.high.item() == pytest.approx(1.01)
    scale = quantizer.scale.item()
    quantizer.eval()(torch.tensor([0.0, 9.0]))
    assert quantizer.scale.item() == scale == pytest.approx(1.01 / 255)


@pytest.mark.parametrize("arch", [pytest.param("dscnn", marks=pytest.mark.slow), "tenet"])
def test_the_other_networks_of_the_zoo_can_be_quantized_once_folded(arch):
    torch.manual_seed(0)
    model = fold_batch_norm(build(ModelConfig(arch)))
    inputs = torch.randn(8, 49, 40)
    narrow = post_training(model, ours(8), inputs)
    assert (narrow(inputs) - model(inputs)).abs().max() < 0.1 * model(inputs).abs().max()
    with pytest.raises(KwsError, match="BatchNorm2d cannot be quantized"):
        quantized(build(ModelConfig(arch)), ours(8))


def test_what_cannot_be_quantized_is_named(trained):
    with pytest.raises(KwsError, match="already"):
        quantized(quantized(trained, ours(8)), ours(8))
    with pytest.raises(KwsError, match="0: a LSTM cannot"):
        quantized(nn.Sequential(nn.LSTM(4, 4)), ours(8))


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": 9},
        {"activations": 0},
        {"activations": TERNARY},
        {"granularity": "row"},
        {"scheme": "skewed"},
        {"weight_range": "guess"},
        {"activation_range": "guess"},
        {"weights": BINARY, "scheme": "asymmetric"},
    ],
)
def test_impossible_quantizations_are_refused(wrong):
    with pytest.raises(KwsError):
        Quantization(**({"weights": 8, "activations": 8} | wrong))


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", [ours(2), ours(TERNARY), original(4), Quantization(8, 8, scheme="asymmetric")]
)
def test_a_quantized_checkpoint_comes_back_the_same(tmp_path, rounded, how):
    narrow = rounded(how)
    save_checkpoint(tmp_path / "q.pt", narrow, ModelConfig())
    loaded, _, _ = load_checkpoint(tmp_path / "q.pt")
    assert quantization_of(loaded) == how
    assert np.array_equal(predict(loaded, VALIDATION.x), predict(narrow, VALIDATION.x))


@BY_WIDTH
def test_integers_equal_fake_quantization_within_rounding_and_c_and_litert_to_the_bit(
    tmp_path, trained, x, bits
):
    pytest.importorskip("ai_edge_litert")
    from tflite_files import reference

    narrow, _ = quantization_aware(
        trained, ours(bits), Recipe(epochs=1, batch_size=32), TRAINING, VALIDATION, 0
    )
    network = integer_network(narrow)
    integers = run_integers(network, VALIDATION.x)
    step = network.output[0]
    difference = np.abs(integer_logits(network, VALIDATION.x) - predict(narrow, VALIDATION.x)) / step
    assert difference.max() < 1.5
    assert (difference < 0.5).mean() > 0.9
    path = tmp_path / "model.tflite"
    path.write_bytes(write(to_graph(network), DESCRIPTION))
    assert np.array_equal(integers, reference(path, VALIDATION.x))
    assert np.array_equal(integers, run_network(read_network(path), VALIDATION.x))


@pytest.mark.slow
def test_a_tflite_file_of_trained_scales_runs_in_tflm_and_knows_its_labels(tmp_path, rounded):
    pytest.importorskip("tflite_micro")
    from kwslib.predictors import TflmPredictor

    network = integer_network(rounded(ours(4)))
    path = tmp_path / "model.tflite"
    path.write_bytes(write(to_graph(network), DESCRIPTION))
    predictor = TflmPredictor(path)
    assert predictor.labels == class_labels()
    assert np.array_equal(predictor.integer_logits(VALIDATION.x), run_integers(network, VALIDATION.x))


@pytest.mark.slow
def test_bytes_in_flash_are_within_the_promise(trained, x):
    flash = {
        bits: integer_network(post_training(trained, ours(bits), x, False)).flash_bytes for bits in WIDTHS
    }
    assert flash[4] <= 8_600
    assert flash[2] <= 4_400
    assert flash[8] > flash[4] > flash[2] > flash[TERNARY] > flash[BINARY]


def test_networks_without_integers_are_refused(trained, x):
    with pytest.raises(KwsError, match="needs a quantized network"):
        integer_network(trained)
    with pytest.raises(KwsError, match="int8 kernels"):
        integer_network(post_training(trained, original(8), x, careful=False))


@pytest.mark.slow
def test_constant_and_empty_weights_are_no_trouble(trained, x):
    broken = copy.deepcopy(trained)
    with torch.no_grad():
        broken.get_parameter("conv.weight")[0] = 0
        broken.get_parameter("linear.weight")[1] = 0.25
    for bits in WIDTHS:
        narrow = post_training(broken, ours(bits), x, careful=bits == 2)
        assert np.isfinite(predict(narrow, VALIDATION.x)).all()
        assert np.isfinite(score(narrow, VALIDATION)[0])
        run_integers(integer_network(narrow), VALIDATION.x[:2])
