"""What a recipe trains on."""

from dataclasses import replace

from kwslib.data import spoken
from kwslib.data.corpus import read_folder
from kwslib.labels import UNKNOWN
from kwslib.networks.recipes import setup, training_splits


def test_the_synthesizers_words_are_unknown_ones_of_training_and_of_nothing_else(synthetic):
    """A synthetic corpus, here passed off as recordings, gets none."""
    corpus = read_folder(synthetic)
    training_setup = setup("tenet_valid", 1)
    few = replace(training_setup, augmentation=replace(training_setup.augmentation, copies=1))
    plain = training_splits(corpus, few)
    with_words = training_splits(replace(corpus, synthetic=False), few)
    added = {*with_words["training"].names} - {*plain["training"].names}
    assert added
    said = spoken.with_spoken_words(corpus, few.protocol.keywords, 1, splits=("training",))
    assert added <= {clip.name for clip in said.clips}
    labels = dict(zip(with_words["training"].names, with_words["training"].y, strict=True))
    assert {few.config.labels[labels[name]] for name in added} == {UNKNOWN}
    for split in ("validation", "testing"):
        assert with_words[split].names == plain[split].names
