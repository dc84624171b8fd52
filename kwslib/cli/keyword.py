"""`kws keyword`: from takes of a word, or none, to a model with its threshold."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.corpus import explain
from kwslib.cli.options import JSON, PROFILE, SEED_MAX
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError
from kwslib.keyword import ARCH, EPOCHS, HOURS, TRIALS
from kwslib.networks import ARCHITECTURES

if TYPE_CHECKING:
    from kwslib.data.word_file import WordFile


def make_keyword(
    word: str = typer.Argument(help="The word to spot, as the synthesizer is to speak it."),
    takes: Path | None = typer.Option(
        None, help="Folder of your own recordings of the word. Without it, the test is synthesized as well."
    ),
    negatives: list[Path] = typer.Option(
        [],
        "--not",
        help="Folder of recordings that must not be reported, used for training; may be repeated.",
    ),
    background: list[Path] = typer.Option(
        [], help="Folder of your own noise, files of ten seconds or longer; may be repeated."
    ),
    out: Path | None = typer.Option(None, "--out", help="Folder to write into [default: the word]."),
    data: Path | None = typer.Option(
        None,
        envvar="KWS_DATA",
        help="Folder of other words and noises, in Speech Commands' layout; or several, separated as in PATH.",
    ),
    profile: str | None = PROFILE,
    arch: str = typer.Option(ARCH, help=f"The network: {', '.join(ARCHITECTURES)}."),
    epochs: int = typer.Option(EPOCHS, min=1, max=100_000, help="Epochs of training."),
    trials: int = typer.Option(
        TRIALS,
        min=3,
        max=100_000,
        help="Simulated trials for choosing the threshold, and as many for the test.",
    ),
    hours: float = typer.Option(
        HOURS, min=0.05, max=100, help="Hours of simulated sound without the word, for each of the two."
    ),
    seed: int = typer.Option(0, min=0, max=SEED_MAX, help="Seed of the training."),
    as_json: bool = JSON,
) -> None:
    """Train on your own takes and on synthesized voices, choose a threshold on validation, export, and test.

    OUT gets corpus.json (for --data of the other commands), model.pt, model.tflite, model_data.h, kws_model.h for the
    sketch, and report.json, all of them at the end. The same command goes on with a training that was stopped.
    """
    import importlib.util
    from unicodedata import normalize

    from kwslib.data.check import require
    from kwslib.data.voices import require_read
    from kwslib.data.word_file import open_word
    from kwslib.deployment.conversion import check_installed
    from kwslib.keyword import road
    from kwslib.keyword.training import word_setup
    from kwslib.labels import class_labels
    from kwslib.paths import expand
    from kwslib.profiles import get_profile

    word = normalize("NFC", word)  # as a corpus names its words
    class_labels((word,))
    if arch not in ARCHITECTURES:
        raise KwsError(f"no network is called {arch!r}: use one of {', '.join(ARCHITECTURES)}")
    check_installed()
    if not importlib.util.find_spec("pyroomacoustics"):
        raise KwsError("the simulated rooms need pyroomacoustics: pip install 'kwslib[field]'")
    folder = expand(out or Path(word))
    road.check_files(folder)
    if takes is None:
        require_read(word)
    if data is None and not get_profile(profile).synthetic:
        from kwslib.data.speech_commands import official_folder

        data = official_folder()
    word_file = _word_file(word, takes, negatives, background, data)
    _check_apart(folder, word_file)
    corpus = open_word(word_file)
    require(corpus, word_setup(word, arch, epochs).protocol)
    for line in (corpus.describe(), *explain(corpus)):
        print(one_line(line), file=sys.stderr)
    effort = road.Effort(epochs, trials, hours)
    report = road.make(
        corpus, word_file, arch, effort, seed, folder, lambda step: print(one_line(step), file=sys.stderr)
    )
    if as_json:
        print_json(report)
    else:
        _print(folder, corpus.title, report)


def _word_file(
    word: str, takes: Path | None, negatives: list[Path], background: list[Path], data: Path | None
) -> "WordFile":
    from kwslib.data.word_file import WordFile
    from kwslib.paths import expand, folders

    return WordFile(
        word,
        takes and expand(takes).absolute(),
        tuple(expand(path).absolute() for path in negatives),
        tuple(expand(path).absolute() for path in background),
        tuple(expand(path).absolute() for path in folders(data)) if data else (),
    )


def _check_apart(folder: Path, word_file: "WordFile") -> None:
    """Raises KwsError for a model's folder within one of recordings."""
    for recordings in (word_file.takes, *word_file.negatives, *word_file.background, *word_file.data):
        if recordings and Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(recordings)):
            raise KwsError(f"{folder}: recordings are here: name another folder for the model with --out")


def _print(folder: Path, title: str, report: dict[str, Any]) -> None:
    testing, field = report["testing"], report["field"]
    low, high = testing["ci95"]
    right = f"{testing['accuracy']:.1%} of {testing['n']:,} test clips right ({low:.1%} to {high:.1%})"
    print(one_line(f"{folder / 'model.tflite'}: {right}, {title}"))
    print(f"  threshold {report['threshold']:g} over {report['smoothing']} inferences, chosen on validation")
    low, high = field["missed_share_ci95"]
    said = f"{field['said']}, from {field['clips']} clips,"
    missed = f"{field['missed_share']:.1%} of {said} missed ({low:.1%} to {high:.1%})"
    low, high = field["false_accepts_per_hour_ci95"]
    rate = f"{field['false_accepts_per_hour']:.1f} false accepts an hour ({low:.1f} to {high:.1f})"
    print(f"  in simulated rooms: {missed}, {rate}")
    for speaker, found in report["everyday"].items():
        if found:
            names = f": {', '.join(found['names'][:10])}" if found["names"] else ""
            voices = "synthesized everyday words" if speaker == "synthesized" else "everyday words of people"
            print(one_line(f"  {found['fired']} of {found['n']} {voices} fire{names}"))
    if report["pretrained_on_word"]:
        heard = f"was trained on {report['word']!r}, said by speakers of Speech Commands"
        print(one_line(f"  the pretrained network {heard}: on takes of theirs, the test may flatter"))
    print(one_line(f"  next: kws eval {folder / 'model.tflite'} --data {folder / 'corpus.json'}"))
