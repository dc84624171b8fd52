"""The trained networks of Part 3 that the experiments of later parts start from."""

from collections.abc import Sequence
from pathlib import Path

from kwslib.checkpoints import train
from kwslib.deployment.export import calibration_features, export_int8
from kwslib.features.dataset import feature_splits
from kwslib.labels import class_labels
from kwslib.networks.recipes import setup
from kwslib.record.recording import Run


def base_models(run: Run, arch: str = "tinyconv", seeds: Sequence[int] | None = None) -> dict[int, Path]:
    """The trained network of every seed: that of Part 3 or the recorded one, or trained here where there is none."""
    made = setup(arch, run.profile.epochs)

    def make(path: Path) -> None:
        splits = feature_splits(run.corpus, made.protocol, made.augmentation)
        seed = int(path.stem.rpartition("seed")[2])
        train(made.config, made.recipe, splits["training"], splits["validation"], seed, out=path)

    return {seed: run.model(f"{arch}_seed{seed}.pt", make=make) for seed in seeds or run.seeds}


def int8_model(run: Run, checkpoint: Path) -> Path:
    """The int8 file of a checkpoint: the recorded one, or made here where there is none."""

    def make(path: Path) -> None:
        export_int8(checkpoint, calibration_features(run.corpus, class_labels()), path)

    return run.model(f"{checkpoint.stem}.tflite", make=make)


def trained_checkpoint(run: Run) -> Path:
    """Part 3's TinyConv, or one trained here where there is none."""
    made = setup("tinyconv", run.profile.epochs)

    def make(path: Path) -> None:
        splits = feature_splits(run.corpus, made.protocol, made.augmentation)
        train(made.config, made.recipe, splits["training"], splits["validation"], run.seeds[0], out=path)

    return run.model("tinyconv.pt", make=make)
