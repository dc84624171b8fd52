"""What a recipe trains on."""

from dataclasses import replace

import torch

from kwslib.checkpoints import train
from kwslib.data import spoken
from kwslib.data.corpus import read_folder
from kwslib.features.dataset import feature_splits
from kwslib.labels import UNKNOWN
from kwslib.networks.recipes import setup, training_splits


def test_the_synthesizer_says_keywords_and_other_words_in_training_and_nothing_elsewhere(synthetic):
    """A synthetic corpus, here passed off as recordings, gets none."""
    corpus = read_folder(synthetic)
    training_setup = setup("tenet_valid", 1)
    few = replace(training_setup, augmentation=replace(training_setup.augmentation, copies=1))
    plain = training_splits(corpus, few)
    with_words = training_splits(replace(corpus, synthetic=False), few)
    more = {*with_words["training"].names} - {*plain["training"].names}
    added = {name for name in more if not name.startswith("silence/")}  # of which there is a share, too
    keywords = few.protocol.keywords
    others = spoken.with_spoken_words(corpus, keywords, 1, splits=("training",))
    said = spoken.with_spoken_keywords(others, keywords)
    assert added <= {clip.name for clip in said.clips}
    labels = dict(zip(with_words["training"].names, with_words["training"].y, strict=True))
    heard = {name: few.config.labels[labels[name]] for name in added}
    assert {*heard.values()} == {UNKNOWN, *keywords}
    assert all(name.startswith(f"{label}/") for name, label in heard.items() if label != UNKNOWN)
    for split in ("validation", "testing"):
        assert with_words[split].names == plain[split].names


def test_copies_that_no_epoch_reaches_are_not_made_and_change_nothing(synthetic):
    corpus, short = read_folder(synthetic), setup("tinyconv", 2)
    assert (short.augmentation.copies, short.heard.copies, setup("tinyconv", 50).heard.copies) == (10, 2, 10)
    all_of_them = feature_splits(corpus, short.protocol, replace(short.heard, copies=3))
    trained = [
        train(short.config, short.recipe, splits["training"], splits["validation"], 0)[0].state_dict()
        for splits in (training_splits(corpus, short), all_of_them)
    ]
    assert all(torch.equal(tensor, trained[1][name]) for name, tensor in trained[0].items())
