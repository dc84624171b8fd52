"""The field test: many trials of one model, counted by class, with confidence intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.cache import cached, code, digest
from kwslib.data.corpus import Corpus, open_corpus
from kwslib.deployment.decision import DecisionSettings
from kwslib.errors import KwsError
from kwslib.features import frontend
from kwslib.features.frontend import FRAME_SECONDS, HOP
from kwslib.field.conditions import DEFAULT, Field
from kwslib.field.rooms import Room, room_bank
from kwslib.field.sources import Material, material
from kwslib.field.stream import (
    StreamNetwork,
    answer,
    decide,
    first_after,
    frames_in,
    listen,
    open_network,
    windows,
)
from kwslib.field.trials import LENGTH, PROMPT, Trial, classes_of, draw, render
from kwslib.labels import SAMPLE_RATE
from kwslib.networks.evaluation import Evaluation
from kwslib.progress import over_cores
from kwslib.statistics import poisson_rate, wilson

PARTS = 32  # that trials are rendered in, side by side
SINCE = first_after(PROMPT / SAMPLE_RATE, frames_in(LENGTH))  # the first inference whose answer counts


@dataclass(frozen=True)
class Stage:
    """The setting of trials: a field, the material of a split, its rooms, and the seed of all draws."""

    field: Field
    material: Material
    rooms: tuple[Room, ...]
    content: str
    seed: int = 0

    def trial(self, index: int) -> Trial:
        """The draws of the trial of this number."""
        return draw(self.material, self.field, self.rooms, self.seed, index)

    def render(self, trial: Trial) -> np.ndarray:
        """The samples of a trial, int16 (64000,)."""
        return render(trial, self.material, self.field, self.rooms)

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        """The front end's frames of trials, int8 (n, F, 40), cached."""

        def make() -> dict[str, np.ndarray]:
            parts = np.array_split(np.array(indices), min(len(indices), PARTS))
            return {"frames": np.concatenate(over_cores(self._listen, parts, "field trials"))}

        return cached("field", self.key(indices), make)["frames"]

    def _listen(self, indices: np.ndarray) -> np.ndarray:
        return np.stack([listen(self.render(self.trial(int(i)))) for i in indices])

    def key(self, indices: Sequence[int]) -> str:
        """Digest of everything that determines the frames of these trials: data, draws, rooms, front end and
        source code."""
        return digest(
            self.field,
            self.material.split,
            self.material.labels,
            self.content,
            self.seed,
            list(indices),
            frontend.fingerprint(),
            code(__name__),
            self._rooms_digest,
        )

    @cached_property
    def _rooms_digest(self) -> str:
        return digest(
            *(
                (room.name, room.distance, room.rt60, room.speech.tobytes(), room.background.tobytes())
                for room in self.rooms
            )
        )


def stage(
    corpus: Corpus,
    labels: Sequence[str],
    field: Field = DEFAULT,
    *,
    split: str = "testing",
    seed: int = 0,
    rooms: tuple[Room, ...] | None = None,
) -> Stage:
    """A stage for a corpus; by default its rooms are the split's bank. Raises KwsError as `material` does."""
    rooms = room_bank(field, split) if rooms is None else rooms
    return Stage(field, material(corpus, labels, split), rooms, corpus.content_hash, seed)


@dataclass(frozen=True)
class FieldResult:
    """Results of one model's trials: classes spoken and answered (n,); keywords reported in trials without one, and the
    hours of these trials."""

    labels: tuple[str, ...]
    said: np.ndarray
    answers: np.ndarray
    false_accepts: int
    hours: float
    settings: DecisionSettings

    @cached_property
    def evaluation(self) -> Evaluation:
        """Counts by class."""
        confusion = np.zeros((len(self.labels), len(self.labels)), int)
        np.add.at(confusion, (self.said, self.answers), 1)
        return Evaluation(self.labels, confusion)

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.said)

    @property
    def accuracy(self) -> float:
        """Share of trials answered correctly."""
        return self.evaluation.accuracy

    @property
    def ci95(self) -> tuple[float, float]:
        """Wilson interval of the accuracy."""
        return wilson(self.evaluation.correct, self.n)

    def as_json(self) -> dict[str, Any]:
        """The object that `kws field --json` prints: counts, intervals, confusion (spoken by answered), false
        accepts."""
        result = self.evaluation.as_json()
        for row in result["per_class"].values():
            row["ci95"] = list(wilson(row["correct"], row["n"]))
        return result | {
            "labels": list(self.labels),
            "false_accepts": self.false_accepts,
            "hours": self.hours,
            "false_accepts_per_hour": self.false_accepts / self.hours if self.hours else None,
            "false_accepts_per_hour_ci95": (
                list(poisson_rate(self.false_accepts, self.hours)) if self.hours else [0.0, None]
            ),
        }


def trial_logits(network: StreamNetwork, frames: np.ndarray) -> np.ndarray:
    """Logits of every inference of every trial, (n, T, C), from frames int8 (n, F, 40)."""
    return np.stack(over_cores(lambda trial: network(windows(trial)), frames, network.name, threads=True))


def judge(
    logits: np.ndarray, said: np.ndarray, network: StreamNetwork, settings: DecisionSettings
) -> FieldResult:
    """Results of trials from their logits (n, T, C) and the classes spoken (n,)."""
    labels = network.labels
    decisions = [decide(trial, network.scale, settings) for trial in logits]
    answers = np.array([answer(decision, SINCE) for decision in decisions])
    false_accepts = sum(
        int((decision.reported >= 0).sum())
        for decision, label in zip(decisions, said, strict=True)
        if label < 2
    )
    hours = float((said < 2).sum()) * logits.shape[1] * HOP * FRAME_SECONDS / 3600
    return FieldResult(labels, said, answers, false_accepts, hours, settings)


def run_stage(
    network: StreamNetwork, stage: Stage, indices: Sequence[int], settings: DecisionSettings
) -> FieldResult:
    """Results of a model on trials of a stage, given by number; the classes alternate."""
    said = classes_of(indices, network.labels)
    return judge(trial_logits(network, stage.frames(indices)), said, network, settings)


def run_trials(
    model: str | Path | StreamNetwork,
    n: int = 2000,
    seed: int = 0,
    corpus: Corpus | None = None,
    *,
    field: Field = DEFAULT,
    settings: DecisionSettings | None = None,
    split: str = "testing",
    rooms: tuple[Room, ...] | None = None,
) -> FieldResult:
    """`n` field trials of a model (FILE.tflite or FILE.pt); a corpus and a seed give the same trials for every model.

    `corpus`: by default that of the profile. Raises KwsError for fewer trials than classes.
    """
    network = model if isinstance(model, StreamNetwork) else open_network(model)
    if n < len(network.labels):
        raise KwsError(f"{n} trials: give at least one for each of the {len(network.labels)} classes")
    trial_stage = stage(corpus or open_corpus(), network.labels, field, split=split, seed=seed, rooms=rooms)
    settings = settings or network.settings or DecisionSettings(classes=len(network.labels))
    return run_stage(network, trial_stage, range(n), settings)


def small_tests(result: FieldResult, trials: int = 20, times: int = 1000, seed: int = 0) -> np.ndarray:
    """Accuracies (times,) of small tests drawn from the trials of a large one without replacement, with equal
    class counts of the classes there are."""
    rng = np.random.default_rng(seed)
    correct = result.said == result.answers
    by_class = [np.flatnonzero(result.said == label) for label in np.unique(result.said)]
    each = trials // len(by_class)
    return np.array(
        [
            np.mean([correct[rng.choice(mine, each, replace=False)].mean() for mine in by_class])
            for _ in range(times)
        ]
    )
