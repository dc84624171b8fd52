"""Reports of a model in uncut sound: long recordings, and everyday words one by one."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.data.audio import audio_blocks, read_clip
from kwslib.data.corpus import Corpus
from kwslib.data.voices import EVERYDAY, everyday_clips
from kwslib.deployment.decision import CERTAIN, DecisionSettings
from kwslib.errors import KwsError
from kwslib.features.frontend import FRAME_SECONDS, FRAMES, HOP, WINDOW_SECONDS, Frontend
from kwslib.field.detection import stream_logits
from kwslib.field.recordings import surrounded
from kwslib.field.stream import (
    StreamNetwork,
    decide,
    inference_frames,
    inference_times,
    listen,
    posteriors,
    reports,
    smooth,
    windows,
)
from kwslib.labels import SAMPLE_RATE
from kwslib.progress import over_cores


@dataclass(frozen=True)
class Report:
    """A word reported, and the time in seconds from the start of the sound."""

    time: float
    label: str


def listen_to(network: StreamNetwork, path: Path, settings: DecisionSettings) -> tuple[list[Report], float]:
    """All reports in a recording of any length, and its duration in seconds.

    Raises KwsError for a file that is not audio, or too short for two inferences.
    """
    frontend, frames, samples = Frontend(), [], 0
    for block in audio_blocks(path):
        frames.append(frontend.process(block))
        samples += len(block)
    stream = np.concatenate(frames) if frames else np.empty((0, 40), np.int8)
    if len(stream) <= FRAMES + HOP:
        least = (FRAMES + HOP) * FRAME_SECONDS + WINDOW_SECONDS
        sound = (
            samples * 100 // SAMPLE_RATE / 100
        )  # rounded down, or what lacks a sample would read as enough
        raise KwsError(f"{path}: {sound:.2f} s of sound: give {least:.2f} s or more")
    logits = stream_logits(network, stream)
    reported = reports(smooth(posteriors(logits, network.scale), settings.smoothing), settings)
    times = inference_times(len(stream))
    second = np.flatnonzero(reported >= 0)
    return [Report(float(times[t]), network.labels[reported[t]]) for t in second], samples / SAMPLE_RATE


@dataclass(frozen=True)
class Fired:
    """False accepts among `n` words that are not the keyword."""

    n: int
    names: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The counts and the names as plain values."""
        return {"n": self.n, "fired": len(self.names), "names": list(self.names)}


def everyday(network: StreamNetwork, settings: DecisionSettings) -> Fired:
    """False accepts among the 200 everyday words, each in a different synthesized voice that is not used in
    training."""
    return _fired(network, settings, everyday_clips(network.labels[2]).items())


def everyday_of_people(network: StreamNetwork, settings: DecisionSettings, corpus: Corpus) -> Fired | None:
    """The same for 200 recordings of other words by testing speakers; None if the corpus has no recordings."""
    others = [clip for clip in corpus.clips if clip.split == "testing" and clip.word not in network.labels]
    if corpus.synthetic or not others:
        return None
    chosen = np.random.default_rng(15).permutation(len(others))[:EVERYDAY]
    return _fired(network, settings, ((others[i].name, read_clip(others[i].path)) for i in chosen))


def _fired(
    network: StreamNetwork, settings: DecisionSettings, clips: Iterable[tuple[str, np.ndarray]]
) -> Fired:
    rng = np.random.default_rng(0)
    streams = {name: surrounded(clip, rng) for name, clip in clips}

    def fires(stream: np.ndarray) -> bool:
        logits = network(windows(listen(stream)))
        return bool((decide(logits, network.scale, settings).reported >= 0).any())

    fired = over_cores(fires, streams.values(), "everyday words", threads=True)
    return Fired(len(streams), tuple(itertools.compress(streams, fired)))


class Listener:
    """Runs a model on a stream in chunks, as from a microphone, and returns posteriors and reports as they
    are complete."""

    def __init__(self, network: StreamNetwork, settings: DecisionSettings) -> None:
        self.network, self.settings = network, settings
        self._frontend = Frontend()
        self._frames = np.empty((0, 40), np.int8)
        self._means = np.empty((0, len(network.labels)), np.int64)
        self._due = int(inference_frames(2 * FRAMES)[0])  # frames after which the next inference comes
        self._wait = 0

    def hear(self, samples: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
        """For a chunk int16 (n,), the smoothed posteriors (C,) in 0..1 and the class reported or -1 of each
        inference that it completes."""
        self._frames = np.concatenate([self._frames, self._frontend.process(samples)])
        while len(self._frames) >= self._due:
            logits = self.network(self._frames[None, self._due - FRAMES : self._due])
            self._frames, self._due = self._frames[self._due - FRAMES + HOP :], FRAMES
            latest = posteriors(logits, self.network.scale)
            self._means = np.concatenate([self._means, latest])[-self.settings.smoothing :]
            smoothed = smooth(self._means, self.settings.smoothing)[-1:]
            reported = -1
            if self._wait:
                self._wait -= 1
            elif len(self._means) == self.settings.smoothing:
                once = smoothed.repeat(self.settings.smoothing, axis=0)
                reported = int(reports(once, self.settings)[-1])
                self._wait = self.settings.suppression if reported >= 0 else 0
            yield smoothed[0] / CERTAIN, reported
