"""The zoo in the field and over hours: networks trained for the field, and the results of each network there.

Training uses each clip in more varied rooms than boxes, and random seconds from hours of training sound without a
keyword, since a stream differs from clips between words. Decision settings are chosen on validation, so that the
interval of the false accepts there is within the limit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.checkpoints import train_setup
from kwslib.data.clips import Clip
from kwslib.data.corpus import Corpus
from kwslib.data.spoken import with_spoken_keywords, with_spoken_words
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.export import export_int8
from kwslib.features.dataset import FeatureSet
from kwslib.field.conditions import DEFAULT, Field
from kwslib.field.detection import (
    Choice,
    OperatingPoint,
    accepted,
    accepts_by_clip,
    accepts_by_kind,
    allowed,
    choose,
    detection_curve,
    operating_point,
    spoken_keywords,
    stream_hours,
    stream_logits,
)
from kwslib.field.evaluate import FieldResult, Stage, judge, stage, trial_logits
from kwslib.field.long import LongResult, LongStream, Specification, long_stream, run_long
from kwslib.field.minutes import SIX, continuous_frames
from kwslib.field.rooms import ROOMS, room_bank
from kwslib.field.stream import StreamNetwork, open_network
from kwslib.field.training import FieldAugmentation, field_splits
from kwslib.field.trials import classes_of
from kwslib.keyword.threshold import as_extra
from kwslib.networks.recipes import ALL, DROPOUT, LONGER, MASKED, VARIED, Setup, setup
from kwslib.networks.training import Recipe
from kwslib.progress import over_cores
from kwslib.quantization import CALIBRATION_CLIPS
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Value, Values, share
from kwslib.statistics import poisson_rate

MOST_PER_HOUR = 1.0  # false accepts
HOURS_SEED = 2  # of the hours on testing: those of seeds 0 and 1 were heard while this was developed
LABEL_SMOOTHING = 0.0  # with it, posteriors crowd below 1, where the thresholds of a spotter lie
LARGE = ("tenet_wide",)  # networks with enough parameters to gain by masks here, too


@dataclass(frozen=True)
class FieldEffort:
    """Amount of computation of a profile: field trials on testing, half as many on validation; hours on testing and on
    validation; rooms; a long file's seconds and keywords; options of training for the field, repetitions of each
    synthesized word among the words of its hours, and the number of epochs, if different from the profile's."""

    trials: int
    hours: float
    validation_hours: float
    rooms: int
    long: Specification
    training: FieldAugmentation
    where: Field = DEFAULT
    spoken: int = 0
    epochs: int | None = None


FIELD_EFFORTS = {
    "quick": FieldEffort(
        *(80, 0.1, 0.05, 8, Specification(seconds=60, keywords=6, others=12)),
        FieldAugmentation(streams=1, windows=2, rooms=8, backgrounds=2, hours=0.1),
        epochs=1,
    ),
    "report": FieldEffort(
        *(2000, 10.0, 20.0, ROOMS, Specification()),
        FieldAugmentation(streams=4, varied=150, hours=36.0, listening=3.0),
        spoken=3,
    ),
}


def field_effort(run: Run) -> FieldEffort:
    """The amount of computation of this run's profile."""
    return FIELD_EFFORTS[run.profile.name]


def for_field(training_setup: Setup, epochs: int) -> Setup:
    """A network's setup for training for the field, in a profile with `epochs`: the same for every network, but for
    masks."""
    config = training_setup.config
    return replace(
        training_setup,
        config=replace(config, dropout=DROPOUT),
        recipe=Recipe(
            epochs=round(LONGER * epochs),
            label_smoothing=LABEL_SMOOTHING,
            **(MASKED if config.arch in LARGE else {}),
        ),
        protocol=replace(training_setup.protocol, training_unknown_percent=ALL),
        augmentation=VARIED,
    )


def train_zoo_for_field(run: Run, points: Sequence[tuple[str, int]]) -> list[Path]:
    """Networks for the field by name and seed, int8: the recorded ones, else ones trained by this run, in parallel,
    with their checkpoints beside them. Both hold how a network decides. The examples go into the cache first."""
    if not all(run.kept(names.field_tflite(*point)) for point in points):
        (arch, _), *_ = points
        field_training_splits(run.corpus, _setup(run, arch), field_effort(run))
    return over_cores(lambda point: _trained(run, *point), points, "training for the field")


def _trained(run: Run, arch: str, seed: int) -> Path:
    def make(path: Path) -> None:
        spent, training_setup = field_effort(run), _setup(run, arch)
        splits = field_training_splits(run.corpus, training_setup, spent)
        checkpoint = path.with_suffix(".pt")

        def complete(trained: Path) -> dict[str, Any]:
            return as_extra(choose_settings(open_network(trained), run.corpus, spent).settings)

        train_setup(training_setup, splits, seed, out=checkpoint, complete=complete)
        export_int8(checkpoint, splits["training"].x[:CALIBRATION_CLIPS], path)

    return run.model(names.field_tflite(arch, seed), make=make)


def _setup(run: Run, arch: str) -> Setup:
    epochs = field_effort(run).epochs or run.profile.epochs
    return for_field(setup(arch, epochs), epochs)


def field_training_splits(corpus: Corpus, training_setup: Setup, spent: FieldEffort) -> dict[str, FeatureSet]:
    """The splits for training for the field, with synthesized words in its hours and keywords in its streams."""
    labels = training_setup.config.labels
    listening = _listening(corpus, labels, spent)
    if spent.spoken:
        corpus = with_spoken_keywords(corpus, labels[2:])
    return field_splits(corpus, training_setup, spent.training, listening)


def _listening(corpus: Corpus, labels: Sequence[str], spent: FieldEffort) -> Corpus:
    """Of which the hours without a keyword are made, in training and validation."""
    return with_spoken_words(corpus, labels[2:], spent.spoken)


def choose_settings(network: StreamNetwork, corpus: Corpus, spent: FieldEffort) -> Choice:
    """Smoothing and threshold with the fewest missed keywords in validation trials, among those whose false accepts in
    validation hours are within `allowed`, and the number missed; these hours also contain synthesized words."""
    where, trials, sound = on_validation(network, corpus, spent)
    return choose(network, where, trials, sound, allowed(stream_hours(sound), MOST_PER_HOUR))


def on_validation(
    network: StreamNetwork, corpus: Corpus, spent: FieldEffort
) -> tuple[Stage, np.ndarray, np.ndarray]:
    """Validation's stage, and a network's logits of its trials (n, T, C) and of its hours (T, C), as `choose` takes
    them."""
    labels = network.labels
    where = _stage(corpus, labels, spent, "validation")
    logits = trial_logits(network, where.frames(range(spent.trials // 2)))
    listening = _stage(_listening(corpus, labels, spent), labels, spent, "validation")
    return where, logits, stream_logits(network, continuous_frames(listening, spent.validation_hours, SIX))


@dataclass(frozen=True)
class Heard:
    """Results of a network in the field: trials at the sketch's settings; at its own settings, the operating point on
    testing, false accepts by kind of minute and by clip, a long file, and the keywords of the trials with their
    draws; the trade-off over all thresholds at the chosen smoothing."""

    trials: FieldResult
    settings: DecisionSettings
    chosen: OperatingPoint
    by_kind: Mapping[str, int]
    by_clip: Mapping[Clip, int]
    long: LongResult
    keywords: Sequence[Mapping[str, Any]]
    points: tuple[OperatingPoint, ...]

    @property
    def within(self) -> OperatingPoint | None:
        """The point of the curve with the fewest misses within MOST_PER_HOUR; None if there is none."""
        few = (point for point in self.points if point.per_hour <= MOST_PER_HOUR)
        return min(few, key=lambda point: point.rejects, default=None)


def hear(run: Run, network: StreamNetwork) -> Heard:
    """Results of a network on test trials and hours, with the settings in its file or, if none, chosen on
    validation."""
    spent, labels = field_effort(run), network.labels
    settings = network.settings or choose_settings(network, run.corpus, spent).settings
    where = _stage(run.corpus, labels, spent, "testing")
    logits = trial_logits(network, where.frames(range(spent.trials)))
    outside = _stage(run.corpus, labels, spent, "testing", HOURS_SEED)
    sound = stream_logits(network, continuous_frames(outside, spent.hours, SIX))
    points = detection_curve(network, where, logits, sound, settings)
    frames = accepted(network, sound, settings)
    return Heard(
        judge(
            logits, classes_of(range(spent.trials), labels), network, DecisionSettings(classes=len(labels))
        ),
        settings,
        operating_point(points, settings),
        accepts_by_kind(frames, SIX),
        accepts_by_clip(frames, outside, SIX),
        run_long(network, _long_stream(run.corpus, labels, spent), settings),
        spoken_keywords(network, where, logits, settings),
        tuple(points),
    )


def heard_values(heard: Heard, arch: str) -> Values:
    """Values from `hear`: field trials; the point chosen, its settings, false accepts by kind; the long
    file's score."""
    chosen, score = heard.chosen, heard.long.as_json()
    values = {
        names.in_field(arch): Value(heard.trials.accuracy, "fraction", heard.trials.ci95, heard.trials.n),
        names.false_accepts(arch): Value(chosen.per_hour, "", chosen.per_hour_ci95, chosen.false_accepts),
        names.clips_that_fire(arch): Value(len(heard.by_clip), n=sum(heard.by_clip.values())),
        names.missed(arch): share(chosen.rejects, chosen.keywords),
        names.threshold(arch): Value(chosen.threshold),
        names.smoothing(arch): Value(heard.settings.smoothing),
        names.long_file("misses", arch): Value(score["misses"], n=score["keywords"]),
        names.long_file("false_accepts", arch): Value(score["false_accepts"]),
    }
    if heard.within is not None:
        values[names.missed_at_most(arch)] = share(heard.within.rejects, heard.within.keywords)
    for kind, count in heard.by_kind.items():
        hours = chosen.hours / len(heard.by_kind)
        values[names.false_accepts(f"{arch}_{kind.replace(' ', '_')}")] = Value(
            count / hours, "", poisson_rate(count, hours), count
        )
    return values


def _stage(corpus: Corpus, labels: tuple[str, ...], spent: FieldEffort, split: str, seed: int = 0) -> Stage:
    """The corpus in the rooms that the profile spends."""
    rooms = room_bank(spent.where, split, spent.rooms)
    return stage(corpus, labels, spent.where, split=split, seed=seed, rooms=rooms)


@lru_cache(maxsize=1)
def _long_stream(corpus: Corpus, labels: tuple[str, ...], spent: FieldEffort) -> LongStream:
    return long_stream(spent.long, _stage(corpus, labels, spent, spent.long.split, spent.long.seed))
