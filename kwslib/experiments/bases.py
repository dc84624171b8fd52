"""The trained networks of Part 3 that the experiments of later parts start from."""

from pathlib import Path

from kwslib.checkpoints import train
from kwslib.features.dataset import feature_splits
from kwslib.networks.recipes import setup
from kwslib.record import names
from kwslib.record.recording import Run


def base_models(run: Run) -> dict[int, Path]:
    """The trained TinyConv of every seed: Part 3's, or trained here where there is none."""
    return {seed: _trained(run, names.seed_checkpoint(seed), seed) for seed in run.seeds}


def trained_checkpoint(run: Run) -> Path:
    """Part 3's TinyConv, or one trained here where there is none."""
    return _trained(run, "tinyconv.pt", run.seeds[0])


def _trained(run: Run, name: str, seed: int) -> Path:
    made = setup("tinyconv", run.profile.epochs)

    def make(path: Path) -> None:
        splits = feature_splits(run.corpus, made.protocol, made.augmentation)
        train(made.config, made.recipe, splits["training"], splits["validation"], seed, out=path)

    return run.model(name, make=make)
