"""The points of a sweep: combinations of a notebook's parameters, each with a unique name.

    bits      Part 5: bit width x method x recipe and scheme of the weights x seed
    sparsity  Part 6: share of the weights x criterion x fine-tuning schedule x seed
    channels  Part 6: remaining channels x seed

The points in the report's figures (Figure 12; 13; 14) are those of kwslib.experiments;
the whole grid adds the remaining combinations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kwslib.errors import KwsError
from kwslib.experiments import pruning, quantization

INTEGER_WIDTHS = tuple(bits for bits in quantization.WIDTHS if isinstance(bits, int) and bits > 1)
CRITERIA, SCHEDULES = ("l1", "lamp"), ("gradual", "one-shot")


@dataclass(frozen=True)
class SweepPoint:
    """One notebook run: the notebook's name and the parameters of the point. `name`: that of its files."""

    name: str
    notebook: str
    parameters: dict[str, Any]


def grid(sweep: str, seeds: Sequence[int], figure: bool = False) -> list[SweepPoint]:
    """The points of a sweep; with `figure`, only those of the report's figure. Raises KwsError for another name."""
    if sweep not in SWEEPS:
        raise KwsError(f"sweep {sweep!r} is unknown: use {', '.join(SWEEPS)}")
    return SWEEPS[sweep](seeds, figure)


def _bits(seeds: Sequence[int], figure: bool) -> list[SweepPoint]:
    chosen = [
        _quantized(bits=p.bits, method=p.method, recipe=p.recipe, seed=p.seed)
        for p in quantization.grid(seeds)
    ]
    if not figure:
        chosen += [
            _quantized(bits=bits, method=method, recipe="ours", scheme="asymmetric", seed=seed)
            for method in quantization.METHODS
            for bits in INTEGER_WIDTHS
            for seed in seeds
        ]
    return chosen


def _quantized(**parameters: Any) -> SweepPoint:
    point = quantization.point(**parameters)
    return SweepPoint(f"{point.name}_seed{point.seed}", "05_quantization", parameters)


def _sparsity(seeds: Sequence[int], figure: bool) -> list[SweepPoint]:
    chosen = [p for p in pruning.grid(seeds) if not p.structured]
    if not figure:
        chosen += [
            point
            for share in pruning.SPARSITIES
            for criterion in CRITERIA
            for schedule in SCHEDULES
            for seed in seeds
            if (point := pruning.PrunedPoint(share, criterion, schedule, seed=seed)) not in chosen
        ]
    return [_pruned(point) for point in chosen]


def _channels(seeds: Sequence[int], _figure: bool) -> list[SweepPoint]:
    return [_pruned(point) for point in pruning.grid(seeds) if point.structured]


def _pruned(point: pruning.PrunedPoint) -> SweepPoint:
    parameters = {
        "sparsity": point.sparsity,
        "criterion": point.criterion,
        "schedule": point.schedule,
        "structured": point.structured,
        "seed": point.seed,
    }
    method = f"{point.criterion}_{point.schedule}".replace("-", "_")
    return SweepPoint(f"{point.name}_{method}_seed{point.seed}".replace(".", "_"), "06_pruning", parameters)


SWEEPS: dict[str, Callable[[Sequence[int], bool], list[SweepPoint]]] = {
    "bits": _bits,
    "sparsity": _sparsity,
    "channels": _channels,
}
