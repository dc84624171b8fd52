"""Static cost of a network: parameters, multiply-accumulates, FLOPs and memory, layer by layer.

A network, traced by torch.fx or read from a .tflite file, becomes a tuple of `Operation`s in execution order,
and every count is a sum over them. Batch norms are folded first, as in deployment.
For TinyConv this gives Part 2 of the original report: 16,652 parameters, 676,004 FLOPs, 79,696 bytes.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.fx import GraphModule, Node, Tracer
from torch.fx.passes.shape_prop import ShapeProp

from kwslib.errors import KwsError
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.networks.models import fold_batch_norm

if TYPE_CHECKING:
    from kwslib.deployment.litert import TfliteFile

ORIGINAL_FLASH, ORIGINAL_RAM = 1024 * 1000, 256 * 1000  # as the original divides: KB of 1,000 bytes

WEIGHTED = ("conv_2d", "depthwise_conv_2d", "fully_connected")  # TFLite: data, weights, biases
VIEWS = ("reshape", "permute", "flatten")  # the same bytes under another shape
ITEM_BYTES = {"float32": 4, "int8": 1}


@dataclass(frozen=True)
class Operation:
    """One operation for one clip. `reads`: indices of the operations whose outputs it reads; `shape`: that of
    its output."""

    name: str
    kind: str
    reads: tuple[int, ...]
    shape: tuple[int, ...]
    weights: int = 0
    biases: int = 0
    macs: int = 0

    @property
    def elements(self) -> int:
        """Number of values in the output."""
        return math.prod(self.shape)

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases

    @property
    def flops(self) -> int:
        """FLOPs as the original counts them: two per multiply-accumulate, plus one per output to which a bias
        is added."""
        return 2 * self.macs + (self.elements if self.biases else 0)


@dataclass(frozen=True)
class Costs:
    """Counts of a whole network at batch 1."""

    operations: tuple[Operation, ...]

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(op.parameters for op in self.operations)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(op.macs for op in self.operations)

    @property
    def flops(self) -> int:
        """FLOPs of one inference, as the original counts them."""
        return sum(op.flops for op in self.operations)

    def weight_bytes(self, dtype: str) -> int:
        """Bytes of the weights in flash, as "float32" or "int8"; the biases of an int8 network are int32."""
        return sum(op.weights * ITEM_BYTES[dtype] + op.biases * 4 for op in self.operations)

    @property
    def all_outputs_bytes(self) -> int:
        """The original's estimate of memory in bytes: the float32 outputs of all operations, including views
        and the input."""
        return sum(op.elements for op in self.operations) * ITEM_BYTES["float32"]

    def layers(self) -> list[dict[str, Any]]:
        """One row per operation, in plain values: name, kind, shape, parameters, macs, flops, elements."""
        fields = ("name", "kind", "shape", "parameters", "macs", "flops", "elements")
        return [{name: getattr(op, name) for name in fields} for op in self.operations]

    @cached_property
    def buffers(self) -> tuple[int, ...]:
        """For each operation, the index of the one whose buffer holds its output.

        Views and dropout (the identity at inference) share the buffer of their input; so does a ReLU whose input no
        other operation reads: it is fused into the preceding operation.
        """
        readers = [source for op in self.operations for source in op.reads]
        owner: list[int] = []
        for i, op in enumerate(self.operations):
            view, relu = op.kind in (*VIEWS, "dropout"), op.kind == "relu"
            stays = bool(op.reads) and (view or (relu and readers.count(op.reads[0]) == 1))
            owner.append(owner[op.reads[0]] if stays else i)
        return tuple(owner)

    @cached_property
    def schedule(self) -> tuple[tuple[str, dict[str, int]], ...]:
        """(operation, {tensor: elements}) for each operation that computes: the tensors that are live while it runs.

        A tensor is live from the operation that writes it to the last one that reads it.
        """
        last = {self.buffers[j]: i for i, op in enumerate(self.operations) for j in op.reads}
        own = [i for i in range(len(self.operations)) if self.buffers[i] == i]
        steps = []
        for i in own:
            live = [self.operations[b] for b in own if b <= i and last.get(b, i) >= i]
            steps.append((self.operations[i].name, {op.name: op.elements for op in live}))
        return tuple(steps[1:])  # the first only holds the input

    def peak_live_bytes(self, dtype: str) -> int:
        """Peak of the activation bytes that are live at once: a lower bound for any arena that shares buffers."""
        return max((sum(live.values()) for _, live in self.schedule), default=0) * ITEM_BYTES[dtype]


class _LayerTracer(Tracer):
    """Stops at every module without children, ours as well as torch's."""

    def is_leaf_module(self, m: nn.Module, _name: str) -> bool:
        return not any(m.children())


def costs(model: nn.Module) -> Costs:
    """Counts of a zoo network (B, 49, 40) -> (B, classes); adjacent views count as one.

    Raises KwsError for a layer of an unknown kind.
    """
    folded = fold_batch_norm(model).cpu()
    graph = GraphModule(folded, _LayerTracer().trace(folded))
    ShapeProp(graph).propagate(torch.zeros(1, FRAMES, CHANNELS))
    steps: list[Operation] = []
    index: dict[Node, int] = {}
    for node in graph.graph.nodes:
        module = graph.get_submodule(str(node.target)) if node.op == "call_module" else None
        reads = tuple(index[source] for source in node.all_input_nodes)
        if node.op == "output":
            break
        if isinstance(module, nn.Identity):  # where a batch norm was
            index[node] = reads[0]
            continue
        step = _operation(node, module, reads)
        if step.kind in VIEWS and steps[reads[0]].kind in VIEWS and reads[0] == len(steps) - 1:
            steps[-1] = replace(steps[-1], shape=step.shape)
        else:
            steps.append(step)
        index[node] = len(steps) - 1
    return Costs(tuple(steps))


def _operation(node: Node, module: nn.Module | None, reads: tuple[int, ...]) -> Operation:
    shape = tuple(node.meta["tensor_meta"].shape)
    if module is None:
        kind = "input" if node.op == "placeholder" else getattr(node.target, "__name__", str(node.target))
        return Operation("input" if kind == "input" else node.name, kind, reads, shape)
    kind = type(module).__name__.lower()
    if isinstance(module, nn.Conv2d):
        kind = "depthwise conv" if module.groups > 1 else "conv"
    step = Operation(str(node.target), kind, reads, shape)
    if not isinstance(module, nn.Conv2d | nn.Linear):
        if any(True for _ in module.parameters()):
            raise KwsError(
                f"layer {node.target} is a {type(module).__name__}: only Conv2d and Linear can be counted"
            )
        return step
    weights, biases = module.weight.numel(), 0 if module.bias is None else module.bias.numel()
    return replace(step, weights=weights, biases=biases, macs=step.elements * module.weight[0].numel())


def file_costs(model: "Path | TfliteFile") -> Costs:
    """Counts of a .tflite file's operators, whose kinds are TFLite's names in lower case.

    Raises KwsError for a file that is damaged or not such a model.
    """
    from kwslib.deployment.litert import read_tflite

    graph = read_tflite(model).graph
    shapes = [tensor.shape for tensor in graph.tensors]
    steps = [Operation("input", "input", (), shapes[graph.input])]
    source = {graph.input: 0}  # tensor: the operation that made it; all other tensors are constant
    for number, operator in enumerate(graph.operators):
        kind, shape = operator.name.lower(), shapes[operator.output]
        constant = [math.prod(shapes[i]) for i in operator.inputs if i >= 0 and i not in source]
        weights, biases = (*constant, 0, 0)[:2] if kind in WEIGHTED else (0, 0)
        macs = math.prod(shape) * weights // shape[-1] if weights else 0
        reads = tuple(source[i] for i in operator.inputs if i in source)
        source[operator.output] = len(steps)
        steps.append(Operation(f"{kind}_{number}", kind, reads, shape, weights, biases, macs))
    return Costs(tuple(steps))
