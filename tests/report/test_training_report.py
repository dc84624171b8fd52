"""What Part 3 shows of its runs, counted by hand on two seeds of a few clips."""

import numpy as np
import pytest

from kwslib.data.protocol import Example
from kwslib.experiments.seeds import Trained
from kwslib.features.dataset import FeatureSet
from kwslib.labels import class_labels
from kwslib.networks.evaluation import Evaluation
from kwslib.networks.training import Epoch
from kwslib.report.part3 import tables as report

LABELS = class_labels()
TRUE = np.array([0, 0, 1, 1, 1, 1, 2, 2, 3, 3])
ANSWERS = {0: np.array([0, 0, 1, 1, 2, 2, 2, 2, 3, 1]), 1: np.array([0, 1, 1, 1, 1, 3, 2, 2, 3, 3])}
NAMES = ("s/0", "s/1", "go/a.wav", "go/b.wav", "go/c.wav", "up/d.wav", "yes/e", "yes/f", "no/g", "no/h")


def confusion(answers):
    counts = np.zeros((4, 4), int)
    np.add.at(counts, (TRUE, answers), 1)
    return counts


def trained(seed):
    evaluation = Evaluation(LABELS, confusion(ANSWERS[seed]))
    history = (Epoch(0, 1.0, 0.5, 1.1, 0.4), Epoch(1, 0.5, 0.8, 0.9, 0.6 + seed / 10))
    splits = ("training", "validation", "testing")
    return Trained(seed, history, dict.fromkeys(splits, evaluation), {"testing": ANSWERS[seed]})


RUNS = [trained(0), trained(1)]


def test_examples_are_counted_by_split_and_class():
    examples = {"training": [1, 1, 2], "validation": [0], "testing": [3, 3]}
    splits = {
        split: [Example(f"{split}/{n}", split, label) for n, label in enumerate(labels)]
        for split, labels in examples.items()
    }
    values = report.size_values(splits, LABELS)
    assert values["samples_training_unknown"].value == 2
    assert values["samples_testing_no"].value == 2
    assert values["samples_training_total"].value == 3
    table = report.sizes_table(values, LABELS)
    assert table.loc["training", "total"] == "3 (10,556)"  # the original's number beside it


def test_accuracies_are_means_over_seeds():
    values = report.accuracy_values(RUNS)
    assert values["epochs"].value == 2
    assert values["accuracy_testing"].value == pytest.approx((0.7 + 0.8) / 2)
    assert values["accuracy_testing"].n == 2
    assert values["accuracy_testing_unknown"].value == pytest.approx((2 / 4 + 3 / 4) / 2)
    assert values["correct_testing_total"].value == pytest.approx(7.5)
    assert values["correct_testing_silence"].value == pytest.approx(1.5)
    first = values["accuracy_testing_first_seed"]
    assert (first.value, first.n) == (pytest.approx(0.7), 10)
    assert first.ci95[0] < 0.7 < first.ci95[1]


def test_one_run_in_the_original_s_form():
    table = report.accuracy_table(RUNS[0].evaluations["testing"])
    assert table["unknown"].tolist() == ["4", "2", "0.500"]
    assert table["total"].tolist() == ["10", "7", "0.700"]


def test_intervals_of_classes_hold_their_mean():
    rows = report.class_intervals(RUNS)
    assert rows["labels"] == (*LABELS, "total")
    assert rows["accuracy"] == pytest.approx([0.75, 0.625, 1.0, 0.75, 0.75])
    assert rows["low"][1] < 0.625 < rows["high"][1]
    assert rows["low"][2] == rows["high"][2] == 1.0


def test_learning_curves_have_every_epoch_of_every_seed():
    assert report.curves(RUNS)[1] == {"training": [0.5, 0.8], "validation": [0.4, 0.7]}


def test_mistaken_words_are_counted_over_all_runs():
    testing = FeatureSet(np.zeros((10, 49, 40), np.int8), TRUE, NAMES)
    training = FeatureSet(np.zeros((6, 49, 40), np.int8), TRUE[:6], ("go/a", "go/b", "yes/c"), copies=2)
    mistakes, totals, trained = report.mistaken_words(RUNS, testing, training)
    assert trained == {"go": 2, "yes": 1}
    assert totals == {"go": 6, "up": 2}  # of the class unknown alone, each clip in both runs
    assert mistakes["go"] == {"unknown": 5, "yes": 1}
    assert mistakes["up"] == {"yes": 1, "no": 1}


def test_words_are_ordered_by_the_share_of_their_clips_that_is_mistaken():
    mistakes = {
        "up": {"unknown": 9, "no": 1},  # one of ten
        "go": {"yes": 1, "silence": 1, "unknown": 2},  # two of four
        "tree": {"yes": 1, "unknown": 1},
        "bed": {"unknown": 5},  # none
    }
    totals = {"up": 10, "go": 4, "tree": 2, "bed": 5}
    assert report.most_mistaken(mistakes, totals) == ["go", "tree", "up"]


def test_ways_of_training_are_set_side_by_side():
    ways = {"fixed, augmented": RUNS, "one": RUNS[:1]}
    table = report.protocol_table(ways)
    row = table.loc["fixed, augmented"]
    assert (row["mean"], row["lowest"], row["highest"], row["runs"]) == (
        pytest.approx(75),
        pytest.approx(70),
        pytest.approx(80),
        2,
    )
    assert row["standard deviation"] == pytest.approx(100 * np.std([0.7, 0.8], ddof=1))
    assert np.isnan(table.loc["one", "standard deviation"])
    values = report.protocol_values(ways)
    assert values["accuracy_testing_fixed_augmented"].value == pytest.approx(0.75)


def test_redrawn_tests_leave_no_less_open_than_one():
    value = report.redraw_values([0.8, 0.9], clips=20)[report.REDRAWN]
    assert (value.value, value.n) == (pytest.approx(0.85), 20)
    once = report.redraw_values([0.85], clips=20)[report.REDRAWN]
    assert value.ci95 == once.ci95


def test_the_original_s_accuracies_by_split_and_class():
    found = report.original_accuracies("training", "yes", "total")
    assert list(found) == ["training", "yes", "total"]
    assert all(0.8 < accuracy < 1 for accuracy in found.values())
    assert found["total"] == pytest.approx(1275 / 1368, abs=5e-4)  # right answers of its Figure 9
