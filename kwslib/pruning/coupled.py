"""Coupled channels of a network: those of layers whose outputs are added, and the inputs and outputs of
depthwise layers.

A channel is removed from all layers that compute it and from all that read it, or from none (DepGraph: Fang et al.,
arXiv:2301.12900). The groups come from the network's graph; the features and the logits are in none of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kwslib.errors import KwsError
from kwslib.networks.graph import DEPTHWISE, FEATURES, LAYERS, MEAN, SUM, Node, trace
from kwslib.networks.models import fold_batch_norm


@dataclass(frozen=True)
class Channels:
    """A group of `size` coupled channels: the layers that compute them, and those that read them."""

    size: int
    makers: tuple[str, ...]
    readers: tuple[str, ...]

    def filters(self, model: nn.Module) -> Tensor:
        """All weights that compute each channel, (size, n)."""
        weights = [model.get_parameter(f"{name}.weight").detach().flatten(1) for name in self.makers]
        return torch.cat(weights, dim=1)

    @torch.no_grad()
    def silence(self, model: nn.Module, channels: Sequence[int]) -> None:
        """Set channels of a network to zero, in place."""
        for name in self.makers:
            for parameter in model.get_submodule(name).parameters(recurse=False):
                parameter[list(channels)] = 0

    def selected(self, state: Mapping[str, Tensor], keep: Sequence[int]) -> dict[str, Tensor]:
        """The state of the network with only the channels `keep`."""
        rows = [name for name in state if name.rpartition(".")[0] in self.makers]
        changed = dict(state) | {name: state[name][list(keep)] for name in rows}
        for name in self.readers:
            weight = changed[f"{name}.weight"]
            by_channel = weight.unflatten(1, (-1, self.size)) if weight.ndim == 2 else weight[:, None]
            columns = by_channel[:, :, list(keep)]
            changed[f"{name}.weight"] = columns.flatten(1) if weight.ndim == 2 else columns[:, 0]
        return changed


def coupled(model: nn.Module) -> list[Channels]:
    """The groups of channels that can be removed from a network with folded batch norms, in the order of its layers.

    Raises KwsError for a network without any, or one whose graph cannot be traced.
    """
    nodes = trace(model)
    group = {FEATURES: FEATURES} | {node.name: node.name for node in nodes}  # its name is its first maker's
    for node in nodes:
        if node.kind in (DEPTHWISE, MEAN, SUM):
            joined = {group[name] for name in (*node.inputs, node.name)}
            first = next(name for name in group if name in joined)
            group = {name: first if maker in joined else maker for name, maker in group.items()}
    fixed = {group[FEATURES], group[nodes[-1].name]}
    found = [_channels(nodes, group, name) for name in dict.fromkeys(group.values()) if name not in fixed]
    if not found:
        raise KwsError(f"{type(model).__name__}: has no channels that could be removed")
    return found


def _channels(nodes: Sequence[Node], group: Mapping[str, str], name: str) -> Channels:
    makers = [node for node in nodes if group[node.name] == name and node.kind in LAYERS]
    readers = [
        node.name
        for node in nodes
        if node.kind in LAYERS and node.kind != DEPTHWISE and group[node.inputs[0]] == name
    ]
    return Channels(makers[0].shape[-1], tuple(node.name for node in makers), tuple(readers))


def rebuilt(model: nn.Module, width: int, state: Mapping[str, Tensor]) -> nn.Module:
    """A network of the same architecture as `model` with `width` channels in its first layer, loaded with `state`.

    Raises KwsError if the state's shapes are not those of the architecture at this width.
    """
    dropout = next(layer.p for layer in model.modules() if isinstance(layer, nn.Dropout))
    small = fold_batch_norm(type(model)(trace(model)[-1].shape[0], width, dropout))
    wanted = {name: tensor.shape for name, tensor in small.state_dict().items()}
    if {name: tensor.shape for name, tensor in state.items()} != wanted:
        raise KwsError(
            f"{type(model).__name__}: its layers have fixed ratios: keep the same share of each group's channels"
        )
    small.load_state_dict(state)
    return small
