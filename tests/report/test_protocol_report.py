"""Part 3's ways of training and testing: one change at a time."""

import numpy as np

from kwslib.experiments.seeds import Trained
from kwslib.features.dataset import FeatureSet
from kwslib.networks.evaluation import evaluate
from kwslib.report.part3.tables import FIXED_TEST, protocol_table, protocol_values, without_more_words


def examples(names, copies=1):
    numbered = np.arange(copies * len(names), dtype=np.int8)
    x = np.broadcast_to(numbered[:, None, None], (len(numbered), 49, 40))
    return FeatureSet(x, np.tile(np.arange(len(names)), copies), names, copies)


def test_augmentation_alone_keeps_every_copy_of_the_protocols_own_clips():
    ours = {"training": examples(("a", "b", "c"), copies=2), "testing": examples(("t",))}
    fewer = without_more_words(ours, {"training": examples(("c", "a"))})
    training = fewer["training"]
    assert (training.names, training.n, training.copies) == (("a", "c"), 2, 2)
    assert list(training.x[:, 0, 0]) == [0, 2, 3, 5]
    assert list(training.y) == [0, 2, 0, 2]
    assert fewer["testing"] is ours["testing"]


def run_of(seed, **right):
    """A run that gets so many of ten clips of each test right."""
    truth = np.zeros(10, int)
    logits = {split: np.eye(2)[(np.arange(10) >= n).astype(int)] for split, n in right.items()}
    found = {split: evaluate(each, truth, ("yes", "no")) for split, each in logits.items()}
    return Trained(seed, (), found, {})


def test_runs_of_the_old_way_are_tested_both_ways():
    old = [run_of(seed, testing=7 + seed, **{FIXED_TEST: 9}) for seed in (0, 1)]
    ways = {"original protocol": old, "fixed protocol": [run_of(seed, testing=9) for seed in (0, 1)]}
    table = protocol_table(ways)
    assert list(table["mean"].round(6)) == [75, 90, 90]
    assert table.index[1] == "original protocol, fixed test"
    values = protocol_values(ways)
    assert values["accuracy_testing_original_protocol"].value == 0.75
    assert values["accuracy_testing_original_protocol_fixed_test"].value == 0.9
