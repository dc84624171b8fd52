"""The steps from takes to a model: train, choose a threshold, export, test, with the results in one report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.checkpoints import train_setup
from kwslib.data.corpus import Corpus
from kwslib.data.splits import SPLITS
from kwslib.deployment.core_sparse import compress
from kwslib.deployment.export import calibration_features, export
from kwslib.deployment.model_data import model_header
from kwslib.deployment.stream_plan import stream
from kwslib.features.dataset import feature_split
from kwslib.field.detection import OperatingPoint
from kwslib.field.stream import open_network
from kwslib.keyword import EPOCHS, HOURS, TRIALS, threshold
from kwslib.keyword.hearing import everyday, everyday_of_people
from kwslib.keyword.training import word_setup, word_splits
from kwslib.networks.evaluation import evaluate
from kwslib.paths import atomic_write
from kwslib.predictors import CorePredictor, load_predictor

CHECKPOINT, HEADER, CORPUS, REPORT = "model.pt", "kws_model.h", "corpus.json", "report.json"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """The amount of computation: epochs of training, and trials and hours of sound for choosing a threshold
    and testing."""

    epochs: int = EPOCHS
    trials: int = TRIALS
    hours: float = HOURS


def make(
    corpus: Corpus, word: str, arch: str, effort: Effort, seed: int, folder: Path, say: Say
) -> dict[str, Any]:
    """Train a network for `word`; write model.pt, the files of `kws export`, and kws_model.h to `folder`.

    corpus: one that is complete for the task (see kwslib.data.check). Returns the results. `say` is called with
    the name of each step when it starts.
    """
    training_setup = word_setup(word, arch, effort.epochs)
    checkpoint = folder / CHECKPOINT
    say("features of the training")
    splits = word_splits(corpus, training_setup)
    say(f"training {arch}, {effort.epochs} epochs")
    train_setup(training_setup, splits, seed, out=checkpoint)
    say("choosing a threshold")
    choice = threshold.choose(open_network(checkpoint), corpus, effort.trials, effort.hours)
    threshold.keep(checkpoint, choice.settings)
    say("exporting")
    exported = export(checkpoint, calibration_features(corpus, training_setup.config.labels), folder)
    write_header(exported.tflite_int8, folder / HEADER)
    say("testing")
    counts = {
        split: sum(clip.word == word and clip.split == split for clip in corpus.clips) for split in SPLITS
    }
    return {
        "word": word,
        "data": corpus.name,
        "synthetic": corpus.synthetic,
        "notes": list(corpus.notes),
        "clips": counts,
        "arch": arch,
        "seed": seed,
        "threshold": choice.settings.threshold,
        "smoothing": choice.settings.smoothing,
        "validation": point_json(choice.point),
    } | tested(exported.tflite_int8, corpus, effort)


def write_header(model: Path, header: Path) -> None:
    """The kws_model.h of a .tflite file for a sketch, including its threshold."""
    core = CorePredictor(model)
    network = compress(core.network)
    assert core.settings
    text = model_header(network, core.labels, core.settings, stream(network))
    with atomic_write(header) as temporary:
        temporary.write_text(text, encoding="utf-8")


def tested(model: Path, corpus: Corpus, effort: Effort) -> dict[str, Any]:
    """Results of a model with its threshold on test clips, in the field and on everyday words."""
    network, predictor = open_network(model), load_predictor(model)
    assert network.settings
    training_setup = word_setup(network.labels[2], "tinyconv", 1)
    clips = feature_split(corpus, training_setup.protocol, "testing")
    people = everyday_of_people(network, network.settings, corpus)
    return {
        "testing": evaluate(predictor.logits(clips.x), clips.y, network.labels).as_json(),
        "field": point_json(threshold.test(network, corpus, network.settings, effort.trials, effort.hours)),
        "everyday": {
            "synthesized": everyday(network, network.settings).as_json(),
            "people": people.as_json() if people else None,
        },
    }


def point_json(point: OperatingPoint) -> dict[str, Any]:
    """An operating point as plain values; shares and rates with their 95 % intervals."""
    return {
        "false_accepts": point.false_accepts,
        "hours": point.hours,
        "false_accepts_per_hour": point.per_hour,
        "false_accepts_per_hour_ci95": list(point.per_hour_ci95),
        "missed": point.rejects,
        "said": point.keywords,
        "missed_share": point.reject_rate,
        "missed_share_ci95": list(point.reject_ci95),
    }
