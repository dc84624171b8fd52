"""The zoo with several seeds: trained, tested, and run on the virtual board.

An interrupted run resumes where it stopped: networks and resume files are in the run's folder of models. Teachers are
trained first.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kwslib.board.chip import chip_costs
from kwslib.board.cycles import rounded
from kwslib.board.machine import Board
from kwslib.board.streaming import energy
from kwslib.checkpoints import load_checkpoint, train_setup
from kwslib.data.corpus import Corpus
from kwslib.deployment.core_sparse import compress
from kwslib.errors import KwsError
from kwslib.experiments.bases import base_models, int8_model
from kwslib.features.dataset import feature_split
from kwslib.features.frontend import HOP, HOP_MS
from kwslib.field.stream import open_network
from kwslib.labels import CLIP_SAMPLES, UNKNOWN
from kwslib.measure.profiling import costs
from kwslib.networks.evaluation import Evaluation, evaluate
from kwslib.networks.recipes import Setup, setup, student, teacher_of, training_splits
from kwslib.networks.training import predict
from kwslib.progress import over_cores
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Value, Values, over_seeds
from kwslib.statistics import mean_share

COIN_CELL = "CR2032"


def trained(run: Run, arch: str, seed: int) -> Path:
    """The checkpoint of a network of the zoo by its own recipe: the recorded one, else one trained by this run."""
    if (teaching := teacher_of(arch)) is None:
        return base_models(run, arch, [seed])[seed]

    def make(path: Path) -> None:
        teacher = trained(run, teaching, run.seeds[0])
        train_by_recipe(run.corpus, setup(arch, run.profile.epochs), seed, path, teacher)

    return run.model(names.seed_checkpoint(seed, arch), make=make)


def train_by_recipe(
    corpus: Corpus, training_setup: Setup, seed: int, out: Path, teacher: Path | None = None
) -> None:
    """Train a network on all that its recipe adds to the clips, the synthesizer's words too, and leave its checkpoint.

    teacher: checkpoint of the network whose answers it also learns.
    """
    splits, answers = training_splits(corpus, training_setup), None
    if teacher is not None:
        training_setup = student(training_setup)
        answers = predict(load_checkpoint(teacher)[0], splits["training"].x)
    train_setup(training_setup, splits, seed, out=out, teacher=answers)


def train_zoo(run: Run, archs: Sequence[str]) -> None:
    """Train every network with every seed, teachers first, in parallel on the processor's cores."""
    teachers = {teacher for arch in archs if (teacher := teacher_of(arch)) is not None}
    over_cores(lambda arch: trained(run, arch, run.seeds[0]), sorted(teachers), "teachers")
    points = [(arch, seed) for arch in archs for seed in run.swept_seeds]
    over_cores(lambda point: trained(run, *point), points, "the zoo")


def evaluations(run: Run, arch: str, split: str) -> list[Evaluation]:
    """A network's evaluation on a split, seed by seed."""
    training_setup = setup(arch, run.profile.epochs)
    data = feature_split(run.corpus, training_setup.protocol, split)
    return [
        evaluate(
            predict(load_checkpoint(trained(run, arch, seed))[0], data.x),
            data.y,
            training_setup.config.labels,
        )
        for seed in run.swept_seeds
    ]


def size_values(run: Run, arch: str) -> Values:
    """Test accuracy over the seeds, for all clips and for unknown words; parameters and multiply-accumulates."""
    found = evaluations(run, arch, "testing")
    unknown = [evaluation.counts[UNKNOWN] for evaluation in found if UNKNOWN in evaluation.counts]
    model, _, _ = load_checkpoint(trained(run, arch, run.seeds[0]))
    counted = costs(model)
    values = {
        names.accuracy(arch): over_seeds(
            mean_share([evaluation.accuracy for evaluation in found]), len(found)
        )
    }
    if unknown:
        values[names.unknown_accuracy(arch)] = over_seeds(
            mean_share([correct / n for correct, n in unknown]), len(unknown)
        )
    return values | {
        names.parameters(arch): Value(counted.parameters),
        names.macs(arch): Value(counted.macs),
    }


def int8(run: Run, arch: str) -> Path:
    """<arch>.tflite, the network of the first seed: the recorded one, else one built by this run."""
    return int8_model(run, trained(run, arch, run.seeds[0]), arch)


def board_values(path: Path, arch: str) -> Values:
    """Milliseconds of a clip's network and of a hop's, bytes of the firmware that listens, the processor's work as a
    share of the time that there is; if it keeps up, mean power and days on a coin cell, microphone included. Raises
    KwsError without the packages of the virtual board."""
    network = open_network(path)
    if network.core is None:
        raise KwsError(f"{path}: the virtual board runs .tflite files")
    core = compress(network.core)
    chip = chip_costs(core, network.labels)
    if chip is None:
        raise KwsError("the virtual board needs its packages: pip install 'kwslib[board]'")
    clip = Board(core, network.labels).profile(np.zeros(CLIP_SAMPLES, np.int16))
    busy_ms = (HOP * chip.frontend_us + chip.network_us + chip.decision_us) / 1000
    values = {
        names.clip_ms(arch): Value(clip.stages()["network"]["ms"], "ms"),
        names.hop_ms(arch): Value(chip.network_us / 1000, "ms"),
        names.firmware("flash", arch): Value(chip.flash, "B"),
        names.firmware("ram", arch): Value(chip.ram, "B"),
        names.chain("load", arch): Value(rounded(busy_ms / HOP_MS), "fraction"),
    }
    if busy_ms < HOP_MS:
        spent = energy(busy_ms)
        values |= {
            names.chain("power_mw", arch): Value(rounded(spent["energy_uj_per_hop"] / HOP_MS), "mW"),
            names.battery_days(COIN_CELL, arch): Value(rounded(spent["battery_days"][COIN_CELL]), "d"),
        }
    return values
