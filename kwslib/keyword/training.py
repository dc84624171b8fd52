"""Training for one's own word: few takes and many voices among thousands of other words, heard as a board would.

A board hears a stream, so one and a half times as many examples again are seconds from anywhere in hours without the
word, and labels are not smoothed, which would keep posteriors below the thresholds of a spotter. Few takes are soon
learnt by heart: each is spoken in more rooms, amid more noise, than other words. On validation, with "bed" as the word
and two seeds (`python benchmarks/takes.py bed --validation`), 79 of 400 were missed so at no more than five false
accepts an hour, and 130 at two; 124 and 170 with a third of the seconds and as few streams of the word as of others.
"""

from dataclasses import replace

import numpy as np

from kwslib.data.corpus import Corpus
from kwslib.data.protocol import build_splits
from kwslib.features.dataset import FeatureSet, feature_splits
from kwslib.field.training import FieldAugmentation, field_copies, field_splits
from kwslib.networks.recipes import Setup, setup
from kwslib.networks.training import Recipe

KEYWORD = 2  # its class
AUGMENTATION = FieldAugmentation(streams=3, windows=3, clean=0.3, hours=6.0, listening=1.5)
WORD_STREAMS = 24  # times that every clip of the keyword is spoken
DROPOUT = 0.1  # the field is augmentation enough
SHARE = 0.25  # of an epoch's examples that are of the keyword


def word_setup(word: str, arch: str, epochs: int) -> Setup:
    """How a network of the zoo is trained for a word."""
    training_setup = setup(arch, epochs, (word,))
    return replace(
        training_setup,
        config=replace(training_setup.config, dropout=DROPOUT),
        recipe=Recipe(epochs=epochs, label_smoothing=0.0),
    )


def word_splits(
    corpus: Corpus, training_setup: Setup, augmentation: FieldAugmentation = AUGMENTATION
) -> dict[str, FeatureSet]:
    """As `field_splits`, with the keyword so often in training that it is about SHARE of every epoch; no more streams
    than epochs come to hear."""
    streams = -(-training_setup.recipe.epochs // augmentation.windows)
    augmentation = replace(augmentation, streams=min(augmentation.streams, streams))
    splits = field_splits(corpus, training_setup, augmentation)
    word = word_copies(corpus, training_setup, augmentation)
    return splits | {"training": with_word(splits["training"], word, SHARE)}


def word_copies(corpus: Corpus, training_setup: Setup, augmentation: FieldAugmentation) -> FeatureSet:
    """The training examples of the keyword in WORD_STREAMS streams, or two for each of fewer epochs: few takes must not
    be learnt by heart."""
    ordinary = feature_splits(corpus, training_setup.protocol, training_setup.augmentation)["training"]
    mine = ordinary.y[: ordinary.n] == KEYWORD
    examples = build_splits(corpus, training_setup.protocol)["training"]
    said = [example for example, kept in zip(examples, mine, strict=True) if kept]
    spoken = replace(augmentation, streams=min(WORD_STREAMS, 2 * training_setup.recipe.epochs))
    return field_copies(corpus, said, subset(ordinary, mine), training_setup, spoken)


def with_word(data: FeatureSet, word: FeatureSet, share: float) -> FeatureSet:
    """`data` with the keyword's examples those of `word`, so many times that they are about `share` of all; every time
    that one comes up it is the next of its copies, as far as there are."""
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
    """The examples where `kept`, bool (n,), in all copies."""
    names = tuple(name for name, keep in zip(data.names, kept, strict=True) if keep)
    rows = np.tile(kept, data.copies)
    return FeatureSet(data.x[rows], data.y[rows], names, data.copies)
