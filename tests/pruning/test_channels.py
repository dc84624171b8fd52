"""A narrow network computes what the one with silenced channels did."""

import copy

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import network, noise
from torch import nn
from torch.nn.utils import prune

from kwslib.features.dataset import FeatureSet
from kwslib.pruning.channels import THRESHOLDS, channels_left, keep_channels, removal_orders
from kwslib.pruning.weights import nonzero_parameters


def silenced(model: nn.Module, keep: list[int]) -> nn.Module:
    """The whole network with the other channels at zero, by torch's own pruning."""
    twin = copy.deepcopy(model)
    mask = torch.zeros(twin.conv.out_channels)
    mask[keep] = 1
    prune.custom_from_mask(twin.conv, "weight", mask.reshape(-1, 1, 1, 1).expand_as(twin.conv.weight))
    prune.custom_from_mask(twin.conv, "bias", mask)
    return twin


@settings(max_examples=25)
@given(keep=st.sets(st.integers(0, 7), min_size=1), seed=st.integers(0, 9))
def test_a_narrow_network_equals_the_silenced_one(keep, seed):
    model, x = network(seed), torch.randn(4, 49, 40)
    small = keep_channels(model, keep)
    with torch.no_grad():
        assert torch.allclose(small(x), silenced(model, list(keep))(x), atol=1e-5)
    assert nonzero_parameters(small) == sum(p.numel() for p in small.parameters()) == 2081 * len(keep) + 4


def test_torch_pruning_removes_the_same_channels():
    """It reads columns in NCHW order, so it gets a twin whose linear layer is in that order."""
    import torch_pruning as tp

    class Twin(nn.Module):
        def __init__(self, model: nn.Module) -> None:
            super().__init__()
            self.conv, self.linear = copy.deepcopy(model.conv), copy.deepcopy(model.linear)
            self.linear.weight.data = (
                self.linear.weight.data.unflatten(1, (500, 8)).transpose(1, 2).flatten(1)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(self.conv(x.unsqueeze(1)).relu().flatten(1))

    model, x = network(), torch.randn(4, 49, 40)
    twin = Twin(model)
    with torch.no_grad():
        assert torch.allclose(twin(x), model(x), atol=1e-5)
    graph = tp.DependencyGraph().build_dependency(twin, example_inputs=x)
    graph.get_pruning_group(twin.conv, tp.prune_conv_out_channels, idxs=[0, 3, 5, 6]).prune()
    small = keep_channels(model, [1, 2, 4, 7])
    with torch.no_grad():
        assert torch.allclose(twin(x), small(x), atol=1e-5)
    assert sum(p.numel() for p in twin.parameters()) == sum(p.numel() for p in small.parameters())


def test_a_channel_that_decides_is_removed_last():
    model = network()
    with torch.no_grad():
        model.linear.weight.zero_()
        model.linear.weight.view(4, 500, 8)[:, :, 5] = torch.randn(4, 500)
    data = noise(64)
    data = FeatureSet(
        data.x, np.asarray(model(torch.from_numpy(data.x / 85 + 46 / 85).float()).argmax(1)), data.names
    )
    assert removal_orders(model, "loss", data.x, data.y)[0][-1] == 5
    with torch.no_grad():
        model.conv.weight[2] *= 9
    for norm in ("l1", "l2", "linf"):
        assert removal_orders(model, norm, data.x, data.y)[0][-1] == 2
        assert sorted(removal_orders(model, norm, data.x, data.y)[0]) == list(range(8))


def test_the_originals_thresholds():
    assert [channels_left(t) for t in THRESHOLDS] == [8, 7, 6, 6, 4, 2, 1]
