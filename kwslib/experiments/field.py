"""The field of Parts 4, 6 and 7: how much of it a profile spends, the networks trained for it, and their decision
settings. Part 8's are those of kwslib.experiments.zoo_field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from kwslib.checkpoints import train
from kwslib.data.corpus import Corpus
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.export import export_int8
from kwslib.field import detection
from kwslib.field.conditions import DEFAULT, Field
from kwslib.field.detection import choose, stream_logits
from kwslib.field.evaluate import SINCE, Stage, stage, trial_logits
from kwslib.field.minutes import continuous_frames
from kwslib.field.rooms import ROOMS, room_bank
from kwslib.field.stream import Decisions, StreamNetwork, answer, open_network, posteriors, reports, smooth
from kwslib.field.training import FieldAugmentation, field_splits
from kwslib.field.trials import classes_of
from kwslib.labels import class_labels
from kwslib.networks.recipes import DROPOUT, setup
from kwslib.progress import over_cores
from kwslib.quantization import CALIBRATION_CLIPS
from kwslib.record import names
from kwslib.record.recording import Run

SMOOTHINGS = detection.SMOOTHINGS[1:]  # those that Parts 4 and 7 were recorded with
TRIAL_THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)


@dataclass(frozen=True)
class TrialEffort:
    """Amount of computation of a profile: trials per model and per factor, hours of continuous sound, rooms;
    training options."""

    trials: int
    factor_trials: int
    hours: float
    validation_hours: float
    rooms: int
    epochs: Mapping[str, int]
    training: FieldAugmentation


TRIAL_EFFORTS = {
    "quick": TrialEffort(
        *(80, 16, 0.05, 0.05, 8, {"tinyconv": 6, "tenet": 2}),
        FieldAugmentation(streams=1, windows=2, rooms=8, backgrounds=2),
    ),
    "report": TrialEffort(2000, 400, 5.0, 2.0, ROOMS, {"tinyconv": 60, "tenet": 20}, FieldAugmentation()),
}


@dataclass(frozen=True)
class Model:
    """A network, its decision settings, and its name in recorded values."""

    name: str
    network: StreamNetwork
    settings: DecisionSettings = field(default_factory=DecisionSettings)


def trial_effort(run: Run) -> TrialEffort:
    """The amount of computation of this run's profile."""
    return TRIAL_EFFORTS[run.profile.name]


def field_stage(run: Run, split: str = "testing") -> Stage:
    """The run's corpus in its profile's rooms."""
    return stage(
        run.corpus, class_labels(), split=split, rooms=room_bank(DEFAULT, split, trial_effort(run).rooms)
    )


def trial_logits_of(
    run: Run, network: StreamNetwork, split: str, n: int, field: Field = DEFAULT
) -> np.ndarray:
    """Logits of a network in the first `n` trials of a split, (n, T, C); computed once."""
    return _trial_logits(network, run.corpus, field, split, n, trial_effort(run).rooms)


@lru_cache(maxsize=16)  # at 2,000 trials of the report profile, 5 MB each
def _trial_logits(
    network: StreamNetwork, corpus: Corpus, field: Field, split: str, n: int, rooms: int
) -> np.ndarray:
    trial_stage = stage(corpus, class_labels(), field, split=split, rooms=room_bank(field, split, rooms))
    return trial_logits(network, trial_stage.frames(range(n)))


def open_model(path: Path, name: str = "field") -> Model:
    """A .tflite file with the sketch's own settings."""
    return Model(name, open_network(path))


def train_for_field(run: Run, archs: Sequence[str]) -> dict[str, Path]:
    """Networks of the zoo for the field, <arch>_field.tflite in int8 with checkpoints next to them: the recorded ones,
    else ones trained by this run, in parallel."""

    def train_one(arch: str, path: Path) -> None:
        training_setup = setup(arch, trial_effort(run).epochs[arch])
        parts = field_splits(run.corpus, training_setup, trial_effort(run).training)
        config, checkpoint = replace(training_setup.config, dropout=DROPOUT), path.with_suffix(".pt")
        train(
            *(config, training_setup.recipe, parts["training"], parts["validation"], run.seeds[0]),
            out=checkpoint,
        )
        export_int8(checkpoint, parts["training"].x[:CALIBRATION_CLIPS], path)

    if not all(
        run.kept(names.field_tflite(arch)) for arch in archs
    ):  # their examples go into the cache first
        field_splits(
            run.corpus, setup(archs[0], trial_effort(run).epochs[archs[0]]), trial_effort(run).training
        )
    paths = over_cores(
        lambda arch: run.model(names.field_tflite(arch), lambda path: train_one(arch, path)),
        archs,
        "training for the field",
    )
    return dict(zip(archs, paths, strict=True))


def field_model(run: Run, arch: str) -> Path:
    """One of these networks: the recorded one, else one trained by this run."""
    return run.model(names.field_tflite(arch), make=lambda _: train_for_field(run, [arch]))


def tuned(run: Run, model: Model) -> Model:
    """`model` with the threshold and smoothing that give the most correct answers in validation trials."""
    n = trial_effort(run).trials // 2
    logits = trial_logits_of(run, model.network, "validation", n)
    said = classes_of(range(n), model.network.labels)
    scores = {}
    for smoothing in SMOOTHINGS:
        means = [smooth(posteriors(trial, model.network.scale), smoothing) for trial in logits]
        for threshold in TRIAL_THRESHOLDS:
            settings = replace(model.settings, threshold=threshold, smoothing=smoothing)
            answers = [answer(Decisions(trial, reports(trial, settings)), SINCE) for trial in means]
            scores[settings] = float(np.mean(np.array(answers) == said))
    chosen = max(scores, key=lambda settings: scores[settings])
    return replace(model, settings=chosen)


def choose_point(run: Run, model: Model, most_per_hour: float) -> Model:
    """`model` with the smoothing and threshold with the fewest missed keywords in validation trials, among
    those with at most so many false accepts per hour on validation sound."""
    trial_stage = field_stage(run, "validation")
    logits = trial_logits_of(run, model.network, "validation", trial_effort(run).trials // 2)
    hours = stream_logits(model.network, continuous_frames(trial_stage, trial_effort(run).validation_hours))
    chosen = choose(model.network, trial_stage, logits, hours, most_per_hour, SMOOTHINGS)
    return replace(model, settings=chosen.settings)
