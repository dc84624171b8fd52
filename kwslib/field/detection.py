"""Detection over hours of sound: false accepts per hour, false rejects, the trade-off between them, and latency.

False accepts are counted on continuous sound without a keyword (kwslib/field/minutes.py).
False rejects are counted on the trials of the field test: a keyword that is not reported within them. The trade-off
over all thresholds is the detection-error curve (Martin et al., Eurospeech 1997) in the units of keyword spotting.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kwslib.data.clips import Clip
from kwslib.deployment.decision import DecisionSettings
from kwslib.features.frontend import FRAME_SECONDS, FRAMES, HOP, STEP
from kwslib.field.evaluate import SINCE, Stage
from kwslib.field.minutes import SCENE, kind_at, words_said
from kwslib.field.sources import extent, spoken
from kwslib.field.stream import StreamNetwork, inference_frames, inference_times, posteriors, reports, smooth
from kwslib.field.trials import classes_of
from kwslib.labels import SAMPLE_RATE
from kwslib.progress import over_cores
from kwslib.statistics import poisson_rate, wilson

THRESHOLDS = tuple(np.round(np.concatenate([np.arange(0.3, 0.95, 0.025), np.arange(0.95, 1.0, 0.005)]), 4))
SMOOTHINGS = (4, 6, 10, 16)  # inferences, of which one is chosen
CHUNK = 4096  # inferences at a time


@dataclass(frozen=True)
class OperatingPoint:
    """Results at one threshold: false accepts and hours of sound, keywords missed and spoken, the different clips that
    these are, latencies in s of those reported."""

    threshold: float
    false_accepts: int
    hours: float
    rejects: int
    keywords: int
    clips: int
    latencies: np.ndarray

    @property
    def per_hour(self) -> float:
        """False accepts per hour."""
        return self.false_accepts / self.hours

    @property
    def per_hour_ci95(self) -> tuple[float, float]:
        """Exact Poisson interval of the false accepts per hour."""
        return poisson_rate(self.false_accepts, self.hours)

    @property
    def reject_rate(self) -> float:
        """Share of the keywords spoken that were missed."""
        return self.rejects / self.keywords

    @property
    def reject_ci95(self) -> tuple[float, float]:
        """Wilson interval of the share missed."""
        return wilson(self.rejects, self.keywords)

    @property
    def reject_ci95_by_clip(self) -> tuple[float, float]:
        """As wide as if each clip were spoken once: a few clips in many rooms say little about others."""
        return wilson(self.reject_rate * self.clips, self.clips)


def stream_logits(network: StreamNetwork, frames: np.ndarray) -> np.ndarray:
    """Logits (T, C) of every inference on a long stream of frames (F, 40).

    For a network whose input is a window, parts of the stream run in parallel.
    """
    if network.endless:
        return network.logits_of_stream(frames)
    step = HOP * CHUNK
    starts = range(0, len(frames) - FRAMES, step)
    parts = (frames[start : start + step + FRAMES - 1] for start in starts)
    return np.concatenate(over_cores(network.logits_of_stream, parts, network.name, threads=True))


def stream_hours(logits: np.ndarray) -> float:
    """Hours of sound that a stream's logits (T, C) cover."""
    return len(logits) * HOP * FRAME_SECONDS / 3600


def detection_curve(
    network: StreamNetwork,
    stage: Stage,
    trial_logits: np.ndarray,
    continuous_logits: np.ndarray,
    settings: DecisionSettings,
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[OperatingPoint]:
    """An operating point for each threshold.

    trial_logits: (n, T, C), of trials 0 to n - 1 of `stage`; continuous_logits: (T, C).
    """
    hours = stream_hours(continuous_logits)
    continuous_means = smooth(posteriors(continuous_logits, network.scale), settings.smoothing)
    said = classes_of(range(len(trial_logits)), network.labels)
    spoken_trials = np.flatnonzero(said >= 2)
    smoothed = [smooth(posteriors(trial_logits[i], network.scale), settings.smoothing) for i in spoken_trials]
    ends = [word_end(stage, int(i)) for i in spoken_trials]
    clips = len({stage.trial(int(i)).clip for i in spoken_trials})
    times = inference_times(HOP * trial_logits.shape[1] + FRAMES)[: trial_logits.shape[1]]
    points = []
    for threshold in thresholds:
        candidate = replace(settings, threshold=float(threshold))
        rejects, latencies = 0, []
        for trial, means, end in zip(spoken_trials, smoothed, ends, strict=True):
            reported = first_report(means, said[trial], candidate)
            if reported is None:
                rejects += 1
            else:
                latencies.append(times[reported] - end)
        accepts = int((reports(continuous_means, candidate) >= 0).sum())
        points.append(
            OperatingPoint(
                *(float(threshold), accepts, hours, rejects, len(spoken_trials), clips, np.array(latencies))
            )
        )
    return points


def operating_point(points: Sequence[OperatingPoint], settings: DecisionSettings) -> OperatingPoint:
    """The point of a curve at the threshold of the settings, which is one of the curve's."""
    return next(point for point in points if point.threshold == settings.threshold)


def first_report(means: np.ndarray, said: int, settings: DecisionSettings) -> int | None:
    """The first inference of a trial at which the keyword `said` is reported after the prompt, from smoothed posteriors
    (T, C); None if the keyword is missed."""
    right = np.flatnonzero(reports(means, settings)[SINCE:] == said)
    return SINCE + int(right[0]) if len(right) else None


def spoken_keywords(
    network: StreamNetwork, stage: Stage, trial_logits: np.ndarray, settings: DecisionSettings
) -> list[dict[str, Any]]:
    """The draws of every trial with a keyword, with its room's (see `Trial.listed`), and whether it is `missed`.

    trial_logits: (n, T, C), of trials 0 to n - 1 of `stage`.
    """
    rows = []
    for number, logits in enumerate(trial_logits):
        if (said := number % len(network.labels)) >= 2:
            means = smooth(posteriors(logits, network.scale), settings.smoothing)
            missed = first_report(means, said, settings) is None
            rows.append(stage.trial(number).listed(stage.rooms) | {"missed": missed})
    return rows


def word_end(stage: Stage, index: int) -> float:
    """Time of the end of a trial's word, in seconds from the start of its stream: when 97.5 % of the clip's
    energy has passed."""
    trial = stage.trial(index)
    return (trial.start + extent(spoken(trial.clip))[1]) / SAMPLE_RATE


def best_within(points: Sequence[OperatingPoint], most_per_hour: float) -> OperatingPoint:
    """The point with the fewest missed keywords among those with at most `most_per_hour` false accepts per hour, and of
    equal ones that with the lowest threshold; if no point is within the limit, the one with the fewest false
    accepts."""
    within = [point for point in points if point.per_hour <= most_per_hour]
    if within:
        return min(within, key=lambda point: (point.reject_rate, point.threshold))
    return min(points, key=lambda point: (point.per_hour, point.reject_rate))


def allowed(hours: float, most_per_hour: float) -> float:
    """The largest rate of false accepts per hour, counted over `hours`, whose 95 % interval ends at `most_per_hour` or
    below; 0 if the hours are too few for any."""
    count = 0
    while poisson_rate(count + 1, hours)[1] <= most_per_hour:
        count += 1
    return count / hours


def accepted(network: StreamNetwork, continuous_logits: np.ndarray, settings: DecisionSettings) -> np.ndarray:
    """The last frame before each false accept in a stream of logits (T, C): int (n,)."""
    heard = smooth(posteriors(continuous_logits, network.scale), settings.smoothing)
    reported = np.flatnonzero(reports(heard, settings) >= 0)
    frames: np.ndarray = inference_frames(HOP * len(heard) + FRAMES)[reported] - 1
    return frames


def accepts_by_kind(frames: np.ndarray, kinds: Sequence[str]) -> dict[str, int]:
    """False accepts in each kind of minute, from the frames of `minutes` at which they occurred."""
    counts = np.bincount(kind_at(frames, kinds), minlength=len(kinds))
    return dict(zip(kinds, counts.tolist(), strict=True))


def accepts_by_clip(frames: np.ndarray, stage: Stage, kinds: Sequence[str]) -> Counter[Clip]:
    """False accepts by the clip that started last before them, in the kinds of minute that contain words."""
    counts: Counter[Clip] = Counter()
    for frame in frames.tolist():
        number, within = divmod(frame, SCENE // STEP)
        begun = [clip for start, clip in words_said(stage, number, kinds) if start <= within]
        counts.update(begun[-1:])
    return counts


@dataclass(frozen=True)
class Choice:
    """Decision settings chosen for a model, and the operating point that they give."""

    settings: DecisionSettings
    point: OperatingPoint


def choose(
    network: StreamNetwork,
    stage: Stage,
    trial_logits: np.ndarray,
    continuous_logits: np.ndarray,
    most_per_hour: float,
    smoothings: Sequence[int] = SMOOTHINGS,
) -> Choice:
    """The smoothing (in inferences) and threshold with the fewest missed keywords among those with at most
    `most_per_hour` false accepts per hour; if none is within the limit, those with the fewest. Arguments as
    for `detection_curve`."""
    choices = []
    for smoothing in smoothings:
        settings = DecisionSettings(len(network.labels), smoothing=smoothing)
        points = detection_curve(network, stage, trial_logits, continuous_logits, settings)
        point = best_within(points, most_per_hour)
        choices.append(Choice(replace(settings, threshold=point.threshold), point))
    return min(choices, key=lambda found: (max(found.point.per_hour, most_per_hour), found.point.reject_rate))
