"""How sure a model must be before it reports its word: chosen on hours and trials of validation, kept in its file."""

from dataclasses import dataclass, replace
from pathlib import Path

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.data.corpus import Corpus
from kwslib.deployment.decision import DecisionSettings, settings_note
from kwslib.field.detection import (
    OperatingPoint,
    best_within,
    detection_curve,
    stream_logits,
)
from kwslib.field.evaluate import stage, trial_logits
from kwslib.field.minutes import continuous_frames
from kwslib.field.stream import StreamNetwork
from kwslib.keyword import HOURS, TRIALS

MOST_PER_HOUR = 2.0  # false accepts that a threshold may cost on validation
SMOOTHINGS = (4, 6, 10, 16)  # inferences, of which one is chosen


@dataclass(frozen=True)
class Choice:
    """How a model decides, and what that came to."""

    settings: DecisionSettings
    point: OperatingPoint


def measure(
    network: StreamNetwork,
    corpus: Corpus,
    split: str,
    settings: list[DecisionSettings],
    trials: int,
    hours: float,
) -> list[list[OperatingPoint]]:
    """The trade-off over all thresholds at each of `settings`, on trials and hours of a split."""
    split_stage = stage(corpus, network.labels, split=split)
    logits = trial_logits(network, split_stage.frames(range(trials)))
    sound = stream_logits(network, continuous_frames(split_stage, hours))
    return [detection_curve(network, split_stage, logits, sound, one) for one in settings]


def choose(network: StreamNetwork, corpus: Corpus, trials: int = TRIALS, hours: float = HOURS) -> Choice:
    """The smoothing and threshold that miss fewest words on validation among those with no more than MOST_PER_HOUR
    false accepts an hour there."""
    tried = [DecisionSettings(len(network.labels), smoothing) for smoothing in SMOOTHINGS]
    curves = measure(network, corpus, "validation", tried, trials, hours)
    choices = []
    for settings, points in zip(tried, curves, strict=True):
        point = best_within(points, MOST_PER_HOUR)
        choices.append(Choice(replace(settings, threshold=point.threshold), point))
    return min(
        choices, key=lambda choice: (max(choice.point.per_hour, MOST_PER_HOUR), choice.point.reject_rate)
    )


def test(
    network: StreamNetwork, corpus: Corpus, settings: DecisionSettings, trials: int, hours: float
) -> OperatingPoint:
    """What the settings come to on trials and hours of testing."""
    (points,) = measure(network, corpus, "testing", [settings], trials, hours)
    return next(point for point in points if point.threshold == settings.threshold)


def keep(checkpoint: Path, settings: DecisionSettings) -> None:
    """Write the settings into a checkpoint, from which an export takes them on."""
    model, config, extra = load_checkpoint(checkpoint)
    save_checkpoint(checkpoint, model, config, extra | {"decision": settings_note(settings)})
