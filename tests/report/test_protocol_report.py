"""Part 3's ways of training and testing: one change at a time."""

from pathlib import Path

import numpy as np
import pytest
from small_corpus import write_corpus

from kwslib.data.corpus import read_folder
from kwslib.data.protocol import Protocol
from kwslib.experiments.seeds import Trained
from kwslib.features.dataset import FeatureSet, feature_split
from kwslib.networks.evaluation import evaluate
from kwslib.networks.models import ModelConfig
from kwslib.report.part3 import tables
from kwslib.report.part3.figures import accuracy_steps
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


def test_the_old_way_draws_anew_with_each_seed_and_has_the_fixed_test_too(tmp_path):
    corpus = read_folder(write_corpus(tmp_path))
    drawn = tables.drawn_the_old_way(corpus)
    first, second = drawn(1), drawn(2)
    for split in ("training", "validation", "testing"):
        assert first[split].n == second[split].n
        assert not np.array_equal(first[split].x, second[split].x)
    fixed = feature_split(corpus, Protocol(), "testing")
    for splits in (first, second):
        assert splits[FIXED_TEST].names == fixed.names
        np.testing.assert_array_equal(splits[FIXED_TEST].x, fixed.x)


def test_one_network_is_tested_on_five_draws_of_the_old_test(monkeypatch):
    asked = []

    def draw(_, protocol, split, seed):
        """Four clips, so many of which the network gets right, that are the answers themselves."""
        asked.append((protocol.name, split))
        y = np.arange(4)
        return FeatureSet(np.where(y < seed - 100, y, (y + 1) % 4), y, ("a", "b", "c", "d"))

    monkeypatch.setattr(tables, "feature_split", draw)
    monkeypatch.setattr(tables, "load_checkpoint", lambda _: (None, ModelConfig(), {}))
    monkeypatch.setattr(tables, "predict", lambda _, x: np.eye(4)[x])
    accuracies, clips = tables.redrawn_accuracies(Path("network.pt"), None)
    assert set(asked) == {("original", "testing")}
    assert (accuracies, clips) == ([0, 0.25, 0.5, 0.75, 1], 4)
    row = tables.redraw_table(accuracies).loc["one network"]
    assert (row["mean"], row["lowest"], row["highest"], row["runs"]) == (50, 0, 100, 5)
    assert row["standard deviation"] == pytest.approx(25 * 2.5**0.5)


def test_each_step_says_how_far_it_moves_the_accuracy_from_the_step_before():
    steps = {"old": (0.9, 0.88, 0.92), "fixed": (0.885, 0.87, 0.9), "ours": (0.91, 0.9, 0.92)}
    (ax,) = accuracy_steps(steps, {"original": (0.93, 0.92, 0.94)}).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["old", "fixed", "ours", "original"]
    assert [points.lines[0].get_xdata()[0] for points in ax.containers] == pytest.approx([90, 88.5, 91, 93])
    moved = {text.get_text(): (text.xy, text.get_ha()) for text in ax.texts}
    assert moved == {"−1.5": ((90, 0.5), "right"), "+2.5": ((88.5, 1.5), "left")}
