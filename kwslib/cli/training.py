"""What commands that train show: a bar of epochs, and right answers on validation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from kwslib.deployment.decision import DecisionSettings
    from kwslib.features.dataset import FeatureSet
    from kwslib.networks.evaluation import Evaluation
    from kwslib.networks.training import Epoch


@contextmanager
def epoch_bar(epochs: int) -> Iterator[tuple[Any, Callable[["Epoch", object], None]]]:
    """A bar on standard error, unless that is no terminal, and what moves it after each epoch."""
    from tqdm import tqdm

    with tqdm(total=epochs, desc="training", unit="epoch", disable=None) as bar:

        def show(epoch: "Epoch", _network: object) -> None:
            bar.update(epoch.epoch + 1 - bar.n)
            bar.set_postfix(
                loss=f"{epoch.training_loss:.3f}",
                accuracy=f"{epoch.training_accuracy:.3f}",
                validation=f"{epoch.validation_accuracy:.3f}",
            )

        yield bar, show


def evaluation(
    path: Path,
    model: "nn.Module",
    validation: "FeatureSet",
    labels: tuple[str, ...],
    settings: "DecisionSettings | None",
) -> "Evaluation":
    """The answers of the network in a file, with its threshold if it has one. Raises KwsError unless all its logits
    are finite."""
    from scipy.special import softmax

    from kwslib.networks.evaluation import check_finite, tally
    from kwslib.networks.training import predict
    from kwslib.predictors import decided

    answers = decided(softmax(check_finite(path, predict(model, validation.x)), axis=1), settings)
    return tally(answers, validation.y, labels)
