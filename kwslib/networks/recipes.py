"""The recipe of each network: chosen by mean validation accuracy over seeds, never by test (see book/methods.md)."""

from dataclasses import dataclass

from kwslib.data.protocol import Protocol
from kwslib.features.dataset import Augmentation
from kwslib.labels import DEFAULT_KEYWORDS
from kwslib.networks.models import ModelConfig
from kwslib.networks.training import Recipe


@dataclass(frozen=True)
class Setup:
    """All that a training run is made from, but for the corpus and the seed."""

    config: ModelConfig
    recipe: Recipe
    protocol: Protocol
    augmentation: Augmentation


TAUGHT = 0.7  # weight of a teacher's answers against that of the labels


def setup(arch: str, epochs: int, keywords: tuple[str, ...] = DEFAULT_KEYWORDS) -> Setup:
    """How the network called `arch` is trained here. Raises KwsError for an unknown name or impossible keywords."""
    protocol = Protocol(keywords=keywords, training_unknown_percent=60)
    return Setup(
        ModelConfig(arch=arch, labels=protocol.labels, dropout=0.3),
        Recipe(epochs=epochs),
        protocol,
        Augmentation(copies=10, speed=0.05, shift_ms=100, noise_probability=0.5, noise_volume=0.1),
    )
