"""Scores count what they claim to count."""

import numpy as np
import pytest

from kwslib.errors import KwsError
from kwslib.networks.evaluation import evaluate

LABELS = ("silence", "unknown", "yes", "no")


def test_counts_by_class_and_confusion():
    y = np.array([0, 1, 1, 2, 3, 3])
    predicted = np.array([0, 1, 0, 2, 3, 2])
    result = evaluate(np.eye(4)[predicted], y, LABELS)
    assert (result.n, result.correct) == (6, 4)
    assert result.accuracy == pytest.approx(4 / 6)
    assert result.per_class["unknown"] == {"n": 2, "correct": 1, "accuracy": 0.5}
    assert result.confusion[3].tolist() == [0, 0, 1, 1]
    assert result.as_json()["per_class"]["no"]["n"] == 2


def test_a_class_without_examples_has_no_accuracy():
    result = evaluate(np.eye(4)[[2]], np.array([2]), LABELS)
    assert result.per_class["no"]["accuracy"] is None


@pytest.mark.parametrize(
    ("logits", "y"), [(np.zeros((0, 4)), []), (np.zeros((2, 3)), [0, 1]), (np.zeros((1, 4)), [0, 1])]
)
def test_sizes_that_do_not_fit_are_refused(logits, y):
    with pytest.raises(KwsError):
        evaluate(logits, np.array(y, dtype=int), LABELS)
