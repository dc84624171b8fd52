"""`kws field --hours`: false accepts over hours of sound without a keyword, as Part 8 counts them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwslib.cli.output import one_line, print_json

if TYPE_CHECKING:
    from kwslib.deployment.decision import DecisionSettings
    from kwslib.field.evaluate import Stage
    from kwslib.field.stream import StreamNetwork

LEAST = 0.1  # hours: a minute of each kind
MOST = 100  # hours, which lie in memory


def print_hours(
    model: Path,
    network: "StreamNetwork",
    where: "Stage",
    hours: float,
    settings: "DecisionSettings",
    source: str,
    heard: dict[str, Any],
    as_json: bool,
) -> None:
    """Run the deployed chain over minutes of each kind in turn, made from `source`, which is described by `heard`, and
    print its false accepts: how many, how many an hour, and of which kind."""
    from kwslib.board.chip import deployable
    from kwslib.deployment.core_sparse import compress
    from kwslib.features.frontend import STEP
    from kwslib.field.detection import accepted, accepts_by_kind, stream_hours, stream_logits
    from kwslib.field.minutes import SCENE, SIX, continuous_frames

    frames = continuous_frames(where, hours, SIX)
    logits = stream_logits(network, frames)
    counts = accepts_by_kind(accepted(network, logits, settings), SIX)
    whole, minutes = stream_hours(logits), round(len(frames) * STEP / SCENE)
    shares = [len(range(first, minutes, len(SIX))) / minutes for first in range(len(SIX))]
    by_kind = {kind: _rate(counts[kind], share * whole) for kind, share in zip(SIX, shares, strict=True)}
    chain = deployable(compress(network.core) if network.core else None, network.labels)
    total = _rate(sum(counts.values()), whole)
    if as_json:
        chosen = {"threshold": settings.threshold, "smoothing": settings.smoothing}
        print_json({"model": str(model)} | heard | chosen | total | {"by_kind": by_kind} | chain.as_json())
        return
    length = f"{whole:.1f} hours" if whole >= 1 else f"{60 * whole:.0f} minutes"
    print(one_line(f"{model}: {_in_words(total, length)}, {source}"))
    for kind, found in by_kind.items():
        length = f"{60 * found['hours']:.0f} minutes"
        print(f"  {kind:<16}{_in_words(found, length)}")
    if chain.reason:
        print(one_line(f"  {chain.reason}"))


def _rate(count: int, hours: float) -> dict[str, Any]:
    """False accepts, the hours in which they occurred, and their rate with its Poisson interval."""
    from kwslib.statistics import poisson_rate

    return {
        "hours": hours,
        "false_accepts": count,
        "false_accepts_per_hour": count / hours,
        "false_accepts_per_hour_ci95": list(poisson_rate(count, hours)),
    }


def _in_words(found: dict[str, Any], length: str) -> str:
    low, high = found["false_accepts_per_hour_ci95"]
    rate = f"{found['false_accepts_per_hour']:.1f} an hour (95 % interval {low:.1f} to {high:.1f})"
    return f"{found['false_accepts']} false accepts in {length}, {rate}"
