"""The training recipe of each network, chosen by mean validation accuracy over seeds, never on the test split
(see book/methods.md).

`python benchmarks/recipes.py NETWORK` and `words` repeat the choices.
"""

from dataclasses import dataclass, replace

from kwslib.data.corpus import Corpus
from kwslib.data.protocol import Protocol
from kwslib.data.spoken import with_spoken_keywords, with_spoken_words
from kwslib.features.dataset import Augmentation, FeatureSet, feature_splits
from kwslib.labels import DEFAULT_KEYWORDS
from kwslib.networks.models import ModelConfig
from kwslib.networks.training import Recipe


@dataclass(frozen=True)
class Setup:
    """Everything that determines a training run, except the corpus and the seed.

    spoken: whether training on clips adds what the synthesizer says, keywords and other words (kwslib/data/spoken.py).
    """

    config: ModelConfig
    recipe: Recipe
    protocol: Protocol
    augmentation: Augmentation
    spoken: bool = False

    @property
    def heard(self) -> Augmentation:
        """The augmentation without the copies that no epoch reaches: each takes the next copy of every clip."""
        return replace(self.augmentation, copies=min(self.augmentation.copies, self.recipe.epochs))


TAUGHT = 0.7  # weight of a teacher's answers against that of the labels
ALL = 1000  # % of unknown words in training: as many as there are
LONGER = 1.5  # times a profile's epochs, where the examples vary so much
DROPOUT = 0.1  # there, and in the field
MASKED = {"mask_frames": 8, "mask_channels": 6}  # of theirs
PLAIN = Augmentation(copies=10, speed=0.05, shift_ms=100, noise_probability=0.5, noise_volume=0.1)
VARIED = replace(PLAIN, copies=12, speed=0.1)
BROADER = (
    "tinyconv_branches",
    "tenet_valid",
    "tenet_wide",
)  # trained on all other words there are, more varied
TEACHERS = {"tinyconv_branches": "tenet_wide"}


def setup(arch: str, epochs: int, keywords: tuple[str, ...] = DEFAULT_KEYWORDS) -> Setup:
    """The training setup of the network `arch`. Raises KwsError for an unknown name or invalid keywords."""
    broader = arch in BROADER
    protocol = Protocol(keywords=keywords, training_unknown_percent=ALL if broader else 60)
    temporal = broader and arch.startswith("tenet")
    return Setup(
        ModelConfig(arch=arch, labels=protocol.labels, dropout=DROPOUT if temporal else 0.3),
        Recipe(epochs=round(LONGER * epochs), **MASKED) if temporal else Recipe(epochs=epochs),
        protocol,
        VARIED if broader else PLAIN,
        spoken=temporal,
    )


def training_splits(corpus: Corpus, training_setup: Setup) -> dict[str, FeatureSet]:
    """Features of the three splits for training and evaluation under a setup.

    Nothing is added to a synthetic corpus, whose words already come from the synthesizer.
    """
    if training_setup.spoken and not corpus.synthetic:
        keywords = training_setup.protocol.keywords
        corpus = with_spoken_words(corpus, keywords, 1, splits=("training",))
        corpus = with_spoken_keywords(corpus, keywords)
    return feature_splits(corpus, training_setup.protocol, training_setup.heard)


def teacher_of(arch: str) -> str | None:
    """The teacher network whose logits `arch` is trained on in the recorded zoo."""
    return TEACHERS.get(arch)


def student(training_setup: Setup) -> Setup:
    """The same setup with a teacher."""
    return replace(training_setup, recipe=replace(training_setup.recipe, taught=TAUGHT))
