"""Structured pruning: a network loses whole channels, and the weights that read them.

What is left is an ordinary, narrower network. Layers whose outputs are added, and depthwise convolutions, share their
channels: these go together (kwslib.pruning.coupled). Criteria are the norm of a channel's filters (Li et al.,
arXiv:1608.08710) and, from data, the loss that its absence causes. The original report: Figures 14 and 15.
"""

import copy
import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from kwslib.cache import cached, code, digest
from kwslib.errors import KwsError
from kwslib.networks.models import fold_batch_norm
from kwslib.networks.training import to_input
from kwslib.pruning.coupled import Channels, coupled, rebuilt
from kwslib.pruning.saliency import NORMS

CRITERIA = (*NORMS, "loss")
ROUNDS = 8  # in which all channels go, by criterion loss
THRESHOLDS = (0, 10, 20, 25, 50, 75, 90)  # percent of the channels removed in the original's Figure 14


def channels_left(threshold: float, channels: int = 8) -> int:
    """Channels that a threshold in percent leaves: threshold * channels, rounded to whole channels, go.

    So does torch.nn.utils.prune.ln_structured; of 8 channels 90 % are 7, and the one that is left has the 0.08
    MFLOP of Figure 14. Raises KwsError when none would be left.
    """
    if not 0 <= threshold < 100:
        raise KwsError(f"threshold {threshold:g} %: use at least 0 and less than 100")
    left = channels - round(threshold / 100 * channels)
    if left < 1:
        raise KwsError(f"{threshold:g} % of {channels} channels are all of them: keep at least one")
    return left


def last(orders: Sequence[Sequence[int]], threshold: float) -> list[list[int]]:
    """The channels of each group that a threshold in percent leaves, the same share of each. Raises as
    `channels_left`."""
    first = len(orders[0])
    left = channels_left(threshold, first)
    return [list(order[-(len(order) * left // first) :]) for order in orders]


def removal_orders(model: nn.Module, criterion: str, x: np.ndarray, y: np.ndarray) -> list[list[int]]:
    """Each group's channels in the order in which they go, the most important last; `narrow` keeps the last ones.

    l1, l2, linf: by the norm of their filters. loss: always those without which the cross entropy over examples is
    lowest, given those that are gone already, an eighth of them at a time: features x (N, 49, 40) and classes y (N,).
    That order is kept in the cache: each share to remove asks for the same one. Raises KwsError for another criterion,
    and for a network whose layers cannot be followed.
    """
    model = fold_batch_norm(model)
    groups = coupled(model)
    if check_criterion(criterion) in NORMS:
        return [group.filters(model).norm(NORMS[criterion], dim=1).argsort().tolist() for group in groups]
    arrays = [*(value.numpy() for value in model.state_dict().values()), x, y]
    contents = [hashlib.sha256(array.tobytes()).hexdigest() for array in arrays]
    key = digest(code(__name__), repr(model), contents)
    kept = cached(
        "orders", key, lambda: {f"{i}": _by_loss(model, group, x, y) for i, group in enumerate(groups)}
    )
    return [kept[f"{i}"].tolist() for i in range(len(groups))]


@torch.no_grad()
def _by_loss(model: nn.Module, group: Channels, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    model, inputs, truth = copy.deepcopy(model), to_input(x), torch.from_numpy(y)
    whole = copy.deepcopy(model.state_dict())

    def loss_without(channel: int) -> float:
        model.load_state_dict(whole)
        group.silence(model, [*order, channel])
        return F.cross_entropy(model(inputs), truth).item()

    left: list[int] = list(range(group.size))
    order: list[int] = []
    while left:
        losses = {channel: loss_without(channel) for channel in left}
        gone = sorted(left, key=lambda channel: losses[channel])[: max(1, group.size // ROUNDS)]
        order += gone
        left = [channel for channel in left if channel not in gone]
    return np.array(order)


def narrow(model: nn.Module, *keep: Iterable[int]) -> nn.Module:
    """A network of the channels `keep` of each group alone, equal to `model` with the others silenced.

    Batch norms are folded. Raises KwsError when a group keeps none, or channels that are not there, and when the
    network cannot be built of such widths.
    """
    model = fold_batch_norm(model)
    groups = coupled(model)
    if len(keep) != len(groups):
        raise KwsError(f"channels of {len(keep)} groups: {type(model).__name__} has {len(groups)}")
    kept = [sorted(set(channels)) for channels in keep]
    for channels, group in zip(kept, groups, strict=True):
        if not channels or channels[0] < 0 or channels[-1] >= group.size:
            raise KwsError(f"channels {channels} of {group.size}: keep at least one of those that are there")
    state = model.state_dict()
    for channels, group in zip(kept, groups, strict=True):
        state = group.selected(state, channels)
    return rebuilt(model, len(kept[0]), state).train(model.training)


def check_criterion(criterion: str) -> str:
    """`criterion` itself. Raises KwsError for one that ranks no channels."""
    if criterion not in CRITERIA:
        raise KwsError(f"channels by {criterion!r}: use one of {', '.join(CRITERIA)}")
    return criterion
