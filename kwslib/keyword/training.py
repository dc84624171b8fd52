"""Training for one's own word: few takes and many voices among thousands of other words, heard as a board would.

A board hears a stream, so half as many examples again are seconds from anywhere in hours without the word, and labels
are not smoothed, which would keep posteriors below the thresholds of a spotter. On validation, with "bed" as the word,
tenet_valid missed 140 of 300 words in rooms so, where tenet without the hours and with smoothed labels missed 193.
"""

from dataclasses import replace

import numpy as np

from kwslib.data.corpus import Corpus
from kwslib.features.dataset import FeatureSet
from kwslib.field.training import FieldAugmentation, field_splits
from kwslib.networks.recipes import Setup, setup
from kwslib.networks.training import Recipe

AUGMENTATION = FieldAugmentation(streams=3, windows=3, clean=0.3, hours=2.0, listening=0.5)
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
    """As `field_splits`, with the keyword so often in training that it is SHARE of every epoch; no more streams than
    epochs come to hear."""
    streams = -(-training_setup.recipe.epochs // augmentation.windows)
    splits = field_splits(
        corpus, training_setup, replace(augmentation, streams=min(augmentation.streams, streams))
    )
    return splits | {"training": repeated(splits["training"], 2, SHARE)}


def repeated(data: FeatureSet, label: int, share: float) -> FeatureSet:
    """`data` with the examples of a class so many times more that they are about `share` of all; every time that one
    comes up in a copy it is another of its copies, as far as there are."""
    x = data.x.reshape(data.copies, data.n, *data.x.shape[1:])
    mine = np.flatnonzero(data.y[: data.n] == label)
    times = round(share / (1 - share) * (data.n - len(mine)) / max(len(mine), 1)) - 1
    if times < 1:
        return data
    more = [np.roll(x[:, mine], -turn, axis=0) for turn in range(1, times + 1)]
    joined = np.concatenate([x, *more], axis=1)  # (copies, n + times * len(mine), 49, 40)
    y = np.concatenate([data.y[: data.n], np.full(times * len(mine), label, data.y.dtype)])
    names = data.names + tuple(data.names[row] for row in mine) * times
    return FeatureSet(joined.reshape(-1, *data.x.shape[1:]), np.tile(y, data.copies), names, data.copies)
