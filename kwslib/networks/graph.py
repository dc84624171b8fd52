"""A network as a graph of the operations that a chip executes, in order: convolutions, dense layers, sums and means.

Everything that works on a network layer by layer (quantization, conversion to integers, channel pruning) uses this
graph. Symbolic tracing of the network's own `forward` (torch.fx) gives it, so that no code outside a network's module
depends on its layers.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, fx, nn

from kwslib.errors import KwsError
from kwslib.features.frontend import CHANNELS, FRAMES

FEATURES = "features"  # the name of the network's input
CONVOLUTION, DEPTHWISE, DENSE, SUM, MEAN = "convolution", "depthwise", "dense", "sum", "mean"
LAYERS = (CONVOLUTION, DEPTHWISE, DENSE)  # the kinds that have weights
VIEWS = ("reshape", "view", "permute", "transpose", "flatten", "unsqueeze", "squeeze", "contiguous")
HEIGHT_AND_WIDTH = (2, 3)


@dataclass(frozen=True)
class Node:
    """One operation of a network, named after its module; a sum or mean, which has no module, has torch.fx's name.

    inputs: names of the nodes that it reads, FEATURES for the network's input. seen: shape (H, W, C) or (C,) of the
    first input as it is read; shape: that of the output. relu, dropout: names of the modules applied to the
    output, or "".
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    seen: tuple[int, ...]
    shape: tuple[int, ...]
    relu: str = ""
    dropout: str = ""


@dataclass(frozen=True)
class _Value:
    """A tensor on its way: the node that made it, and at each place the number of the value that lies there, counted
    in the order (H, W, C)."""

    maker: str
    places: Tensor


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, _name: str) -> bool:
        return next(module.children(), None) is None


def trace(model: nn.Module) -> tuple[Node, ...]:
    """The operations of a network (B, 49, 40) -> (B, C) with batch norms folded; the last one computes the logits.

    Raises KwsError, naming the network and the operation, for an operation that has no int8 kernel.
    """
    try:
        graph = _Tracer().trace(model)
    except Exception as error:  # torch.fx raises several kinds for a forward that branches on values
        raise _no_form(model, f"its forward cannot be followed ({' '.join(str(error).split())})") from error
    nodes: dict[str, Node] = {}
    values: dict[fx.Node, _Value] = {}
    for step in graph.nodes:
        if step.op == "placeholder":
            values[step] = _Value(FEATURES, torch.arange(FRAMES * CHANNELS).reshape(1, FRAMES, CHANNELS))
        elif step.op != "output":
            values[step] = _value(model, step, values, nodes)
    return tuple(nodes.values())


def readers(nodes: tuple[Node, ...], name: str) -> list[Node]:
    """The nodes that read the output of the node `name`."""
    return [node for node in nodes if name in node.inputs]


def _value(model: nn.Module, step: fx.Node, values: dict[fx.Node, _Value], nodes: dict[str, Node]) -> _Value:
    """What a step gives; a node more in `nodes` where it computes."""
    sources = [values[each] for each in step.all_input_nodes]
    module = model.get_submodule(str(step.target)) if step.op == "call_module" else None
    if isinstance(module, nn.Conv2d | nn.Linear):
        return _add_node(
            model, nodes, Node(str(step.target), _kind(model, module), *_read(model, sources)), module
        )
    if isinstance(module, nn.ReLU | nn.Dropout):
        name, maker = str(step.target), nodes.get(sources[0].maker)
        used = [role for each in nodes.values() for role in (each.relu, each.dropout)]
        if maker is None or len(step.all_input_nodes[0].users) > 1 or name in used:
            raise _no_form(model, f"{name} is not alone behind one layer")
        relu = isinstance(module, nn.ReLU)
        nodes[maker.name] = replace(maker, relu=name) if relu else replace(maker, dropout=name)
        return sources[0]
    if isinstance(module, nn.Identity):
        return sources[0]
    if step.target in (operator.add, torch.add, "add") and len(sources) == 2:
        if sources[0].places.shape != sources[1].places.shape:
            raise _no_form(model, "a sum of two shapes has none")
        return _add_node(model, nodes, Node(step.name, SUM, *_read(model, sources)), operator.add)
    if step.target in (torch.mean, "mean") and step.args[1:] == (HEIGHT_AND_WIDTH,) and not step.kwargs:
        return _add_node(
            model, nodes, Node(step.name, MEAN, *_read(model, sources)), lambda x: x.mean((2, 3))
        )
    if step.op == "call_method" and step.target in VIEWS:
        places = getattr(sources[0].places, step.target)(*step.args[1:], **step.kwargs)
        return replace(sources[0], places=places)
    raise _no_form(model, f"{step.target if module is None else type(module).__name__} has none")


def _kind(model: nn.Module, module: nn.Conv2d | nn.Linear) -> str:
    if isinstance(module, nn.Linear):
        return DENSE
    if module.groups == 1:
        return CONVOLUTION
    if module.groups == module.in_channels == module.out_channels:
        return DEPTHWISE
    raise _no_form(model, f"a convolution of {module.groups} groups has none")


def _read(
    model: nn.Module, sources: list[_Value]
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """Names of what a node reads, and the shape of the first, twice: as long as its own output's is not known."""
    for source in sources:
        order = _last(source.places).flatten()
        if not torch.equal(order, torch.arange(len(order))):
            raise _no_form(
                model, f"what {source.maker} makes is read in another order than (height, width, channels)"
            )
    shape = tuple(_last(sources[0].places).shape[1:])
    return tuple(source.maker for source in sources), shape, shape


def _add_node(model: nn.Module, nodes: dict[str, Node], node: Node, compute: Callable[..., Tensor]) -> _Value:
    """Adds a node, and gives its output."""
    if node.name in nodes:
        raise _no_form(model, f"{node.name} is used twice")
    count = 2 if node.kind == SUM else 1
    with torch.no_grad():
        result = compute(*[_first(torch.zeros(1, *node.seen))] * count)
    shape = tuple(_last(result).shape[1:])
    nodes[node.name] = replace(node, shape=shape)
    return _Value(node.name, _first(torch.arange(result.numel()).reshape(1, *shape)))


def _last(x: Tensor) -> Tensor:
    """Channels last."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def _first(x: Tensor) -> Tensor:
    """Channels first, as torch has them."""
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def _no_form(model: Any, reason: str) -> KwsError:
    return KwsError(
        f"{type(model).__name__}: no int8 form: {reason}; build it of convolutions, linear layers, ReLU, sums of two"
        " and means over height and width, batch norms folded"
    )
