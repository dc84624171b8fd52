"""How the recipes were chosen: each choice beside what it was chosen from, on the validation split alone.

    python benchmarks/recipes.py NETWORK|quantization|words|field [--write]

A network's group trains it with one setting changed at a time; what is trained lies in _build/recipes, and a run that
was stopped goes on there. `words` trains the temporal networks so with six words kept from training, and counts how
many of their clips are taken for unknown. `field` trains for the field, ten to twenty minutes a network
on one core, and counts the keywords that are missed at the threshold chosen. `quantization` trains Part 5's networks
on with other learning rates and lengths.
Values are means on validation over three seeds, accuracies but for `field`; with --write they are kept in
book/results/91_recipes_*.json, which a page shows with {benchmark}.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import typer

from kwslib.cache import code, digest
from kwslib.checkpoints import load_checkpoint, train_setup
from kwslib.cli.main import script
from kwslib.data.corpus import Corpus
from kwslib.data.splits import SPLITS
from kwslib.errors import KwsError
from kwslib.experiments.bases import base_models
from kwslib.experiments.quantization import ours
from kwslib.experiments.seeds import Splits
from kwslib.experiments.zoo_field import (
    FIELD_EFFORTS,
    FieldEffort,
    choose_settings,
    field_training_splits,
    for_field,
)
from kwslib.features.dataset import FeatureSet, feature_split
from kwslib.field.stream import open_network
from kwslib.networks.recipes import MASKED, Setup, setup, student, teacher_of, training_splits
from kwslib.networks.resume import examples_digest
from kwslib.networks.training import Recipe, predict, score
from kwslib.progress import over_cores
from kwslib.quantization.qat import quantization_aware
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.statistics import mean_share

SEEDS = (0, 1, 2)
FOLDER = Path(__file__).resolve().parents[1] / "_build" / "recipes"
TINYCONV: dict[str, Callable[[Setup], Setup]] = {
    "as it was chosen": lambda base: base,
    "dropout of 0.2": lambda base: replace(base, config=replace(base.config, dropout=0.2)),
    "dropout of 0.5": lambda base: replace(base, config=replace(base.config, dropout=0.5)),
    "speeds within 10 %": lambda base: augmented(base, speed=0.1),
    "no shifts": lambda base: augmented(base, shift_ms=0),
    "no noise mixed in": lambda base: augmented(base, noise_probability=0),
    "clips as they are": lambda base: augmented(base, copies=1),
    "33 % unknown words": lambda base: with_unknown(base, 33),
    "47 % unknown words": lambda base: with_unknown(base, 47),
}
Alter = Callable[[Setup, FieldEffort], tuple[Setup, FieldEffort]]
FIELD: dict[str, Alter] = {
    "as it was chosen": lambda base, spent: (base, spent),
    "half as long": lambda base, spent: (longer(base, 0.5), spent),
    "twice as long": lambda base, spent: (longer(base, 2), spent),
    "half a second from anywhere a clip": lambda base, spent: (base, heard(spent, listening=0.5)),
    "a second and a half": lambda base, spent: (base, heard(spent, listening=1.5)),
    "of twelve hours": lambda base, spent: (base, heard(spent, hours=12.0)),
    "none of the synthesizer's words": lambda base, spent: (base, replace(spent, spoken=0)),
    "masked": lambda base, spent: (masked(base, **MASKED), spent),
    "not masked": lambda base, spent: (masked(base, 0, 0), spent),
}
TEMPORAL: dict[str, Callable[[Setup], Setup]] = {
    "as it stands": lambda base: base,
    "without masks": lambda base: masked(base, 0, 0),
    "wider masks": lambda base: masked(base, 14, 12),
    "without the synthesizer's words": lambda base: replace(base, spoken=False),
    "half as long": lambda base: longer(base, 0.5),
    "twice as long": lambda base: longer(base, 2),
}
UNPADDED = ("tenet_valid", "tenet_wide")
NETWORKS: dict[str, dict[str, Callable[[Setup], Setup]]] = {
    "tinyconv": TINYCONV,
    "tinyconv_branches": {
        "without a teacher": lambda base: base,
        "taught": lambda base: student(base),
        "taught and masked": lambda base: masked(student(base), **MASKED),
        "60 % unknown words": lambda base: with_unknown(base, 60),
    },
    "tenet": {
        "TinyConv's recipe": lambda base: base,
        "the longer recipe": lambda base: replace(
            setup("tenet_valid", base.recipe.epochs), config=base.config
        ),
    },
    **dict.fromkeys(UNPADDED, TEMPORAL),
}
KEPT_APART = ("bed", "go", "left", "three", "up", "four")  # words that `words` trains without
QUANTIZATION = {  # bits: (epochs, learning rate) of each try
    8: ((4, 1e-3), (4, 3e-4), (4, 1e-4)),
    5: ((4, 1e-3), (4, 3e-4), (4, 1e-4)),
    4: ((15, 3e-3), (15, 1e-3)),
    3: ((15, 3e-3), (15, 1e-3)),
    2: ((25, 5e-3), (15, 5e-3), (25, 3e-3)),
}


def augmented(base: Setup, **changed: Any) -> Setup:
    return replace(base, augmentation=replace(base.augmentation, **changed))


def with_unknown(base: Setup, percent: int) -> Setup:
    return replace(base, protocol=replace(base.protocol, training_unknown_percent=percent))


def masked(base: Setup, mask_frames: int, mask_channels: int) -> Setup:
    return replace(base, recipe=replace(base.recipe, mask_frames=mask_frames, mask_channels=mask_channels))


def longer(base: Setup, times: float) -> Setup:
    return replace(base, recipe=replace(base.recipe, epochs=round(times * base.recipe.epochs)))


def heard(spent: FieldEffort, **changed: float) -> FieldEffort:
    return replace(spent, training=replace(spent.training, **changed))


def checkpoint(training_setup: Setup, splits: Splits, seed: int) -> Path:
    """Path of the network that this setup trains on these examples."""
    known = digest(code(train_setup.__module__), repr(training_setup), examples_digest(splits["training"]))
    return FOLDER / known / f"{training_setup.config.arch}_seed{seed}.pt"


def trained(
    training_setup: Setup, splits: Splits, teacher: np.ndarray | None = None, scored: str = "validation"
) -> Callable[[int], float]:
    """A function of the seed: accuracy on a split of the network that `training_setup` trains, kept in `FOLDER`."""

    def train_seed(seed: int) -> float:
        path = checkpoint(training_setup, splits, seed)
        if not (path.is_file() and load_checkpoint(path)[2]["finished"]):
            path.parent.mkdir(parents=True, exist_ok=True)
            train_setup(training_setup, splits, seed, out=path, teacher=teacher)
        return score(load_checkpoint(path)[0], splits[scored])[1]

    return train_seed


def network(run: Run, arch: str) -> None:
    """A network's recipe, one setting changed at a time; a teacher is trained first."""
    base = setup(arch, run.profile.epochs)
    for name, change in NETWORKS[arch].items():
        training_setup, answers = change(base), None
        splits = training_splits(run.corpus, training_setup)
        if training_setup.recipe.taught:
            teaching = setup(str(teacher_of(arch)), run.profile.epochs)
            lessons = training_splits(run.corpus, teaching)
            trained(teaching, lessons)(SEEDS[0])
            teacher, _, _ = load_checkpoint(checkpoint(teaching, lessons, SEEDS[0]))
            answers = predict(teacher, splits["training"].x)
        note(run, name, over_cores(trained(training_setup, splits, answers), SEEDS, name))


def words(run: Run) -> None:
    """Recipes of temporal networks, trained without KEPT_APART: validation without them, and their training clips."""
    clips = [clip for clip in run.corpus.clips if clip.word not in KEPT_APART]
    unheard = replace(run.corpus, clips=tuple(clips))
    for arch in UNPADDED:
        for change, alter in TEMPORAL.items():
            training_setup = alter(setup(arch, run.profile.epochs))
            splits = training_splits(unheard, training_setup) | {
                "kept apart": kept_apart(run.corpus, training_setup)
            }
            for scored in ("validation", "kept apart"):
                name = f"{arch}: {change}, {scored}"
                note(run, name, over_cores(trained(training_setup, splits, scored=scored), SEEDS, name))


def kept_apart(corpus: Corpus, training_setup: Setup) -> FeatureSet:
    """The training clips of KEPT_APART as they were recorded, all of them unknown words."""
    training = feature_split(corpus, training_setup.protocol, "training")
    rows = [row for row, name in enumerate(training.names) if name.split("/")[0] in KEPT_APART]
    return FeatureSet(training.x[rows], training.y[rows], tuple(training.names[row] for row in rows))


def field(run: Run) -> None:
    """Training for the field, one setting changed at a time: shares of validation's keywords missed, by threshold and
    smoothing chosen there."""
    spent = FIELD_EFFORTS["report"]
    for arch in UNPADDED:
        base = for_field(setup(arch, run.profile.epochs), run.profile.epochs)
        for change, alter in FIELD.items():
            training_setup, effort = alter(base, spent)

            def missed(seed: int, training_setup=training_setup, effort=effort) -> float:
                splits = field_training_splits(run.corpus, training_setup, effort)
                trained(training_setup, splits)(seed)
                network = open_network(checkpoint(training_setup, splits, seed))
                return choose_settings(network, run.corpus, spent).point.reject_rate  # the same hours for all

            note(
                run, f"{arch}: {change}", [missed(seed) for seed in SEEDS]
            )  # one at a time: they take gigabytes


def quantization(run: Run) -> None:
    """Part 5's QAT at other lengths (epochs) and learning rates."""
    base, networks = setup("tinyconv", run.profile.epochs), base_models(run)
    splits = training_splits(run.corpus, base)
    training, validation = (splits[name] for name in SPLITS[:2])
    for bits, recipes in QUANTIZATION.items():
        for epochs, rate in recipes:

            def quantized(
                seed: int, how=ours(bits), recipe=Recipe(epochs=epochs, learning_rate=rate)
            ) -> float:
                model = load_checkpoint(networks[seed])[0]
                return score(
                    quantization_aware(model, how, recipe, training, validation, seed)[0], validation
                )[1]

            name = f"{bits} bits: {epochs} epochs, learning rate {rate:g}"
            note(run, name, over_cores(quantized, SEEDS, name))


def note(run: Run, name: str, values: list[float]) -> None:
    mean, *ci95 = mean_share(values)
    run.record(name, mean, "fraction", ci95, n=len(values))
    print(f"{name:44}{mean:8.2%}   {ci95[0]:.2%} to {ci95[1]:.2%}", flush=True)


GROUPS: dict[str, Callable[[Run], None]] = {
    **{arch: partial(network, arch=arch) for arch in NETWORKS},
    "words": words,
    "field": field,
    "quantization": quantization,
}


def main(
    group: str = typer.Argument(help=f"Of the choices: {', '.join(GROUPS)}."),
    write: bool = typer.Option(False, "--write", help="Keep the values in book/results."),
) -> None:
    if group not in GROUPS:
        raise KwsError(f"no group of choices is called {group!r}: use one of {', '.join(GROUPS)}")
    run = recording.start(f"91_recipes_{group}", "report", results=recorded_folder(), seeds=SEEDS)
    GROUPS[group](run)
    if write:
        run.finish()


if __name__ == "__main__":
    script(main)
