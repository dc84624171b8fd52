"""The trained networks of Part 3 that the experiments of later parts start from."""

from collections.abc import Sequence
from pathlib import Path

from kwslib.checkpoints import train_setup
from kwslib.deployment.export import calibration_features, export_int8
from kwslib.labels import class_labels
from kwslib.networks.recipes import setup, training_splits
from kwslib.record import names
from kwslib.record.recording import Run


def base_models(run: Run, arch: str = "tinyconv", seeds: Sequence[int] | None = None) -> dict[int, Path]:
    """The trained network of every seed: the recorded one, else one trained by this run."""
    wanted = run.seeds if seeds is None else seeds
    return {seed: _trained(run, names.seed_checkpoint(seed, arch), seed, arch) for seed in wanted}


def trained_checkpoint(run: Run) -> Path:
    """Part 3's TinyConv: the recorded one, else one trained by this run."""
    return _trained(run, "tinyconv.pt", run.seeds[0])


def int8_model(run: Run, checkpoint: Path, network: str = "") -> Path:
    """The int8 file of a checkpoint: the recorded one, else one built by this run. It is named after the checkpoint, or
    after `network`."""

    def make(path: Path) -> None:
        export_int8(checkpoint, calibration_features(run.corpus, class_labels()), path)

    return run.model(names.tflite(network or checkpoint.stem), make=make)


def _trained(run: Run, name: str, seed: int, arch: str = "tinyconv") -> Path:
    training_setup = setup(arch, run.profile.epochs)

    def make(path: Path) -> None:
        splits = training_splits(run.corpus, training_setup)
        train_setup(training_setup, splits, seed, out=path)

    return run.model(name, make=make)
