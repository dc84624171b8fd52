"""Importance of weights: the criteria of unstructured pruning. Weights with the lowest scores are removed first.

l1, l2, linf  norms of the weight or of its block (Han et al., arXiv:1506.02626)
lamp          layer-adaptive magnitude (Lee et al., arXiv:2010.07611)
fisher        expected increase of the loss: squared weight times mean squared gradient (Theis et al.,
              arXiv:1801.05787, after LeCun et al., Optimal Brain Damage, 1990)
random        random scores, the baseline of all criteria
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet
from kwslib.networks.training import to_input

NORMS = {"l1": 1.0, "l2": 2.0, "linf": float("inf")}
CRITERIA = (*NORMS, "lamp", "fisher", "random")
BATCH, BATCHES = 128, 16  # that squared gradients are averaged over


def importance(
    values: Tensor,
    criterion: str,
    block: int = 1,
    squares: Tensor | None = None,
    draw: torch.Generator | None = None,
) -> Tensor:
    """A score for each weight of one layer, in the shape of `values`.

    All weights in a block of neighbours of one output have the same score.
    l1, l2, linf: the block's norm; for single weights the three are equal.
    lamp: its sum of squares divided by the total of all such sums in the layer
    that are at least as large: the highest score of every layer is 1.
    fisher: from `squares`, the mean squared gradient of each weight.
    random: drawn from `draw`. Raises KwsError when an output's weights cannot
    be divided into whole blocks.
    """
    if values[0].numel() % block:
        raise KwsError(f"{values[0].numel()} weights of one output are not whole blocks of {block}")
    blocks = values.reshape(-1, block)
    if criterion == "random":
        score = torch.rand(len(blocks), generator=draw)
    elif criterion == "fisher":
        if squares is None:
            raise KwsError(
                "criterion fisher needs the squared gradients of the weights: see squared_gradients"
            )
        score = (blocks.square() * squares.reshape(-1, block)).sum(1)
    elif criterion == "lamp":
        size, order = blocks.square().sum(1).sort()
        no_smaller = size.flip(0).cumsum(0).flip(0)
        score = torch.empty_like(size)
        score[order] = size / no_smaller.clamp_min(torch.finfo(size.dtype).tiny)
    else:
        score = blocks.norm(NORMS[criterion], dim=1)
    return score.repeat_interleave(block).reshape(values.shape)


def squared_gradients(model: nn.Module, layers: list[nn.Module], training: FeatureSet) -> list[Tensor]:
    """For each layer, the squared gradient of its current weights, averaged over batches.

    `layers` are layers of `model`, masked or not; the examples are the first of `training`, which are in random order.
    """
    named = [dict(layer.named_parameters()) for layer in layers]
    weights = [each["weight_orig"] if "weight_orig" in each else each["weight"] for each in named]
    sums = [torch.zeros_like(weight) for weight in weights]
    x, y = training.copy(0)
    was_training = model.training
    model.eval()
    starts = range(0, min(len(y), BATCH * BATCHES), BATCH)
    for i in starts:
        loss = F.cross_entropy(model(to_input(x[i : i + BATCH])), torch.from_numpy(y[i : i + BATCH]))
        for total, gradient in zip(sums, torch.autograd.grad(loss, weights), strict=True):
            total += gradient.square()
    model.train(was_training)
    return [total / len(starts) for total in sums]
