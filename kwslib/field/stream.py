"""The deployed chain on a stream: C front end, network and C decision logic, with the order and timing of the sketch.

A frame every 20 ms; every second frame, an inference on the last 49 frames and a decision. An int8 .tflite file
runs in the C core, bit-identical to the board. A checkpoint runs in PyTorch, with the decision in floating-point
arithmetic: this is the chain before quantization.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.deployment.core_network import Network
from kwslib.deployment.core_stream import run_at_once, run_stream
from kwslib.deployment.decision import CERTAIN, Decision, DecisionSettings, exponential_table
from kwslib.deployment.model_file import ModelFile, read_model
from kwslib.deployment.stream_plan import stream
from kwslib.features.frontend import FRAME_SECONDS, FRAMES, HOP, WINDOW_SECONDS, Frontend
from kwslib.labels import SAMPLE_RATE

UNKNOWN_PERCENT = (
    50  # of smoothed posterior from which the sketch answers "unknown" where nothing is reported
)


@dataclass(frozen=True)
class StreamNetwork:
    """A model for streams, called on int8 windows (N, 49, 40). `scale`: that of its int8 logits, None for float ones;
    `core`: its layers in the C core, if it runs there; `settings`: decision settings chosen for it, if any."""

    name: str
    labels: tuple[str, ...]
    scale: float | None
    _run: Any
    core: Network | None = field(default=None, compare=False, repr=False)
    settings: DecisionSettings | None = None

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """Logits (N, C): int8 where the model is quantized, else float32."""
        return self._run(windows)

    @property
    def endless(self) -> bool:
        """Whether its results depend on the whole past, as those of causal networks do."""
        return self.core is not None and stream(self.core).endless

    def logits_of_stream(self, frames: np.ndarray) -> np.ndarray:
        """Logits (T, C) of every inference on a stream of frames int8 (F, 40), as deployed.

        A causal network runs on the whole stream; for others, only the new part of each window is computed if the
        results are identical.
        """
        if self.core is None:
            return self(windows(frames))
        if self.endless:
            return run_at_once(self.core, frames)[inference_frames(len(frames)) // HOP - 1]
        plan = stream(self.core)
        if plan.whole:
            return self(windows(frames))
        return run_stream(plan, frames)[inference_frames(FRAMES + HOP)[0] // HOP - 1 :]


def open_network(model: str | Path | ModelFile) -> StreamNetwork:
    """FILE.tflite (int8) in the C core, or FILE.pt in PyTorch.

    Raises KwsError as `kwslib.deployment.model_file.read_model` does, and for a file that the C core cannot run.
    """
    from kwslib.predictors import CorePredictor, TorchPredictor

    file = read_model(model)
    name, labels, settings = file.path.name, file.labels, file.settings
    if file.checkpoint:
        return StreamNetwork(name, labels, None, TorchPredictor(file).logits, settings=settings)
    core = CorePredictor(file)
    return StreamNetwork(name, labels, core.network.output_scale, core.integer_logits, core.network, settings)


def listen(samples: np.ndarray) -> np.ndarray:
    """All frames of a stream int16 (n,) from a reset front end: int8 (frames, 40)."""
    return Frontend().process(samples)


def inference_frames(frames: int) -> np.ndarray:
    """Number of frames complete at each inference once the window is full: FRAMES rounded up to the stride, ..."""
    return np.arange(FRAMES + FRAMES % HOP, frames + 1, HOP)


def inference_times(frames: int) -> np.ndarray:
    """Time in the stream, in seconds, of the last sample of each of these inferences."""
    return (inference_frames(frames) - 1) * FRAME_SECONDS + WINDOW_SECONDS


def windows(frames: np.ndarray) -> np.ndarray:
    """The network's input at each inference: int8 (T, 49, 40), from frames (F, 40)."""
    view = np.lib.stride_tricks.sliding_window_view(frames, FRAMES, axis=0).swapaxes(1, 2)
    return np.ascontiguousarray(view[inference_frames(len(frames)) - FRAMES])


@dataclass(frozen=True)
class Decisions:
    """For each inference, smoothed posteriors uint16 (T, C) on the scale of CERTAIN and the class reported or
    -1 (T,)."""

    smoothed: np.ndarray
    reported: np.ndarray


def decide(logits: np.ndarray, scale: float | None, settings: DecisionSettings) -> Decisions:
    """The decision logic on the logits of one stream (T, C): that of the C core for int8, otherwise its float
    version."""
    if scale is None:
        smoothed = smooth(posteriors(logits, None), settings.smoothing)
        return Decisions(smoothed, reports(smoothed, settings))
    decision = Decision(settings, scale)
    smoothed = np.empty(logits.shape, np.uint16)
    reported = np.empty(len(logits), np.int64)
    for t, row in enumerate(logits):
        reported[t], means = decision.process(row)
        smoothed[t] = np.rint(means * CERTAIN)
    return Decisions(smoothed, reported)


def reports(smoothed: np.ndarray, settings: DecisionSettings) -> np.ndarray:
    """Reports of the C decision logic for given smoothed posteriors: classes or -1, (T,). For tests of many
    thresholds."""
    thresholds = settings.thresholds().astype(np.int64)
    best = smoothed.argmax(axis=1)
    loud = smoothed[np.arange(len(best)), best] >= thresholds[best]
    loud[: settings.smoothing - 1] = False
    reported = np.full(len(best), -1)
    free = 0
    for t in np.flatnonzero(loud):
        if t >= free:
            reported[t] = best[t]
            free = t + settings.suppression + 1
    return reported


def answer(decisions: Decisions, since: int) -> int:
    """The sketch's answer to a trial with the prompt before inference `since`: a class.

    The last word reported; else unknown (1) if its smoothed posterior was the largest and at least one half; else
    silence (0).
    """
    words = decisions.reported[since:]
    if (words >= 0).any():
        return int(words[words >= 0][-1])
    smoothed = decisions.smoothed[since:].astype(np.int64)
    unknown = (smoothed.argmax(axis=1) == 1) & (smoothed[:, 1] * 100 // CERTAIN >= UNKNOWN_PERCENT)
    return int(unknown.any())


def first_after(seconds: float, frames: int) -> int:
    """The first inference in a stream of `frames` frames whose window has sound from after `seconds`."""
    return int(np.searchsorted(inference_times(frames), seconds, side="right"))


def frames_in(samples: int) -> int:
    """Number of frames that are complete after a number of samples."""
    return 1 + int((samples / SAMPLE_RATE - WINDOW_SECONDS) / FRAME_SECONDS + 1e-9)


def posteriors(logits: np.ndarray, scale: float | None) -> np.ndarray:
    """Posteriors of logits (T, C) on the scale of CERTAIN, int64; for int8 logits bit-identical to the C core's."""
    if scale is None:
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
        return np.rint(CERTAIN * exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.int64)
    table = np.zeros(256, np.int64)
    known = exponential_table(scale)
    table[: len(known)] = known
    wide = logits.astype(np.int64)
    shares = table[wide.max(axis=1, keepdims=True) - wide]
    total = shares.sum(axis=1, keepdims=True)
    return (shares * CERTAIN + total // 2) // total


def smooth(posteriors: np.ndarray, smoothing: int) -> np.ndarray:
    """Means over the last `smoothing` rows (fewer at the start), as in the C core: uint16 (T, C)."""
    sums = np.concatenate([np.zeros((1, posteriors.shape[1]), np.int64), np.cumsum(posteriors, axis=0)])
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - smoothing, 0)
    return ((sums[ends] - sums[starts]) // (ends - starts)[:, None]).astype(np.uint16)
