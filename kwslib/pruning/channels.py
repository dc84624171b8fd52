"""Structured pruning: TinyConv loses whole convolution channels, and the linear columns that read them.

What is left is an ordinary, narrower TinyConv. Criteria are the norm of a channel's filter (Li et al.,
arXiv:1608.08710) and, from data, the loss that its absence causes. The original report: Figures 14 and 15.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kwslib.errors import KwsError
from kwslib.networks.tinyconv import TinyConv
from kwslib.networks.training import to_input
from kwslib.pruning.saliency import NORMS

CRITERIA = (*NORMS, "loss")
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


def removal_order(model: nn.Module, criterion: str, x: np.ndarray, y: np.ndarray) -> list[int]:
    """Channels in the order in which they go, the most important last.

    l1, l2, linf: by the norm of the filter. loss: always the one without which the cross entropy over examples is
    lowest, given those that are gone already: features x (N, 49, 40) and classes y (N,). Raises KwsError for
    another criterion or network.
    """
    model = check_network(model)
    if check_criterion(criterion) in NORMS:
        return model.conv.weight.detach().flatten(1).norm(NORMS[criterion], dim=1).argsort().tolist()
    with torch.no_grad():
        parts = _contributions(model, to_input(x))
    truth = torch.from_numpy(y)
    left, order = list(range(parts.shape[1])), []
    while left:
        losses = {c: _loss(model, parts, [k for k in left if k != c], truth) for c in left}
        order.append(min(losses, key=lambda c: losses[c]))
        left.remove(order[-1])
    return order


def narrow(model: nn.Module, keep: Iterable[int]) -> TinyConv:
    """A TinyConv of the channels `keep` alone, equal to `model` with the others silenced.

    Raises KwsError when `keep` is empty or names channels that are not there.
    """
    model = check_network(model)
    kept, channels = sorted(set(keep)), model.conv.out_channels
    if not kept or kept[0] < 0 or kept[-1] >= channels:
        raise KwsError(f"channels {kept} of {channels}: keep at least one of those that are there")
    small = TinyConv(model.linear.out_features, len(kept), model.dropout.p)
    state = model.state_dict()
    state |= {name: state[name][kept] for name in ("conv.weight", "conv.bias")}
    small.load_state_dict(state | {"linear.weight": _columns(model)[:, :, kept].flatten(1)})
    return small.train(model.training)


def check_criterion(criterion: str) -> str:
    """`criterion` itself. Raises KwsError for one that ranks no channels."""
    if criterion not in CRITERIA:
        raise KwsError(f"channels by {criterion!r}: use one of {', '.join(CRITERIA)}")
    return criterion


def check_network(model: nn.Module) -> TinyConv:
    """`model` itself. Raises KwsError for a network whose channels this module does not know how to remove."""
    if not isinstance(model, TinyConv):
        raise KwsError(f"channels of a {type(model).__name__} cannot be removed: only those of tinyconv")
    return model


def _columns(model: TinyConv) -> Tensor:
    """Weights of the linear layer by position and channel (classes, 25 * 20, C): it reads NHWC order."""
    return model.linear.weight.detach().unflatten(1, (-1, model.conv.out_channels))


def _contributions(model: TinyConv, x: Tensor) -> Tensor:
    """What each channel adds to the logits, (N, C, classes), for network input x (N, 49, 40)."""
    maps = F.relu(model.conv(x.unsqueeze(1))).flatten(2)  # (N, C, 25 * 20)
    return torch.einsum("ncp,kpc->nck", maps, _columns(model))


def _loss(model: TinyConv, parts: Tensor, keep: Sequence[int], y: Tensor) -> float:
    return F.cross_entropy(parts[:, list(keep)].sum(1) + model.linear.bias.detach(), y).item()
