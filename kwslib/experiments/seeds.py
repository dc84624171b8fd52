"""The same experiment with several seeds, in parallel on the processor's cores, and statistics over the seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.checkpoints import train
from kwslib.features.dataset import FeatureSet
from kwslib.networks.evaluation import Evaluation, evaluate
from kwslib.networks.models import ModelConfig
from kwslib.networks.training import Epoch, Recipe, predict
from kwslib.progress import over_cores
from kwslib.record import names

Splits = dict[str, FeatureSet]


@dataclass(frozen=True)
class Trained:
    """One seed's run: its history, and its evaluation and predicted classes by split."""

    seed: int
    history: tuple[Epoch, ...]
    evaluations: dict[str, Evaluation]
    predictions: dict[str, np.ndarray]  # split -> (n,) int64


def train_seeds(
    config: ModelConfig,
    recipe: Recipe,
    splits: Splits | Callable[[int], Splits],
    seeds: Sequence[int],
    *,
    tested: Splits | None = None,
    models: Path | None = None,
    what: str = "training",
) -> list[Trained]:
    """Train one network per seed and evaluate it on `tested`, by default on its own splits.

    `splits` may be a function of the seed, if the data are drawn at random. With a folder `models`, the checkpoints are
    saved there as `<arch>_seed<seed>.pt`.
    """

    def train_seed(seed: int) -> Trained:
        data = splits(seed) if callable(splits) else splits
        out = models / names.seed_checkpoint(seed, config.arch) if models else None
        model, history = train(config, recipe, data["training"], data["validation"], seed, out=out)
        predictions, evaluations = {}, {}
        for split, part in (tested or data).items():
            x, y = part.copy(0)
            logits = predict(model, x)
            predictions[split], evaluations[split] = logits.argmax(1), evaluate(logits, y, config.labels)
        return Trained(seed, tuple(history), evaluations, predictions)

    return over_cores(train_seed, seeds, what)


def accuracies(runs: Sequence[Trained], split: str = "testing", label: str | None = None) -> list[float]:
    """Accuracy of every run on a split, for one of its `classes` or for all."""
    chosen = [run.evaluations[split] for run in runs]
    return [e.per_class[label]["accuracy"] if label else e.accuracy for e in chosen]


def classes(runs: Sequence[Trained], split: str = "testing") -> tuple[str, ...]:
    """The classes that have examples in the split of every run."""
    found = [run.evaluations[split] for run in runs]
    return tuple(label for label in found[0].labels if all(label in each.counts for each in found))
