"""The recipe of each network: chosen by mean validation accuracy over seeds, never by test (see book/methods.md).

Those of BROADER were chosen with one or two seeds each; `python benchmarks/recipes.py zoo` goes on from them.
"""

from dataclasses import dataclass, replace

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
ALL = 1000  # % of unknown words in training: as many as there are
LONGER = 1.5  # times a profile's epochs, for temporal networks that see so much variety
BROADER = (
    "tinyconv_branches",
    "tenet_valid",
    "tenet_wide",
)  # trained on all other words there are, more varied
TEACHERS = {"tinyconv_branches": "tenet_wide"}


def setup(arch: str, epochs: int, keywords: tuple[str, ...] = DEFAULT_KEYWORDS) -> Setup:
    """How the network called `arch` is trained here. Raises KwsError for an unknown name or impossible keywords."""
    broader = arch in BROADER
    protocol = Protocol(keywords=keywords, training_unknown_percent=ALL if broader else 60)
    temporal = arch.startswith("tenet")
    return Setup(
        ModelConfig(arch=arch, labels=protocol.labels, dropout=0.1 if broader and temporal else 0.3),
        Recipe(
            epochs=round(LONGER * epochs) if broader and temporal else epochs,
            mask_frames=8 if arch == "tenet_wide" else 0,
            mask_channels=6 if arch == "tenet_wide" else 0,
        ),
        protocol,
        Augmentation(
            copies=12 if broader else 10,
            speed=0.1 if broader else 0.05,
            shift_ms=100,
            noise_probability=0.5,
            noise_volume=0.1,
        ),
    )


def teacher_of(arch: str) -> str | None:
    """The network of the zoo whose answers `arch` learns from, in the recorded zoo."""
    return TEACHERS.get(arch)


def student(training_setup: Setup) -> Setup:
    """The same with a teacher."""
    return replace(training_setup, recipe=replace(training_setup.recipe, taught=TAUGHT))
