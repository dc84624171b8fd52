"""A stream through the deployed chain, hop by hop: check of all logits, and the decision with its inputs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_stream import run_at_once, run_stream, whole_windows
from kwslib.deployment.decision import CERTAIN, DecisionSettings
from kwslib.deployment.stream_plan import stream
from kwslib.experiments.field import field_stage, trial_effort
from kwslib.features.frontend import FRAME_SECONDS, HOP, STEP, WINDOW_SECONDS, Frontend
from kwslib.field.minutes import continuous_frames
from kwslib.field.stream import decide, posteriors
from kwslib.labels import SAMPLE_RATE, class_labels
from kwslib.progress import over_cores
from kwslib.record.recording import Run
from kwslib.report.part7.chains import field_sound

CHUNK = 5000  # hops at a time
HOUR = 90_000  # hops
SHOWN = 4  # trials of the field: one of each class


def hour(run: Run) -> np.ndarray:
    """The first hour of the profile's sound without keywords, or all of it if shorter: int8 (F, 40)."""
    return continuous_frames(field_stage(run), trial_effort(run).hours)[: HOUR * HOP]


def equal_hops(network: Network, frames: np.ndarray) -> tuple[int, int]:
    """(hops with all logits equal, hops), comparing the stream with whole windows, or with a causal network run over
    the whole stream at once."""
    plan = stream(network)
    streamed = run_stream(plan, frames)
    if plan.endless:
        expected = run_at_once(network, frames)
    else:
        windows = whole_windows(frames)
        parts = range(0, len(windows), CHUNK)
        expected = np.concatenate(
            over_cores(
                lambda start: run_network(network, np.ascontiguousarray(windows[start : start + CHUNK])),
                parts,
                "windows",
                threads=True,
            )
        )
    return int((streamed == expected).all(axis=1).sum()), len(streamed)


@dataclass(frozen=True)
class Listening:
    """A stream of int16 `sound` and T decisions on it: times in s, posteriors and their means (T, C), the class
    reported or -1 (T,). `said`: (s, word); `pause`: s after a report during which nothing is reported."""

    sound: np.ndarray
    said: list[tuple[float, str]]
    labels: tuple[str, ...]
    times: np.ndarray
    posteriors: np.ndarray
    smoothed: np.ndarray
    reported: np.ndarray
    threshold: float
    pause: float


def listening(run: Run, path: Path, settings: DecisionSettings) -> Listening:
    """The field's first trials through a network and the sketch's decision logic."""
    trial_stage, sound, network = field_stage(run), field_sound(run, SHOWN), read_network(path)
    frames = Frontend().process(sound[: len(sound) // STEP * STEP])
    logits = run_stream(stream(network), frames)
    decisions = decide(logits, network.output_scale, settings)
    length = len(sound) // SHOWN
    trials = [trial_stage.trial(index) for index in range(SHOWN)]
    labels = class_labels()
    said = [
        ((index * length + trial.start) / SAMPLE_RATE, labels[index % len(labels)])
        for index, trial in enumerate(trials)
        if index % len(labels)
    ]
    return Listening(
        sound,
        said,
        labels,
        (HOP * np.arange(1, len(logits) + 1) - 1) * FRAME_SECONDS + WINDOW_SECONDS,
        posteriors(logits, network.output_scale) / CERTAIN,
        decisions.smoothed / CERTAIN,
        decisions.reported,
        float(np.max(settings.threshold)),
        settings.suppression * HOP * FRAME_SECONDS,
    )
