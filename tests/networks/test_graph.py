"""A network's graph: what it is read from, and which networks have none, said in a line that names the operation."""

import pytest
import torch
from torch import nn

from kwslib.errors import KwsError
from kwslib.networks.graph import readers, trace
from kwslib.networks.layers import PaddedConv2d
from kwslib.networks.models import ModelConfig, build, fold_batch_norm


class Small(nn.Module):
    """A convolution and a dense layer; `between` is how the one's output gets to the other."""

    def __init__(self, between, width: int = 25 * 20 * 2) -> None:
        super().__init__()
        self.conv = PaddedConv2d(1, 2, (3, 3), (49, 40), stride=2)
        self.relu = nn.ReLU()
        self.norm = nn.BatchNorm2d(2)
        self.linear = nn.Linear(width, 4)
        self.between = between

    def forward(self, x):
        return self.linear(self.between(self, self.relu(self.conv(x.unsqueeze(1)))))


def nhwc(model, x):
    return x.permute(0, 2, 3, 1).flatten(1)


def test_a_residual_block_is_read_by_its_sum_and_its_first_layer():
    nodes = trace(fold_batch_norm(build(ModelConfig("tenet"))))
    assert [node.kind for node in readers(nodes, "conv")] == ["depthwise", "sum"]
    assert nodes[0].seen == (49, 1, 40)
    assert nodes[-1].shape == (4,)


def test_the_order_of_memory_is_part_of_the_graph():
    assert [node.kind for node in trace(Small(nhwc))] == ["convolution", "dense"]
    with pytest.raises(KwsError, match="Small: no int8 form: what conv makes is read in another order"):
        trace(Small(lambda model, x: x.flatten(1)))


@pytest.mark.parametrize(
    ("between", "width", "said"),
    [
        (lambda model, x: nhwc(model, torch.cat([x, x], 1)), 2000, "cat"),
        (lambda model, x: nhwc(model, torch.sigmoid(x)), 1000, "sigmoid"),
        (lambda model, x: nhwc(model, model.norm(x)), 1000, "BatchNorm2d"),
        (lambda model, x: nhwc(model, x + x.mean((2, 3)).reshape(-1, 2, 1, 1)), 1000, "two shapes"),
        (lambda model, x: nhwc(model, model.relu(x)), 1000, "relu is not alone"),
        (lambda model, x: nhwc(model, x if x.sum() > 0 else -x), 1000, "cannot be followed"),
    ],
)
def test_what_has_no_int8_form_is_named(between, width, said):
    with pytest.raises(KwsError, match=f"Small: no int8 form: .*{said}") as caught:
        trace(Small(between, width))
    assert "\n" not in str(caught.value)
