"""A trained network is trained further as it was trained: on clips, for the field or for a user's own word.

Its checkpoint says which. One with a threshold gets a threshold chosen anew, since other weights have other posteriors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.data.corpus import Corpus
from kwslib.experiments.seeds import Splits
from kwslib.experiments.zoo_field import (
    FIELD_EFFORTS,
    FieldEffort,
    choose_settings,
    field_training_splits,
    for_field,
)
from kwslib.features.dataset import FeatureSet
from kwslib.field.stream import open_network
from kwslib.keyword.road import Effort, chosen_threshold
from kwslib.keyword.threshold import as_extra
from kwslib.keyword.training import word_setup, word_splits
from kwslib.networks.models import ModelConfig
from kwslib.networks.recipes import Setup, setup, training_splits
from kwslib.networks.training import Recipe
from kwslib.profiles import Profile

WORD_EFFORT = Effort()  # that of `kws keyword`


@dataclass(frozen=True)
class Further:
    """How a network is trained further.

    epochs: of its training, from which recipes work out their own. splits: the features of a corpus under a setup.
    threshold: what its checkpoint holds as `extra`, given one without it; None for a network without a threshold.
    """

    setup: Setup
    epochs: int
    splits: Callable[[Corpus, Setup], Splits]
    threshold: Callable[[Path, Corpus], Mapping[str, Any]] | None = None

    def with_recipe(self, recipe: Recipe) -> "Further":
        """The same with another recipe, except that labels are smoothed as in its training."""
        own = replace(recipe, label_smoothing=self.setup.recipe.label_smoothing)
        return replace(self, setup=replace(self.setup, recipe=own))


def further(config: ModelConfig, extra: Mapping[str, Any], profile: Profile) -> Further:
    """How the network of a checkpoint is trained further, in a profile; a user's own word takes WORD_EFFORT in each."""
    keywords = config.labels[2:]
    if extra.get("choice"):
        return Further(
            word_setup(keywords[0], config.arch, WORD_EFFORT.epochs),
            WORD_EFFORT.epochs,
            _mixed_word_splits,
            partial(chosen_threshold, effort=WORD_EFFORT),
        )
    own = setup(config.arch, profile.epochs, keywords)
    if extra.get("decision"):
        spent = FIELD_EFFORTS[profile.name]
        return Further(
            for_field(own, profile.epochs),
            profile.epochs,
            partial(field_training_splits, spent=spent),
            partial(_field_threshold, spent=spent),
        )
    return Further(own, profile.epochs, training_splits)


def _field_threshold(network: Path, corpus: Corpus, spent: FieldEffort) -> Mapping[str, Any]:
    return as_extra(choose_settings(open_network(network), corpus, spent).settings)


def _mixed_word_splits(corpus: Corpus, training_setup: Setup) -> Splits:
    """A word's splits with training in random order: its first examples, on which ranges are calibrated, would
    otherwise lack the word."""
    splits = word_splits(corpus, training_setup)
    data = splits["training"]
    order = np.random.default_rng(0).permutation(data.n)
    rows = (data.n * np.arange(data.copies)[:, None] + order).ravel()
    names = tuple(data.names[row] for row in order)
    return splits | {"training": FeatureSet(data.x[rows], data.y[rows], names, data.copies)}
