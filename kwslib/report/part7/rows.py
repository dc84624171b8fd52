"""Output rows of a network's first layer that a hop recomputes, and the reason."""

from dataclasses import dataclass

from kwslib.deployment.core_network import Network
from kwslib.deployment.stream_plan import stream
from kwslib.deployment.streaming import Move, span_of

KINDS = KEPT, PADDED, NEW = ("kept", "touches padding", "sees new frames")


@dataclass(frozen=True)
class Row:
    """A row of the output, which reads frames `first` to `last` of a window of `frames` frames."""

    first: int
    last: int
    frames: int
    kind: str


def first_rows(network: Network) -> list[Row]:
    """The rows of a windowed network's first layer; those kept are the ones that its plan moves."""
    plan, layer = stream(network), network.layers[0]
    span = span_of(layer)
    size = network.sizes[layer.output] // span.count_out
    moves = [step for step in plan.hop if isinstance(step, Move) and step.tensor == layer.output]
    kept = {row for move in moves for row in range(move.target // size, (move.target + move.size) // size)}
    rows = []
    for number in range(span.count_out):
        first = number * span.stride - span.padding
        last = first + span.kernel
        new = NEW if first >= 0 and last <= span.count_in else PADDED
        rows.append(Row(first, last, span.count_in, KEPT if number in kept else new))
    return rows


def counts(rows: list[Row]) -> dict[str, int]:
    """Number of rows of each kind."""
    return {kind: sum(row.kind == kind for row in rows) for kind in KINDS}
