"""The recipe of each network: chosen by mean validation accuracy over seeds, never by test (see book/methods.md)."""

from kwslib.dataset import Augmentation
from kwslib.errors import KwsError
from kwslib.models import ModelConfig
from kwslib.training import Recipe

_AUGMENTATION = Augmentation(copies=10, speed=0.1, shift_ms=100, noise_probability=0.5, noise_volume=0.1)


def recipe_for(arch: str, labels: tuple[str, ...], epochs: int) -> tuple[Recipe, Augmentation, ModelConfig]:
    """Recipe, augmentation and configuration of the network called `arch`. Raises KwsError for an unknown name."""
    config = ModelConfig(arch=arch, labels=labels)
    return Recipe(epochs=epochs), _AUGMENTATION, config
