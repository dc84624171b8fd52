"""Detection over hours: false accepts per hour, false rejects, the trade-off between them, and latency.

False accepts are counted on continuous sound without a keyword: scenes of a minute, each in another room, by turns
words of the unknown class amid a background, one every two seconds; a background alone; a quiet room, whose background
is at the field's best ratio. The front end runs through.
False rejects are counted on the trials of the field test: a keyword that is not reported within them. The trade-off
over all thresholds is the detection-error curve (Martin et al., Eurospeech 1997) in the units of keyword spotting.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kwslib.cache import cached, code, digest
from kwslib.deployment.decision import DecisionSettings
from kwslib.features.frontend import FRAMES, Frontend
from kwslib.field.evaluate import SINCE, Stage
from kwslib.field.microphone import FULL_SCALE
from kwslib.field.scene import add_background, add_speech, background_in_room, record, speech_in_room
from kwslib.field.sources import BACKGROUNDS, extent, loudest, spoken
from kwslib.field.stream import (
    FRAME_SECONDS,
    STRIDE,
    StreamNetwork,
    inference_times,
    posteriors,
    reports,
    smooth,
)
from kwslib.labels import SAMPLE_RATE
from kwslib.progress import over_cores
from kwslib.statistics import poisson_rate, wilson

SCENE = 60 * SAMPLE_RATE  # samples
KINDS = ("words", "background", "quiet")
PAUSE = (0.0, 2.0)  # s between clips of one second
THRESHOLDS = tuple(np.round(np.concatenate([np.arange(0.3, 0.95, 0.025), np.arange(0.95, 1.0, 0.005)]), 4))
CHUNK = 4096  # inferences at a time
TOGETHER = 30  # scenes rendered before the front end, which runs through, hears them


@dataclass(frozen=True)
class OperatingPoint:
    """One threshold: false accepts and hours listened, keywords missed and said, latencies in s of those reported."""

    threshold: float
    false_accepts: int
    hours: float
    rejects: int
    keywords: int
    latencies: np.ndarray

    @property
    def per_hour(self) -> float:
        return self.false_accepts / self.hours

    @property
    def per_hour_ci95(self) -> tuple[float, float]:
        return poisson_rate(self.false_accepts, self.hours)

    @property
    def reject_rate(self) -> float:
        return self.rejects / self.keywords

    @property
    def reject_ci95(self) -> tuple[float, float]:
        return wilson(self.rejects, self.keywords)


def continuous_frames(stage: Stage, hours: float) -> np.ndarray:
    """Frames of so many hours without a keyword, int8 (F, 40), from the cache or made."""

    def make() -> dict[str, np.ndarray]:
        frontend = Frontend()
        scenes = round(3600 * hours * SAMPLE_RATE / SCENE)
        frames = []
        for start in range(0, scenes, TOGETHER):
            numbers = range(start, min(start + TOGETHER, scenes))
            minutes = over_cores(lambda number: _scene(stage, number), numbers, "minutes without a keyword")
            frames += [frontend.process(minute) for minute in minutes]
        return {"frames": np.concatenate(frames)}

    return cached("field", digest(stage.key(()), hours, code(__name__)), make)["frames"]


def _scene(stage: Stage, number: int) -> np.ndarray:
    """A minute in one room: int16 (SCENE,)."""
    field, material = stage.field, stage.material
    rng = np.random.default_rng([stage.seed, 60, number])
    room = stage.rooms[rng.integers(len(stage.rooms))]
    pool = material.clips[1]
    pressure = np.zeros(SCENE, np.float32)
    levels = []
    scene = KINDS[number % len(KINDS)]
    start = 0
    while start < SCENE - 2 * SAMPLE_RATE:
        clip = spoken(pool[rng.integers(len(pool))])
        word = speech_in_room(clip, rng.uniform(*field.speech_spl), room)
        levels.append(loudest(word))
        if scene != "words":
            break
        add_speech(pressure, word, start)
        start += SAMPLE_RATE + int(rng.uniform(*PAUSE) * SAMPLE_RATE)
    if field.snr is not None:
        kind = str(rng.choice(BACKGROUNDS))
        sound = background_in_room(kind, rng, material, room, SCENE, None)
        snr = field.snr[1] if scene == "quiet" else rng.uniform(*field.snr)
        add_background(pressure, sound, float(np.median(levels)), snr)
    return record(pressure, field.microphone, rng, FULL_SCALE / 10)


def stream_logits(network: StreamNetwork, frames: np.ndarray) -> np.ndarray:
    """Logits of every inference over a long stream of frames (F, 40): (T, C).

    Of a network that sees windows alone, parts of the stream run side by side.
    """
    if network.endless:
        return network.logits_of_stream(frames)
    step = STRIDE * CHUNK
    starts = range(0, len(frames) - FRAMES, step)
    parts = (frames[start : start + step + FRAMES - 1] for start in starts)
    return np.concatenate(over_cores(network.logits_of_stream, parts, network.name, threads=True))


def detection_curve(
    network: StreamNetwork,
    stage: Stage,
    trial_logits: np.ndarray,
    continuous_logits: np.ndarray,
    settings: DecisionSettings,
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[OperatingPoint]:
    """An operating point for each threshold.

    trial_logits (n, T, C): of trials 0 to n - 1 of `stage`; continuous_logits (T, C).
    """
    hours = len(continuous_logits) * STRIDE * FRAME_SECONDS / 3600
    continuous_means = smooth(posteriors(continuous_logits, network.scale), settings.smoothing)
    said = np.arange(len(trial_logits)) % len(network.labels)
    spoken_trials = np.flatnonzero(said >= 2)
    smoothed = [smooth(posteriors(trial_logits[i], network.scale), settings.smoothing) for i in spoken_trials]
    ends = [word_end(stage, int(i)) for i in spoken_trials]
    times = inference_times(STRIDE * trial_logits.shape[1] + FRAMES)[: trial_logits.shape[1]]
    points = []
    for threshold in thresholds:
        candidate = replace(settings, threshold=float(threshold))
        rejects, latencies = 0, []
        for trial, means, end in zip(spoken_trials, smoothed, ends, strict=True):
            right = np.flatnonzero(reports(means, candidate)[SINCE:] == said[trial])
            if len(right):
                latencies.append(times[SINCE + right[0]] - end)
            else:
                rejects += 1
        accepts = int((reports(continuous_means, candidate) >= 0).sum())
        points.append(
            OperatingPoint(float(threshold), accepts, hours, rejects, len(spoken_trials), np.array(latencies))
        )
    return points


def word_end(stage: Stage, index: int) -> float:
    """Seconds into the stream of a trial at which 97.5 % of its clip's energy have sounded."""
    trial = stage.trial(index)
    return (trial.start + extent(spoken(trial.clip))[1]) / SAMPLE_RATE


def best_within(points: Sequence[OperatingPoint], most_per_hour: float) -> OperatingPoint:
    """The point that misses fewest keywords among those with no more false accepts per hour, the lowest threshold of
    equals; where none keeps within it, the one with the fewest false accepts."""
    within = [point for point in points if point.per_hour <= most_per_hour]
    if within:
        return min(within, key=lambda point: (point.reject_rate, point.threshold))
    return min(points, key=lambda point: (point.per_hour, point.reject_rate))
