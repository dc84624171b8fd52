"""`kws train`: train a network of the zoo and leave its checkpoint."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import typer

from kwslib.cli.data import OWN, chosen_corpus, explain
from kwslib.cli.interruption import Stopped
from kwslib.cli.options import DATA, JSON, PROFILE, SEED_MAX
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError
from kwslib.labels import DEFAULT_KEYWORDS
from kwslib.networks import ARCHITECTURES
from kwslib.paths import check_writable


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
        None, help="Checkpoint of a better network for the same words, whose answers this one also learns."
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
        raise KwsError("--field takes no --teacher: leave one of them out")
    if arch not in ARCHITECTURES:
        raise KwsError(f"no network is called {arch!r}: use one of {', '.join(ARCHITECTURES)}")
    check_writable(out)
    import sys

    from scipy.special import softmax
    from tqdm import tqdm

    from kwslib.checkpoints import load_teacher, resume_file, train_setup, unfinished_model
    from kwslib.data.check import require
    from kwslib.deployment.decision import settings_note
    from kwslib.experiments.zoo_field import EFFORTS, choose_settings, field_training_splits, for_field
    from kwslib.field.stream import open_network
    from kwslib.keyword.threshold import as_extra
    from kwslib.networks.evaluation import tally
    from kwslib.networks.recipes import TAUGHT, setup, training_splits
    from kwslib.networks.training import predict
    from kwslib.predictors import decided, load_predictor
    from kwslib.profiles import get_profile

    chosen = get_profile(profile)
    words = tuple(word.strip() for word in keywords.split(","))
    training_setup = setup(arch, chosen.epochs, words)
    if field:
        training_setup = for_field(training_setup, EFFORTS[chosen.name].epochs or chosen.epochs)
    if epochs is not None:
        training_setup = replace(training_setup, recipe=replace(training_setup.recipe, epochs=epochs))
    if channels is not None:
        training_setup = replace(training_setup, config=replace(training_setup.config, channels=channels))
    teaching = None
    if teacher is not None:
        teaching = load_teacher(teacher, training_setup.config.labels)
        training_setup = replace(training_setup, recipe=replace(training_setup.recipe, taught=TAUGHT))
    corpus = chosen_corpus(data, chosen, own)
    print(one_line(corpus.describe()), file=sys.stderr)
    for note in explain(corpus):
        print(one_line(note), file=sys.stderr)
    require(corpus, training_setup.protocol)
    if field:
        splits = field_training_splits(corpus, training_setup, EFFORTS[chosen.name])
    else:
        splits = training_splits(corpus, training_setup)
    answers = predict(teaching, splits["training"].x) if teaching else None
    with tqdm(total=training_setup.recipe.epochs, desc="training", unit="epoch", disable=None) as bar:

        def show(epoch: Any, _network: object) -> None:
            bar.update(epoch.epoch + 1 - bar.n)
            bar.set_postfix(
                loss=f"{epoch.training_loss:.3f}",
                accuracy=f"{epoch.training_accuracy:.3f}",
                validation=f"{epoch.validation_accuracy:.3f}",
            )

        def choose(trained: Path) -> dict[str, Any]:
            bar.close()
            print("choosing a threshold", file=sys.stderr)
            return as_extra(choose_settings(open_network(trained), corpus, EFFORTS[chosen.name]).settings)

        try:
            model, history = train_setup(
                *(training_setup, splits, seed),
                out=out,
                after_epoch=show,
                teacher=answers,
                complete=choose if field else None,
            )
        except KeyboardInterrupt as stop:
            kept = f"{unfinished_model(out)} holds the best epoch so far; run the same command again to go on"
            raise Stopped(stop, kept if resume_file(out).exists() else "no epoch was done") from None
    validation, decides = splits["validation"], load_predictor(out).settings
    answered = decided(softmax(predict(model, validation.x), axis=1), decides)
    result = tally(answered, validation.y, training_setup.config.labels)
    if as_json:
        print_json(
            {
                "checkpoint": str(out),
                "data": corpus.name,
                "notes": corpus.notes,
                "synthetic": corpus.synthetic,
                "seed": seed,
                "recipe": asdict(training_setup.recipe),
                **(settings_note(decides) if decides else {}),
                "validation": result.as_json(),
                "epochs": [asdict(epoch) for epoch in history],
            }
        )
    else:
        right = f"{result.accuracy:.1%} of {result.n} validation clips right"
        sure = f"; reports a word from {decides.threshold:g} on" if decides else ""
        print(one_line(f"{out}: {right} ({corpus.title}){sure}"))
