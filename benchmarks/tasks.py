"""The two standard tasks of Speech Commands by this book's recipe: ten words (12 classes), and all words there are.

    python benchmarks/tasks.py ten|all [ARCH ...] [--write]

KWS_DATA names the recordings: for figures that stand beside published ones, the whole official archive. Each network is
trained with the profile's seeds by its recipe, the synthesizer's words and a teacher included where that has them; what
is trained lies in _build/tasks, and a run that was stopped goes on there. Test accuracies are those of the spoken
classes, and with silence and unknown; with --write they are kept in book/results/93_tasks_*.json.
"""

import os
import shutil
from pathlib import Path

import typer

from kwslib.checkpoints import load_checkpoint
from kwslib.cli.main import script
from kwslib.data.check import require
from kwslib.errors import KwsError
from kwslib.experiments.zoo import train_by_recipe
from kwslib.features.dataset import feature_split
from kwslib.networks import ARCHITECTURES
from kwslib.networks.evaluation import Evaluation, evaluate
from kwslib.networks.recipes import setup, teacher_of
from kwslib.networks.training import predict
from kwslib.progress import over_cores
from kwslib.record import names, recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.record.values import Values, over_seeds
from kwslib.statistics import mean_share

FOLDER = Path(__file__).resolve().parents[1] / "_build" / "tasks"
TEN = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
TASKS = ("ten", "all")


def trained(run: Run, arch: str, keywords: tuple[str, ...], seed: int) -> Path:
    """The checkpoint of a network by its recipe, after its teacher's, that of the first seed."""
    path = run.models / names.seed_checkpoint(seed, arch)
    if not (path.is_file() and load_checkpoint(path)[2].get("finished")):
        teaching = teacher_of(arch)
        teacher = trained(run, teaching, keywords, run.seeds[0]) if teaching else None
        train_by_recipe(run.corpus, setup(arch, run.profile.epochs, keywords), seed, path, teacher)
    return path


def evaluations(run: Run, arch: str, keywords: tuple[str, ...]) -> list[Evaluation]:
    """A network's evaluation on the test split, seed by seed."""
    task = setup(arch, run.profile.epochs, keywords)
    require(run.corpus, task.protocol, others=set(keywords) < set(run.corpus.words))
    if teaching := teacher_of(arch):
        trained(run, teaching, keywords, run.seeds[0])  # before all seeds at once ask for it
    data = feature_split(run.corpus, task.protocol, "testing")

    def evaluate_seed(seed: int) -> Evaluation:
        network, _, _ = load_checkpoint(trained(run, arch, keywords, seed))
        return evaluate(predict(network, data.x), data.y, task.config.labels)

    return over_cores(evaluate_seed, list(run.seeds), arch)


def values(found: list[Evaluation], arch: str) -> Values:
    """Mean test accuracies over the seeds: of all classes, and of the keywords alone."""
    words = [each.confusion[2:].trace(offset=2) / each.confusion[2:].sum() for each in found]
    return {
        names.accuracy(arch): over_seeds(mean_share([each.accuracy for each in found]), len(found)),
        names.accuracy(f"words_{arch}"): over_seeds(mean_share(list(map(float, words))), len(found)),
    }


def main(
    task: str = typer.Argument(help=f"{' or '.join(TASKS)}."),
    archs: list[str] = typer.Argument(["tinyconv"], help=f"Networks: {', '.join(ARCHITECTURES)}."),
    write: bool = typer.Option(False, "--write", help="Keep the values in book/results."),
) -> None:
    for name, names_there in ((task, TASKS), *((arch, ARCHITECTURES) for arch in archs)):
        if name not in names_there:
            raise KwsError(f"{name!r} is unknown: use one of {', '.join(names_there)}")
    run = recording.start(f"93_tasks_{task}", "report", os.environ.get("KWS_DATA"), FOLDER / task)
    keywords = TEN if task == "ten" else tuple(run.corpus.words)
    for arch in archs:
        found = values(evaluations(run, arch, keywords), arch)
        run.record_all(found)
        print(*(f"{name}: {value.value:.4f}" for name, value in found.items()), sep="\n")
    run.finish()
    if write:
        shutil.copy(run.results / f"{run.part}.json", recorded_folder())


if __name__ == "__main__":
    script(main)
