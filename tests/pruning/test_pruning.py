"""Masks obey their laws and never let a weight back."""

import numpy as np
import pytest
import torch
from examples import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_networks import network, noise
from torch import nn
from torch.nn.utils import prune

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_sparse import dense_weights
from kwslib.deployment.integer_graph import to_graph
from kwslib.deployment.tflite_flatbuffer import Description
from kwslib.deployment.tflite_write import write
from kwslib.errors import KwsError
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig, build
from kwslib.networks.training import Recipe, fit, score, to_input
from kwslib.pruning.channels import channels_left, keep_channels, removal_orders
from kwslib.pruning.saliency import CRITERIA, squared_gradients
from kwslib.pruning.weights import (
    SCHEDULES,
    Pruning,
    cubic,
    fine_tune,
    finish,
    hold_zeros,
    nonzero_parameters,
    prunable,
    prune_to,
    raw_accuracies,
    weights,
)
from kwslib.quantization.integer import integer_network
from kwslib.quantization.ptq import post_training
from kwslib.quantization.qat import quantization_aware
from kwslib.quantization.quantizers import Quantization, dequantized

TOTAL = 640 + 16_000  # weights of TinyConv
RECIPE = Recipe(epochs=2, batch_size=16, learning_rate=1e-2)


def sparsity(model: nn.Module) -> float:
    """Share of the weights, without biases, that are zero."""
    values = [weights(layer) for layer in prunable(model).values()]
    return sum(int((v == 0).sum()) for v in values) / sum(v.numel() for v in values)


def cut(model: nn.Module, pruning: Pruning, seed: int = 0) -> None:
    """prune_to, with made-up squared gradients."""
    layers = prunable(model).values()
    squares = [
        torch.rand(weights(layer).shape, generator=torch.Generator().manual_seed(7)) for layer in layers
    ]
    prune_to(model, pruning, seed, squares)


def zeros(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: weights(layer) == 0 for name, layer in prunable(model).items()}


def none_came_back(before: dict[str, torch.Tensor], model: nn.Module) -> bool:
    return all(bool((weights(layer)[before[name]] == 0).all()) for name, layer in prunable(model).items())


@settings(max_examples=examples(25))
@given(
    share=st.floats(0, 0.999),
    criterion=st.sampled_from(CRITERIA),
    block=st.sampled_from((1, 2, 4)),
    seed=st.integers(0, 9),
)
@example(share=0.40639119619976716, criterion="random", block=2, seed=1)  # two blocks of the same score
def test_exactly_the_asked_share_goes(share, criterion, block, seed):
    model = network(seed)
    cut(model, Pruning(share, criterion, block=block), seed)
    removed = sum(int(mask.sum()) for mask in zeros(model).values())
    assert removed == round(share * TOTAL / block) * block
    assert sparsity(model) == removed / TOTAL
    assert nonzero_parameters(model) == TOTAL - removed + 12
    for gone in zeros(model).values():  # whole blocks of neighbouring inputs
        assert len({*gone.reshape(-1, block).sum(1).tolist()} - {0, block}) == 0


@settings(max_examples=examples(25))
@given(
    first=st.floats(0, 0.99),
    second=st.floats(0, 0.99),
    criterion=st.sampled_from(CRITERIA),
    seed=st.integers(0, 9),
)
def test_masks_only_grow(first, second, criterion, seed):
    model = network(seed)
    cut(model, Pruning(first, criterion))
    before = zeros(model)
    cut(model, Pruning(second, criterion))
    assert none_came_back(before, model)
    assert sparsity(model) == pytest.approx(max(first, second), abs=1 / TOTAL)


@settings(max_examples=examples(25))
@given(share=st.floats(0.01, 0.99), seed=st.integers(0, 9))
def test_no_weight_that_goes_is_larger_than_one_that_stays(share, seed):
    model = network(seed)
    values = torch.cat([layer.weight.detach().abs().flatten() for layer in prunable(model).values()])
    prune_to(model, Pruning(share, "l1"))
    gone = torch.cat([mask.flatten() for mask in zeros(model).values()])
    assert values[gone].max() <= values[~gone].min()


@settings(max_examples=examples(25))
@given(share=st.floats(0, 0.99), seed=st.integers(0, 9))
def test_norms_rank_single_weights_alike(share, seed):
    masks = []
    for criterion in ("l1", "l2", "linf"):
        model = network(seed)
        prune_to(model, Pruning(share, criterion))
        masks.append(torch.cat([mask.flatten() for mask in zeros(model).values()]))
    assert torch.equal(masks[0], masks[1])
    assert torch.equal(masks[0], masks[2])


def test_accuracies_of_rising_sparsity_leave_the_model_whole():
    model, data = network(), noise(64)
    before = weights(model.linear).clone()
    steps = [Pruning(share, "fisher") for share in (0.0, 0.5, 0.9)]
    accuracies = raw_accuracies(model, steps, noise(128), data)
    assert accuracies[0] == score(model, data)[1]
    for share, accuracy in zip((0.5, 0.9), accuracies[1:], strict=True):
        twin = network()
        prune_to(
            twin,
            Pruning(share, "fisher"),
            0,
            squared_gradients(twin, list(prunable(twin).values()), noise(128)),
        )
        assert score(twin, data)[1] == accuracy
    assert torch.equal(weights(model.linear), before)


def test_random_pruning_is_fixed_by_its_seed():
    def mask(seed: int) -> torch.Tensor:
        model = network()
        prune_to(model, Pruning(0.5, "random"), seed)
        return zeros(model)["linear"]

    assert torch.equal(mask(1), mask(1))
    assert not torch.equal(mask(1), mask(2))


@given(progress=st.floats(-1, 2), later=st.floats(-1, 2))
def test_the_cubic_schedule_rises_from_nothing_to_all(progress, later):
    assert 0 <= cubic(progress) <= 1
    assert cubic(max(progress, later)) >= cubic(min(progress, later))
    assert (cubic(0), cubic(0.5), cubic(1)) == (0, 0.875, 1)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("criterion", "block"), [("l1", 1), ("fisher", 1), ("lamp", 4)])
def test_fine_tuning_ends_at_the_sparsity_and_brings_nothing_back(schedule, criterion, block):
    model = network()
    fine_tune(model, Pruning(0.9, criterion, schedule, block), RECIPE, noise(64), noise(16), seed=0)
    assert sparsity(model) == 14_976 / TOTAL
    assert not prune.is_pruned(model)
    before, values = zeros(model), weights(model.linear).clone()
    fine_tune(model, Pruning(0.9, criterion, schedule, block), RECIPE, noise(64), noise(16), seed=1)
    assert none_came_back(before, model)
    assert not torch.equal(weights(model.linear), values)


def test_the_mask_stands_while_the_optimizer_moves_what_lies_under_it():
    model = network()
    prune_to(model, Pruning(0.95))
    kept: list[bool] = []
    before, under = zeros(model), model.linear.weight_orig.detach().clone()
    fit(
        model,
        RECIPE,
        noise(64),
        noise(16),
        0,
        after_step=lambda m, *_: kept.append(none_came_back(before, m)),
    )
    assert kept == [True] * 8
    assert not torch.equal(model.linear.weight_orig, under)
    assert none_came_back(before, model)
    finish(model)
    assert none_came_back(before, model)
    assert {name for name, _ in model.named_parameters()} == {
        name for name, _ in network().named_parameters()
    }


def test_zeros_survive_a_file_and_the_training_after_it(tmp_path):
    model = network()
    prune_to(model, Pruning(0.98))
    finish(model)
    before = zeros(model)
    save_checkpoint(tmp_path / "pruned.pt", model, ModelConfig(), {"pruning": {"sparsity": 0.98}})
    loaded, _, extra = load_checkpoint(tmp_path / "pruned.pt")
    assert extra["pruning"]["sparsity"] == 0.98
    assert sparsity(loaded) == sparsity(model)
    hold_zeros(loaded)
    fit(loaded, RECIPE, noise(64), noise(16), seed=0)
    finish(loaded)
    assert none_came_back(before, loaded)
    assert sparsity(loaded) == sparsity(model)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sparsity": 1.0},
        {"sparsity": -0.1},
        {"criterion": "l3"},
        {"schedule": "slow"},
        {"block": 0},
        {"ramp": 0},
    ],
)
def test_impossible_prunings_are_refused(wrong):
    with pytest.raises(KwsError):
        Pruning(**({"sparsity": 0.5} | wrong))


def test_layers_that_cannot_be_pruned_are_refused():
    with pytest.raises(KwsError, match="no convolution or linear layer"):
        prune_to(nn.Sequential(nn.ReLU()), Pruning(0.5))
    with pytest.raises(KwsError, match="whole blocks"):
        prune_to(network(), Pruning(0.5, block=3))
    with pytest.raises(KwsError, match="DsCnn has 7"):
        keep_channels(build(ModelConfig("dscnn")), [0])
    with pytest.raises(KwsError, match="keep the same share"):
        keep_channels(build(ModelConfig("dscnn")), *[[0]] * 7)
    with pytest.raises(KwsError, match="keep at least one"):
        keep_channels(network(), [])
    with pytest.raises(KwsError, match="keep at least one"):
        keep_channels(network(), [8])
    with pytest.raises(KwsError, match="all of them"):
        channels_left(99)
    with pytest.raises(KwsError, match="use one of"):
        removal_orders(network(), "lamp", noise(4).x, noise(4).y)


@pytest.mark.parametrize("bits", [8, 4])
def test_zeros_survive_quantization_aware_training_and_export(tmp_path, bits):
    model, data = network(), noise(64)
    fine_tune(model, Pruning(0.9), RECIPE, data, noise(16), seed=0)
    before = zeros(model)
    narrow, _ = quantization_aware(model, Quantization(bits, bits), RECIPE, data, noise(16), seed=0)
    save_checkpoint(tmp_path / "narrow.pt", narrow, ModelConfig())
    integers = integer_network(load_checkpoint(tmp_path / "narrow.pt")[0])
    assert not torch.equal(narrow.linear.layer.weight, model.linear.weight)
    assert not integers.layers[0].constants.values.transpose(0, 3, 1, 2)[before["conv"].numpy()].any()
    assert not integers.layers[1].constants.values[before["linear"].numpy()].any()
    (tmp_path / "model.tflite").write_bytes(
        write(to_graph(integers), Description(class_labels(), "tinyconv", ""))
    )
    conv, dense = read_network(tmp_path / "model.tflite").layers
    assert not np.moveaxis(conv.fields["weights"], 3, 1)[before["conv"].numpy()].any()
    assert not dense_weights(dense)[before["linear"].numpy()].any()


@pytest.mark.slow
@pytest.mark.parametrize("bits", [8, 2])
def test_zeros_survive_post_training_quantization(bits):
    model = network()
    prune_to(model, Pruning(0.9))
    finish(model)
    before = zeros(model)
    rounded = post_training(model, Quantization(bits, 8), to_input(noise(64).x))
    assert none_came_back(before, dequantized(rounded))
