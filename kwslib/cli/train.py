"""`kws train`: train a network of the zoo and leave its checkpoint."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.corpus import chosen_corpus, explain
from kwslib.cli.interruption import Stopped
from kwslib.cli.options import DATA, JSON, OWN, PROFILE, SEED_MAX
from kwslib.cli.output import one_line, print_json
from kwslib.cli.training import epoch_bar, evaluation
from kwslib.errors import KwsError
from kwslib.labels import DEFAULT_KEYWORDS
from kwslib.networks import ARCHITECTURES
from kwslib.writing import check_writable

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from kwslib.data.corpus import Corpus
    from kwslib.deployment.decision import DecisionSettings
    from kwslib.experiments.zoo_field import FieldEffort
    from kwslib.features.dataset import FeatureSet
    from kwslib.networks.recipes import Setup
    from kwslib.networks.training import Epoch
    from kwslib.profiles import Profile


def train(
    out: Path = typer.Option(..., "--out", help="Checkpoint to write (.pt)."),
    arch: str = typer.Option("tinyconv", help=f"The network: {', '.join(ARCHITECTURES)}."),
    channels: int | None = typer.Option(None, help="Width of its first layer [default: the network's own]."),
    keywords: str = typer.Option(",".join(DEFAULT_KEYWORDS), help="The words to spot, separated by commas."),
    profile: str | None = PROFILE,
    data: Path | None = DATA,
    own: list[str] = OWN,
    seed: int = typer.Option(
        0, min=0, max=SEED_MAX, help="Seed of the initial weights, the order and the augmentation."
    ),
    teacher: Path | None = typer.Option(
        None,
        help="Checkpoint of a better network for the same words, whose answers to clips this one also learns;"
        " not with --field.",
    ),
    field: bool = typer.Option(
        False,
        "--field",
        help="Train for a stream, in rooms and on hours without a keyword, and choose a "
        "threshold: slower, for a device that listens all day.",
    ),
    epochs: int | None = typer.Option(
        None, min=1, max=100_000, help="Epochs [default: the network's, by profile]."
    ),
    as_json: bool = JSON,
) -> None:
    """Train a network; a progress bar shows losses and accuracies.

    OUT is written when training ends. Ctrl-C writes the best epoch so far next to it; the same command,
    started again, resumes where it stopped.
    """
    if out.suffix != ".pt":
        raise KwsError(f"{out}: not a checkpoint's name: give one that ends in .pt")
    if field and teacher is not None:
        raise KwsError("--field takes no --teacher, which answers clips and no stream: leave one of them out")
    if arch not in ARCHITECTURES:
        raise KwsError(f"no network is called {arch!r}: use one of {', '.join(ARCHITECTURES)}")
    check_writable(out, *([teacher] if teacher else []))
    from kwslib.checkpoints import load_teacher
    from kwslib.data.check import require
    from kwslib.deployment.decision import settings_note
    from kwslib.experiments.zoo_field import FIELD_EFFORTS, field_training_splits
    from kwslib.networks.evaluation import check_finite
    from kwslib.networks.recipes import student, training_splits
    from kwslib.networks.training import predict
    from kwslib.profiles import get_profile

    chosen = get_profile(profile)
    effort = FIELD_EFFORTS[chosen.name] if field else None
    words = tuple(word.strip() for word in keywords.split(","))
    training_setup = _setup(arch, words, channels, epochs, chosen, effort)
    teaching = None
    if teacher is not None:
        teaching = load_teacher(teacher, training_setup.config.labels)
        training_setup = student(training_setup)
    corpus = chosen_corpus(data, chosen, own)
    print(one_line(corpus.describe()), file=sys.stderr)
    for note in explain(corpus):
        print(one_line(note), file=sys.stderr)
    require(corpus, training_setup.protocol)
    if effort:
        splits = field_training_splits(corpus, training_setup, effort)
    else:
        splits = training_splits(corpus, training_setup)
    answers = check_finite(teacher, predict(teaching, splits["training"].x)) if teacher and teaching else None
    choose = partial(_threshold, corpus=corpus, effort=effort) if effort else None
    model, history, settings = _trained(training_setup, splits, seed, out, answers, choose)
    result = evaluation(out, model, splits["validation"], training_setup.config.labels, settings)
    if as_json:
        print_json(
            {
                "checkpoint": str(out),
                "data": corpus.name,
                "notes": corpus.notes,
                "synthetic": corpus.synthetic,
                "seed": seed,
                "recipe": asdict(training_setup.recipe),
                **(settings_note(settings) if settings else {}),
                "validation": result.as_json(),
                "epochs": [asdict(epoch) for epoch in history],
            }
        )
    else:
        right = f"{result.accuracy:.1%} of {result.n} validation clips right"
        sure = f"; reports a word from {settings.threshold:g} on" if settings else ""
        print(one_line(f"{out}: {right} ({corpus.title}){sure}"))


def _setup(
    arch: str,
    keywords: tuple[str, ...],
    channels: int | None,
    epochs: int | None,
    profile: "Profile",
    effort: "FieldEffort | None",
) -> "Setup":
    """The network's own setup, for the field with an `effort`, and with the channels and epochs that were given."""
    from kwslib.experiments.zoo_field import for_field
    from kwslib.networks.recipes import setup

    training_setup = setup(arch, profile.epochs, keywords)
    if effort:
        training_setup = for_field(training_setup, effort.epochs or profile.epochs)
    if epochs is not None:
        training_setup = replace(training_setup, recipe=replace(training_setup.recipe, epochs=epochs))
    if channels is not None:
        training_setup = replace(training_setup, config=replace(training_setup.config, channels=channels))
    return training_setup


def _trained(
    training_setup: "Setup",
    splits: Mapping[str, "FeatureSet"],
    seed: int,
    out: Path,
    teacher: "np.ndarray | None",
    choose: Callable[[Path], "DecisionSettings"] | None,
) -> "tuple[nn.Module, list[Epoch], DecisionSettings | None]":
    """The network, its epochs and the settings that `choose` gives for its checkpoint, beside a progress bar."""
    from kwslib.checkpoints import resume_file, train_setup, unfinished_model
    from kwslib.keyword.threshold import as_extra

    settings: DecisionSettings | None = None
    with epoch_bar(training_setup.recipe.epochs) as (bar, show):

        def complete(choose: Callable[[Path], "DecisionSettings"], trained: Path) -> dict[str, Any]:
            nonlocal settings
            bar.close()
            print("choosing a threshold", file=sys.stderr)
            settings = choose(trained)
            return as_extra(settings)

        try:
            model, history = train_setup(
                *(training_setup, splits, seed),
                out=out,
                after_epoch=show,
                teacher=teacher,
                complete=partial(complete, choose) if choose else None,
            )
        except KeyboardInterrupt as stop:
            kept = f"{unfinished_model(out)} holds the best epoch so far; run the same command again to go on"
            raise Stopped(stop, kept if resume_file(out).exists() else "no epoch was done") from None
    return model, history, settings


def _threshold(trained: Path, corpus: "Corpus", effort: "FieldEffort") -> "DecisionSettings":
    from kwslib.experiments.zoo_field import choose_settings
    from kwslib.field.stream import open_network

    return choose_settings(open_network(trained), corpus, effort).settings
