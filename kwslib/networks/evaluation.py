"""The metrics that are reported, from logits: accuracy per class, its interval, the confusion matrix."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.errors import KwsError
from kwslib.statistics import wilson


@dataclass(frozen=True)
class Evaluation:
    """Counts of one model on one split. `confusion[true, predicted]`, shape (C, C)."""

    labels: tuple[str, ...]
    confusion: np.ndarray

    @property
    def n(self) -> int:
        """Number of examples."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """Number of correct answers."""
        return int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        """Share of correct answers."""
        return self.correct / self.n

    @property
    def per_class(self) -> dict[str, dict[str, Any]]:
        """For each label: n, correct, accuracy (None for a class without examples)."""
        rows = {}
        for index, label in enumerate(self.labels):
            n, correct = int(self.confusion[index].sum()), int(self.confusion[index, index])
            rows[label] = {"n": n, "correct": correct, "accuracy": correct / n if n else None}
        return rows

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Correct answers and examples, for each label that has examples."""
        rows = self.per_class.items()
        return {label: (row["correct"], row["n"]) for label, row in rows if row["n"]}

    def answered(self, said: str, heard: str) -> tuple[int, int]:
        """Examples of one label that were answered with another, and examples of it."""
        row = self.confusion[self.labels.index(said)]
        return int(row[self.labels.index(heard)]), int(row.sum())

    def as_json(self) -> dict[str, Any]:
        """The object that `kws eval --json` prints; accuracy with its 95 % Wilson interval."""
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "ci95": list(wilson(self.correct, self.n)),
            "per_class": self.per_class,
            "confusion": self.confusion.tolist(),
        }


def evaluate(logits: np.ndarray, y: np.ndarray, labels: tuple[str, ...]) -> Evaluation:
    """Score logits (N, C) against true classes (N,). Raises KwsError when their sizes do not match."""
    if len(y) == 0:
        raise KwsError("nothing to evaluate: the split is empty")
    if logits.shape != (len(y), len(labels)):
        raise KwsError(
            f"logits of shape {logits.shape} do not fit {len(y)} examples of {len(labels)} classes"
        )
    return tally(logits.argmax(axis=1), y, labels)


def accuracy(logits: np.ndarray, y: np.ndarray) -> float:
    """Share of examples whose largest logit (N, C) is that of their class (N,)."""
    return float((logits.argmax(axis=1) == y).mean())


def tally(decisions: np.ndarray, y: np.ndarray, labels: tuple[str, ...]) -> Evaluation:
    """Score the classes decided on (N,) against the true ones (N,)."""
    confusion = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(confusion, (y, decisions), 1)
    return Evaluation(labels, confusion)


def check_finite(path: Path, logits: np.ndarray) -> np.ndarray:
    """Return `logits` unchanged. Raises KwsError if they are not all finite, as with a model of very large weights."""
    if not np.isfinite(logits).all():
        raise KwsError(f"{path}: its logits are not finite: its weights are too large; train it again")
    return logits
