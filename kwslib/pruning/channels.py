"""Structured pruning: removes whole channels of a network, and the weights that read them.

The result is an ordinary, narrower network. Layers whose outputs are added, and depthwise convolutions, share their
channels, which are removed together (kwslib.pruning.coupled). The criteria are the norm of a channel's filters (Li et
al., arXiv:1608.08710) and, measured on data, the loss without the channel. The original report: Figures 14 and 15.
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
    """Channels that remain at a threshold in percent: that share of the channels, rounded to whole ones, is removed.

    The rounding is that of torch.nn.utils.prune.ln_structured: 90 % of 8 channels are 7, and the remaining one has the
    0.08 MFLOP of Figure 14. Raises KwsError when none would remain.
    """
    if not 0 <= threshold < 100:
        raise KwsError(f"threshold {threshold:g} %: use at least 0 and less than 100")
    left = channels - round(threshold / 100 * channels)
    if left < 1:
        raise KwsError(f"{threshold:g} % of {channels} channels are all of them: keep at least one")
    return left


def last(orders: Sequence[Sequence[int]], threshold: float) -> list[list[int]]:
    """The last channels of each removal order, those that remain at a threshold in percent, which is the same for all
    groups. Raises as `channels_left`."""
    first = len(orders[0])
    left = channels_left(threshold, first)
    return [list(order[-(len(order) * left // first) :]) for order in orders]


def removal_orders(model: nn.Module, criterion: str, x: np.ndarray, y: np.ndarray) -> list[list[int]]:
    """Each group's channels in the order of removal, the most important last; `keep_channels` keeps the last ones.

    l1, l2, linf: by the norm of their filters. loss: greedily, an eighth of the channels at a time, those without which
    the cross entropy on the examples is lowest, given the removals so far: features x (N, 49, 40) and classes y (N,).
    That order is cached, since it is the same for every share to remove. Raises KwsError for another criterion,
    and for a network whose graph cannot be traced.
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


def keep_channels(model: nn.Module, *keep: Iterable[int]) -> nn.Module:
    """A network with only the channels `keep` of each group.

    It is equivalent to `model` with the others set to zero. Batch norms are
    folded. Raises KwsError when a group keeps no channels, or some that do not
    exist, and when the network cannot be built with such widths.
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
    """Return `criterion` unchanged. Raises KwsError if it is not a criterion for channels."""
    if criterion not in CRITERIA:
        raise KwsError(f"channels by {criterion!r}: use one of {', '.join(CRITERIA)}")
    return criterion
