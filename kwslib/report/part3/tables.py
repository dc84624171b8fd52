"""Tables of Part 3: in the original's form, means over seeds, misclassified words."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kwslib.checkpoints import load_checkpoint
from kwslib.data.corpus import Corpus
from kwslib.data.protocol import Example, Protocol
from kwslib.data.splits import SPLITS
from kwslib.experiments.seeds import Trained, accuracies, classes
from kwslib.features.dataset import FeatureSet, feature_split, feature_splits
from kwslib.labels import UNKNOWN
from kwslib.networks.evaluation import Evaluation, evaluate
from kwslib.networks.training import predict
from kwslib.record import names
from kwslib.record.comparison import load_original
from kwslib.record.values import Value, Values, over_seeds
from kwslib.statistics import mean_interval, mean_share, wilson

if TYPE_CHECKING:
    import pandas

TOTAL = "total"


def size_values(splits: Mapping[str, Sequence[Example]], labels: Sequence[str]) -> Values:
    """Number of examples by split and class, and in total by split."""
    values: Values = {}
    for split in SPLITS:
        counts = Counter(labels[example.label] for example in splits[split])
        counts[TOTAL] = len(splits[split])
        values |= {names.samples(split, label): Value(counts[label]) for label in (*labels, TOTAL)}
    return values


def sizes_table(sizes: Values, labels: Sequence[str]) -> "pandas.DataFrame":
    """`size_values` by split (rows) and class, "ours (original's)"."""
    import pandas

    stated = {entry.ours: entry for entry in load_original().values()}
    rows: dict[str, dict[str, str]] = {}
    for split in SPLITS:
        rows[split] = {}
        for label in (*labels, TOTAL):
            entry = stated.get(f"03_training/{names.samples(split, label)}")
            count = f"{sizes[names.samples(split, label)].value:,}"
            rows[split][label] = f"{count} ({entry.value:,})" if entry else count
    return pandas.DataFrame(rows).T


def curves(runs: Sequence[Trained]) -> list[dict[str, list[float]]]:
    """Accuracy by epoch of every run, for the figure of learning curves."""
    return [
        {
            "training": [epoch.training_accuracy for epoch in run.history],
            "validation": [epoch.validation_accuracy for epoch in run.history],
        }
        for run in runs
    ]


def accuracy_table(evaluation: Evaluation) -> "pandas.DataFrame":
    """#samples, #correct and accuracy by class and in total: the form of the original's Figures 7 to 9."""
    import pandas

    columns = {
        label: [f"{row['n']:,}", f"{row['correct']:,}", f"{row['accuracy']:.3f}" if row["n"] else ""]
        for label, row in evaluation.per_class.items()
    }
    columns[TOTAL] = [f"{evaluation.n:,}", f"{evaluation.correct:,}", f"{evaluation.accuracy:.3f}"]
    return pandas.DataFrame(columns, index=["#samples", "#correct", "accuracy"])


def accuracy_values(runs: Sequence[Trained]) -> Values:
    """Accuracies and correct answers by split, in total and by class, as means over seeds; the first seed's
    test accuracy with its Wilson interval; numbers of classes, splits and epochs."""
    values = {
        "classes": Value(len(runs[0].evaluations["testing"].labels)),
        "epochs": Value(len(runs[0].history)),
        "splits": Value(len(runs[0].evaluations)),
    }
    for split in SPLITS:
        for label in (None, *classes(runs, split)):
            mean = mean_share(accuracies(runs, split, label))
            values[names.accuracy(split, label or "")] = over_seeds(mean, len(runs))
            mean = mean_interval([_correct(r.evaluations[split], label) for r in runs])
            values[names.correct(split, label or TOTAL)] = over_seeds(mean, len(runs), "")
    first = runs[0].evaluations["testing"]
    interval = wilson(first.correct, first.n)
    values["accuracy_testing_first_seed"] = Value(first.accuracy, "fraction", interval, first.n)
    return values


def _correct(evaluation: Evaluation, label: str | None) -> int:
    return int(evaluation.per_class[label]["correct"]) if label else evaluation.correct


def original_accuracies(*wanted: str) -> dict[str, float]:
    """The original's final accuracies by split, or by class (or in total) on its test split, as fractions of one."""
    stated = {entry.ours: entry.value / 100 for entry in load_original().values() if entry.unit == "%"}
    stated |= {entry.ours: entry.value for entry in load_original().values() if entry.unit == "fraction"}
    found = {}
    for name in wanted:
        recorded = (
            names.accuracy(name) if name in SPLITS else names.accuracy("testing", name.replace(TOTAL, ""))
        )
        found[name] = stated[f"03_training/{recorded}"]
    return found


def class_intervals(runs: Sequence[Trained]) -> dict[str, Any]:
    """Mean test accuracy and t interval of each class and in total: labels, accuracy, low, high."""
    labels = classes(runs)
    rows = [mean_share(accuracies(runs, label=label)) for label in (*labels, None)]
    mean, low, high = zip(*rows, strict=True)
    return {"labels": (*labels, TOTAL), "accuracy": mean, "low": low, "high": high}


def mistaken_words(
    runs: Sequence[Trained], testing: FeatureSet, training: FeatureSet
) -> tuple[dict[str, dict[str, int]], dict[str, int], dict[str, int]]:
    """For the words of class unknown: {word: {predicted class: clips}} over all runs, {word: clips tried}, and {word:
    clips in training}, changed copies not counted."""
    labels = runs[0].evaluations["testing"].labels
    answers: dict[str, dict[str, int]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for index in np.flatnonzero(testing.y == labels.index(UNKNOWN)):
        word = testing.names[index].split("/")[0]
        for run in runs:
            answers[word][labels[run.predictions["testing"][index]]] += 1
            totals[word] += 1
    return dict(answers), dict(totals), dict(Counter(name.split("/")[0] for name in training.names))


def most_mistaken(mistakes: Mapping[str, Mapping[str, int]], totals: Mapping[str, int]) -> list[str]:
    """The words with any misclassified clips in `mistaken_words`, by their share, worst first."""
    wrong = {
        word: sum(n for label, n in heard.items() if label != UNKNOWN) / totals[word]
        for word, heard in mistakes.items()
    }
    return sorted((word for word in wrong if wrong[word]), key=lambda word: (-wrong[word], word))


def protocol_values(runs: Mapping[str, Sequence[Trained]]) -> Values:
    """Test accuracies of several ways of training and testing, means over seeds."""
    return {
        names.test_accuracy(way): over_seeds(mean_share(found), len(found))
        for way, found in _ways(runs).items()
    }


def protocol_table(runs: Mapping[str, Sequence[Trained]]) -> "pandas.DataFrame":
    """Mean, interval, spread and range of test accuracy (%) for several ways of training and testing."""
    import pandas

    rows = {way: _spread(found) for way, found in _ways(runs).items()}
    return pandas.DataFrame.from_dict(rows, orient="index")


def _ways(runs: Mapping[str, Sequence[Trained]]) -> dict[str, list[float]]:
    """Test accuracies by the way of training and testing: of each kind of training on its own kind of test, and where
    the runs have it on the fixed one too."""
    found = {}
    for way, trained in runs.items():
        found[way] = accuracies(trained)
        if FIXED_TEST in trained[0].evaluations:
            found[f"{way}, {FIXED_TEST}"] = accuracies(trained, FIXED_TEST)
    return found


FIXED_TEST = "fixed test"  # of runs that were trained by the original's protocol
REDRAWS = range(100, 105)  # seeds of the tests that one network is tested on again
REDRAWN = "accuracy_testing_first_seed_redrawn"


def redrawn_accuracies(checkpoint: Path, corpus: Corpus) -> tuple[list[float], int]:
    """Accuracies (0..1) of one network on several tests of the original protocol, and the clips of one test."""
    model, config, _ = load_checkpoint(checkpoint)
    protocol = Protocol(name="original")
    tests = [feature_split(corpus, protocol, "testing", seed) for seed in REDRAWS]
    return [evaluate(predict(model, test.x), test.y, config.labels).accuracy for test in tests], tests[0].n


def redraw_table(accuracies: Sequence[float]) -> "pandas.DataFrame":
    """Mean and spread (%) of one network's `redrawn_accuracies`."""
    import pandas

    return pandas.DataFrame.from_dict({"one network": _spread(accuracies)}, orient="index")


def redraw_values(accuracies: Sequence[float], clips: int) -> Values:
    """The mean of `redrawn_accuracies` with Wilson's interval over the clips of one test.

    The draws share most clips, so that more draws do not make the interval narrower.
    """
    mean = sum(accuracies) / len(accuracies)
    interval = wilson(round(mean * clips), clips)
    return {REDRAWN: Value(mean, "fraction", interval, clips)}


def _spread(accuracies: Sequence[float]) -> dict[str, float]:
    """Fractions in, per cent out."""
    mean = mean_share(accuracies)
    return {
        "mean": 100 * mean.mean,
        "95 % from": 100 * mean.low,
        "to": 100 * mean.high,
        "standard deviation": 100 * float(np.std(accuracies, ddof=1))
        if len(accuracies) > 1
        else float("nan"),
        "lowest": 100 * min(accuracies),
        "highest": 100 * max(accuracies),
        "runs": len(accuracies),
    }


def drawn_the_old_way(corpus: Corpus) -> Callable[[int], dict[str, FeatureSet]]:
    """A function of the seed that returns the splits drawn by the original protocol, and the fixed test."""
    fixed = {FIXED_TEST: feature_split(corpus, Protocol(), "testing")}
    return lambda seed: feature_splits(corpus, Protocol(name="original"), seed=seed) | fixed


def without_more_words(
    ours: Mapping[str, FeatureSet], plain: Mapping[str, FeatureSet]
) -> dict[str, FeatureSet]:
    """Our recipe's splits with no more *unknown* clips in training than `plain`, the protocol's own: the effect of
    augmentation alone."""
    training, kept = ours["training"], set(plain["training"].names)
    chosen = np.array([name in kept for name in training.names])
    rows = np.tile(chosen, training.copies)
    fewer = tuple(name for name in training.names if name in kept)
    return {**ours, "training": FeatureSet(training.x[rows], training.y[rows], fewer, training.copies)}
