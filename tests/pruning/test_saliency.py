"""Criteria score weights as their formulas say."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import network, noise
from torch.nn import functional

from kwslib.errors import KwsError
from kwslib.networks.training import to_input
from kwslib.pruning.saliency import importance, squared_gradients
from kwslib.pruning.weights import Pruning, prunable, prune_to, weights


def test_norms_rank_blocks_differently():
    values = torch.tensor([[4.0, 0, 0, 0, 1.5, 1.5, 1.5, 1.5, 3.5, 1.5, 0, 0]])
    order = {
        c: importance(values, c, 4)[0, ::4].argsort(descending=True).tolist() for c in ("l1", "l2", "linf")
    }
    assert order == {"l1": [1, 2, 0], "l2": [0, 2, 1], "linf": [0, 2, 1]}
    values[0, 8] = 3.9
    assert (
        importance(values, "l2", 4)[0, ::4].argmax() == 2
    )  # but linf still prefers the block of the largest weight
    assert importance(values, "linf", 4)[0, ::4].argmax() == 0


@settings(max_examples=25)
@given(
    values=st.lists(st.floats(0.125, 8, width=16), min_size=2, max_size=20, unique=True),
    scale=st.floats(0.5, 4),
)
def test_lamp_ranks_a_layer_by_magnitude_and_knows_no_scale(values, scale):
    layer = torch.tensor([values])
    score = importance(layer, "lamp")
    assert score.argsort().tolist() == layer.argsort().tolist()
    assert score.max() == 1
    assert torch.allclose(importance(scale * layer, "lamp"), score, rtol=1e-4)


def test_lamp_keeps_the_best_weight_of_every_layer():
    model = network()
    prune_to(model, Pruning(0.9998, "lamp"))
    assert [int((weights(layer) != 0).sum()) >= 1 for layer in prunable(model).values()] == [True, True]


def test_fisher_weighs_a_square_by_its_gradients():
    values, squares = torch.tensor([[2.0, -1.0, 3.0, 0.5]]), torch.tensor([[1.0, 9.0, 0.1, 0.0]])
    assert importance(values, "fisher", squares=squares).tolist() == [[4.0, 9.0, pytest.approx(0.9), 0.0]]
    assert importance(values, "fisher", 2, squares).tolist() == [
        [13.0, 13.0, pytest.approx(0.9), pytest.approx(0.9)]
    ]
    with pytest.raises(KwsError, match="squared gradients"):
        prune_to(network(), Pruning(0.5, "fisher"))


def test_squared_gradients_are_those_of_the_loss():
    model, data = network(), noise(128)
    layers = list(prunable(model).values())
    conv, linear = squared_gradients(model, layers, data)
    functional.cross_entropy(model(to_input(data.x)), torch.from_numpy(data.y)).backward()
    assert torch.allclose(conv, model.conv.weight.grad.square(), rtol=1e-3, atol=1e-12)
    assert torch.allclose(linear, model.linear.weight.grad.square(), rtol=1e-3, atol=1e-12)
