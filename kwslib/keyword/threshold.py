"""The threshold from which a model reports its word: chosen on hours and trials of validation, stored in its file."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kwslib.data.corpus import Corpus
from kwslib.deployment.decision import DecisionSettings, settings_note
from kwslib.field import detection
from kwslib.field.detection import Choice, OperatingPoint
from kwslib.field.evaluate import Stage, stage, trial_logits
from kwslib.field.minutes import continuous_frames
from kwslib.field.stream import StreamNetwork
from kwslib.keyword import HOURS, TRIALS

MOST_PER_HOUR = 2.0  # false accepts


def choose(network: StreamNetwork, corpus: Corpus, trials: int = TRIALS, hours: float = HOURS) -> Choice:
    """The smoothing and threshold with the fewest missed words in validation trials, among those whose false accepts in
    validation hours are `allowed`: so few that the end of their interval is within MOST_PER_HOUR."""
    where, said, sound = _heard(network, corpus, "validation", trials, hours)
    most = detection.allowed(detection.stream_hours(sound), MOST_PER_HOUR)
    return detection.choose(network, where, said, sound, most)


def evaluate_settings(
    network: StreamNetwork, corpus: Corpus, settings: DecisionSettings, trials: int, hours: float
) -> OperatingPoint:
    """Results of the settings on trials and hours of testing."""
    heard = _heard(network, corpus, "testing", trials, hours)
    points = detection.detection_curve(network, *heard, settings)
    return detection.operating_point(points, settings)


def prepare(corpus: Corpus, labels: Sequence[str], trials: int, hours: float) -> None:
    """Make the sound that `choose` and `evaluate_settings` listen to, which is cached."""
    for split in ("validation", "testing"):
        _sound(corpus, labels, split, trials, hours)


def _heard(
    network: StreamNetwork, corpus: Corpus, split: str, trials: int, hours: float
) -> tuple[Stage, np.ndarray, np.ndarray]:
    """A split's stage, logits of its trials (n, T, C) and of its hours without a keyword (T, C)."""
    where, said, sound = _sound(corpus, network.labels, split, trials, hours)
    return where, trial_logits(network, said), detection.stream_logits(network, sound)


def _sound(
    corpus: Corpus, labels: Sequence[str], split: str, trials: int, hours: float
) -> tuple[Stage, np.ndarray, np.ndarray]:
    """A split's stage, frames of its trials (n, F, 40) and of its hours without a keyword (F, 40)."""
    where = stage(corpus, labels, split=split)
    return where, where.frames(range(trials)), continuous_frames(where, hours)


def as_extra(settings: DecisionSettings) -> dict[str, Any]:
    """The settings as a checkpoint has them, from which an export takes them."""
    return {"decision": settings_note(settings)}
