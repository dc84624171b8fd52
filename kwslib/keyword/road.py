"""The steps from takes to a model: train, choose a threshold, export, test, with the results in one report.

A folder gets all files of a run at its end, or none. Until then the run's training is in the cache, under a key of
all that it depends on; the same run, started again, goes on there.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scipy.special import softmax

from kwslib.cache import code, digest
from kwslib.checkpoints import load_checkpoint, resume_file, train_setup
from kwslib.data.corpus import CORPUS, Corpus
from kwslib.data.splits import SPLITS
from kwslib.data.word_file import WordFile
from kwslib.deployment.core_sparse import compress
from kwslib.deployment.decision import settings_note
from kwslib.deployment.export import FILES, calibration_features, export
from kwslib.deployment.model_data import model_header
from kwslib.deployment.model_file import ModelFile, read_model
from kwslib.deployment.stream_plan import stream
from kwslib.errors import KwsError
from kwslib.features.dataset import feature_split
from kwslib.features.frontend import fingerprint
from kwslib.field.detection import OperatingPoint
from kwslib.field.stream import open_network
from kwslib.keyword import EPOCHS, HOURS, TRIALS, threshold
from kwslib.keyword.hearing import everyday, everyday_of_people
from kwslib.keyword.training import pretrained, word_setup, word_splits
from kwslib.locks import alone
from kwslib.networks.evaluation import tally
from kwslib.networks.recipes import Setup
from kwslib.networks.resume import DamagedResumeFile
from kwslib.paths import cache_dir
from kwslib.predictors import CorePredictor, decided, load_predictor
from kwslib.processes import beside
from kwslib.strict_json import json_text, parse_json
from kwslib.writing import atomic_files, check_folder, check_writable, temporary_folder, write_bytes

CHECKPOINT, HEADER, REPORT = "model.pt", "kws_model.h", "report.json"
UNTRAINED = "no epoch was trained yet; the features that were complete are kept"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """The amount of computation: epochs of training, and trials and hours of sound for choosing a threshold
    and testing."""

    epochs: int = EPOCHS
    trials: int = TRIALS
    hours: float = HOURS


def check_files(folder: Path) -> None:
    """Raises KwsError when `make` cannot write one of its files to the folder."""
    check_folder(folder)
    for name in (CORPUS, CHECKPOINT, *FILES, HEADER, REPORT):
        check_writable(folder / name)


def make(
    corpus: Corpus, word_file: WordFile, arch: str, effort: Effort, seed: int, folder: Path, say: Say
) -> dict[str, Any]:
    """Train a network for a word; write model.pt, the files of `kws export`, kws_model.h, corpus.json and report.json
    to `folder`, all of them or none.

    corpus: that of `word_file`, complete for the task (see kwslib.data.check). Returns the results. `say` is called
    with the name of each step when it starts.
    """
    training_setup = word_setup(word_file.word, arch, effort.epochs)
    labels = training_setup.config.labels
    start = pretrained(arch)
    known = code(__name__), fingerprint(), start and start.read_bytes()
    key = digest(*known, training_setup, effort, seed, corpus.content_hash)
    training = cache_dir() / "keyword" / key
    with (
        _noting(lambda: _kept(training, folder, key)),
        alone(training, "the same training") as waited,
        temporary_folder(training.parent, "files") as unfinished,
    ):
        if waited and (results := _read_results(folder, key)):
            shutil.rmtree(training, ignore_errors=True)
            return results
        with beside(threshold.prepare, corpus, labels, effort.trials, effort.hours) as prepared:
            trained = training / CHECKPOINT
            if not _is_sound(trained):
                _train(corpus, training_setup, start, effort, seed, trained, say, prepared)
            checkpoint = unfinished / CHECKPOINT
            shutil.copy(trained, checkpoint)
            say("exporting")
            exported = export(checkpoint, calibration_features(corpus, labels), unfinished)
            model = read_model(exported.tflite_int8)
            write_header(model, unfinished / HEADER)
            say("testing")
            prepared()
            report = (
                {"key": key}
                | described(corpus, word_file.word)
                | {
                    "arch": arch,
                    "pretrained": start is not None,
                    "pretrained_on_word": _knows(start, word_file.word),
                }
                | {"seed": seed, **asdict(effort)}
                | load_checkpoint(checkpoint)[2]["choice"]
                | tested(model, corpus, effort)
            )
            _publish(unfinished, folder, word_file, report)
            shutil.rmtree(training, ignore_errors=True)
    return report


def _train(
    corpus: Corpus,
    training_setup: Setup,
    start: Path | None,
    effort: Effort,
    seed: int,
    out: Path,
    say: Say,
    prepared: Callable[[], None],
) -> None:
    """Make the features and train, or go on with a training that was stopped; the checkpoint has the threshold and how
    it was chosen, which waits for the sound to be `prepared`."""

    def complete(network: Path) -> dict[str, Any]:
        say("choosing a threshold")
        prepared()
        return chosen_threshold(network, corpus, effort)

    say("features of the training")
    splits = word_splits(corpus, training_setup)
    origin = "from the pretrained network" if start else "from random weights"
    say(f"training {training_setup.config.arch} {origin}, {effort.epochs} epochs")
    try:
        train_setup(training_setup, splits, seed, out=out, start=start, complete=complete)
    except DamagedResumeFile:
        resume_file(out).unlink()
        train_setup(training_setup, splits, seed, out=out, start=start, complete=complete)


def chosen_threshold(network: Path, corpus: Corpus, effort: Effort) -> dict[str, Any]:
    """What a word's checkpoint holds as `extra`: the settings chosen for its network, and how well they do."""
    choice = threshold.choose(open_network(network), corpus, effort.trials, effort.hours)
    noted = settings_note(choice.settings) | {"validation": point_json(choice.point)}
    return threshold.as_extra(choice.settings) | {"choice": noted}


def _knows(start: Path | None, word: str) -> bool:
    """Whether the network that a training starts from was trained on the word."""
    return start is not None and word in load_checkpoint(start)[1].labels


def _is_sound(checkpoint: Path) -> bool:
    """Whether there is a checkpoint, and it is not damaged."""
    try:
        load_checkpoint(checkpoint)
    except KwsError:
        return False
    return True


@contextmanager
def _noting(what: Callable[[], str]) -> Iterator[None]:
    """Let an interruption of the block say what is kept of the work."""
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.args = (what(),)
        raise


def _kept(training: Path, folder: Path, key: str) -> str:
    """What is kept of a run that was interrupted."""
    if _read_results(folder, key):
        return f"{folder} is complete"
    if (training / CHECKPOINT).exists():
        return "the trained network is kept; run the same command again to go on"
    if resume_file(training / CHECKPOINT).exists():
        return "the epochs of training so far are kept; run the same command again to go on"
    return UNTRAINED


def _read_results(folder: Path, key: str) -> dict[str, Any] | None:
    """The results in a folder, if they are those of this run."""
    try:
        report = parse_json((folder / REPORT).read_bytes())
        return report if report["key"] == key else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _publish(unfinished: Path, folder: Path, word_file: WordFile, report: dict[str, Any]) -> None:
    """Copy the files of a run to its folder, with its corpus file and its report: all of them, or none."""
    files = sorted(unfinished.iterdir())
    places = [folder / name for name in (*(path.name for path in files), CORPUS, REPORT)]
    with alone(folder, "the same folder"), atomic_files(places) as temporaries:
        *copies, corpus_file, report_file = temporaries
        for path, temporary in zip(files, copies, strict=True):
            shutil.copyfile(path, temporary)
        word_file.save(corpus_file)
        report_file.write_text(json_text(report, indent=2) + "\n", encoding="utf-8")


def write_header(model: Path | ModelFile, header: Path) -> None:
    """The kws_model.h of a .tflite file for a sketch, including its threshold."""
    core = CorePredictor(model)
    network = compress(core.network)
    assert core.settings
    write_bytes(header, model_header(network, core.labels, core.settings, stream(network)).encode())


def described(corpus: Corpus, word: str) -> dict[str, Any]:
    """What a model is of: its word, the corpus, and the word's clips in each split."""
    of_word = Counter(clip.split for clip in corpus.clips if clip.word == word)
    return {
        "word": word,
        "data": corpus.name,
        "synthetic": corpus.synthetic,
        "notes": list(corpus.notes),
        "clips": {split: of_word[split] for split in SPLITS},
    }


def tested(model: Path | ModelFile, corpus: Corpus, effort: Effort) -> dict[str, Any]:
    """Results of a model with its threshold on test clips, in the field and on everyday words."""
    file = read_model(model)
    network, predictor = open_network(file), load_predictor(file)
    assert network.settings
    training_setup = word_setup(network.labels[2], "tinyconv", 1)
    clips = feature_split(corpus, training_setup.protocol, "testing")
    answers = decided(softmax(predictor.logits(clips.x), axis=1), predictor.settings)
    people = everyday_of_people(network, network.settings, corpus)
    return {
        "testing": tally(answers, clips.y, network.labels).as_json(),
        "field": point_json(
            threshold.evaluate_settings(network, corpus, network.settings, effort.trials, effort.hours)
        ),
        "everyday": {
            "synthesized": everyday(network, network.settings).as_json(),
            "people": people.as_json() if people else None,
        },
    }


def point_json(point: OperatingPoint) -> dict[str, Any]:
    """An operating point as plain values; shares and rates with their 95 % intervals, that of the missed by clip."""
    return {
        "false_accepts": point.false_accepts,
        "hours": point.hours,
        "false_accepts_per_hour": point.per_hour,
        "false_accepts_per_hour_ci95": list(point.per_hour_ci95),
        "missed": point.rejects,
        "said": point.keywords,
        "clips": point.clips,
        "missed_share": point.reject_rate,
        "missed_share_ci95": list(point.reject_ci95_by_clip),
    }
