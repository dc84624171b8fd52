"""Training for a user's own word: few takes and many voices among thousands of other words, under field conditions.

The input of a board is a stream: random seconds from hours without the word are therefore added, one and a half times
as many as there are other examples. Labels are not smoothed, which would keep posteriors below the thresholds of a
spotter. A network soon memorizes few takes: each is placed in more rooms and noises than other words. Both were chosen
on validation, with "bed" as the word (`python benchmarks/takes.py bed --validation`).

A network starts from one that tells other words apart (transfer learning), where this package has one of its kind; this
too was chosen on validation with "bed". In the test of eighty takes of "happy", misses are not told apart.
"""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from kwslib.data.corpus import Corpus
from kwslib.data.protocol import build_splits
from kwslib.features.dataset import FeatureSet, feature_splits
from kwslib.field.training import FieldAugmentation, field_copies, field_splits
from kwslib.networks.recipes import DROPOUT, Setup, setup
from kwslib.networks.training import Recipe

KEYWORD = 2  # its class
APART = ("bed", "happy", "zero")  # words whose speakers no pretrained network hears
AUGMENTATION = FieldAugmentation(streams=3, windows=3, clean=0.3, hours=6.0, listening=1.5)
WORD_STREAMS = 24  # times that every clip of the keyword is spoken
SHARE = 0.25  # of an epoch's examples that are of the keyword


def word_setup(word: str, arch: str, epochs: int) -> Setup:
    """The training setup of a network of the zoo for a word."""
    training_setup = setup(arch, epochs, (word,))
    return replace(
        training_setup,
        config=replace(training_setup.config, dropout=DROPOUT),
        recipe=Recipe(epochs=epochs, label_smoothing=0.0),
    )


def pretrained(arch: str) -> Path | None:
    """Checkpoint of the network from which one of this kind starts; None if there is none.

    `python benchmarks/pretrain.py --write` trains it.
    """
    path = Path(str(files("kwslib.keyword"))) / pretrained_name(arch)
    return path if path.is_file() else None


def pretrained_name(arch: str) -> str:
    """Its file's name."""
    return f"{arch}_pretrained.pt"


def word_splits(corpus: Corpus, training_setup: Setup) -> dict[str, FeatureSet]:
    """As `field_splits`, with the keyword repeated in training so that it is about SHARE of every epoch, and no more
    streams than the epochs use."""
    streams = -(-training_setup.recipe.epochs // AUGMENTATION.windows)
    augmentation = replace(AUGMENTATION, streams=min(AUGMENTATION.streams, streams))
    splits = field_splits(corpus, training_setup, augmentation)
    word = word_copies(corpus, training_setup, augmentation)
    return splits | {"training": with_word(splits["training"], word, SHARE)}


def word_copies(corpus: Corpus, training_setup: Setup, augmentation: FieldAugmentation) -> FeatureSet:
    """The training examples of the keyword in WORD_STREAMS streams, so that few takes are not memorized; with few
    epochs, in two streams per epoch."""
    ordinary = feature_splits(corpus, training_setup.protocol, training_setup.heard)["training"]
    mine = ordinary.y[: ordinary.n] == KEYWORD
    examples = build_splits(corpus, training_setup.protocol)["training"]
    said = [example for example, kept in zip(examples, mine, strict=True) if kept]
    spoken = replace(augmentation, streams=min(WORD_STREAMS, 2 * training_setup.recipe.epochs))
    return field_copies(corpus, said, subset(ordinary, mine), training_setup, spoken)


def with_word(data: FeatureSet, word: FeatureSet, share: float) -> FeatureSet:
    """`data` with the keyword's examples replaced by those of `word`, repeated so that they are about `share` of all;
    each repetition uses the next copy, cyclically."""
    others = subset(data, data.y[: data.n] != KEYWORD)
    times = max(round(share / (1 - share) * others.n / word.n), 1)
    x, y = [], []
    for copy in range(data.copies):
        turns = [word.copy((copy * times + turn) % word.copies) for turn in range(times)]
        sounds, labels = zip(others.copy(copy), *turns, strict=True)
        x += sounds
        y += labels
    return FeatureSet(np.concatenate(x), np.concatenate(y), others.names + times * word.names, data.copies)


def subset(data: FeatureSet, kept: np.ndarray) -> FeatureSet:
    """The examples for which `kept`, bool (n,), is true, in all copies."""
    names = tuple(name for name, keep in zip(data.names, kept, strict=True) if keep)
    rows = np.tile(kept, data.copies)
    return FeatureSet(data.x[rows], data.y[rows], names, data.copies)
