"""The trained networks of Part 3 that the experiments of later parts start from."""

from pathlib import Path

from kwslib.checkpoints import train
from kwslib.features.dataset import feature_splits
from kwslib.networks.recipes import setup
from kwslib.record.recording import Run


def base_models(run: Run) -> dict[int, Path]:
    """The trained TinyConv of every seed: Part 3's, or trained here where there is none."""
    made = setup("tinyconv", run.profile.epochs)

    def make(path: Path) -> None:
        splits = feature_splits(run.corpus, made.protocol, made.augmentation)
        seed = int(path.stem.rpartition("seed")[2])
        train(made.config, made.recipe, splits["training"], splits["validation"], seed, out=path)

    return {seed: run.model(f"tinyconv_seed{seed}.pt", make=make) for seed in run.seeds}


def trained_checkpoint(run: Run) -> Path:
    """Part 3's TinyConv, or one trained here where there is none."""
    made = setup("tinyconv", run.profile.epochs)

    def make(path: Path) -> None:
        splits = feature_splits(run.corpus, made.protocol, made.augmentation)
        train(made.config, made.recipe, splits["training"], splits["validation"], run.seeds[0], out=path)

    return run.model("tinyconv.pt", make=make)
