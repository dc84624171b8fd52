"""Figures of a trained classifier: learning curves (Figure 6), classes (7 to 9), confusion, mistakes.

Accuracies are fractions of one, drawn in percent. Every function takes data and returns a Figure.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from kwslib.labels import UNKNOWN, class_labels
from kwslib.record import style
from kwslib.report.part3.tables import most_mistaken


def training_curves(
    histories: Sequence[Mapping[str, ArrayLike]], original: Mapping[str, float] | None = None
) -> Figure:
    """Training and validation accuracy by epoch (Figure 6): mean over seeds, band from worst to best seed.

    histories: one per seed, {"training": (epochs,), "validation": (epochs,)}. original: final accuracies,
    same keys, drawn at the last epoch.
    """
    figure, ax = style.subplots(height=3.6)
    for split, colour in (("training", style.VERMILION), ("validation", style.BLUE)):
        accuracy = 100 * np.array([history[split] for history in histories], float)  # (seeds, epochs)
        epochs = np.arange(1, accuracy.shape[1] + 1)
        style.interval_curve(
            ax, epochs, accuracy.mean(0), accuracy.min(0), accuracy.max(0), label=split, colour=colour
        )
        if original:
            label = f"original report, {split}"
            style.original_points(ax, [epochs[-1]], [100 * original[split]], label, colour)
    later = [100 * np.asarray(values, float)[1:] for history in histories for values in history.values()]
    ax.set(xlabel="epoch", ylabel="accuracy (%)", ylim=(min(map(np.min, later)) - 1, None))
    ax.xaxis.get_major_locator().set_params(integer=True)
    style.legend_above(figure, ax)
    return figure


def confusion(matrix: np.ndarray, labels: Sequence[str]) -> Figure:
    """Confusion matrix, rows the truth, columns the answer: counts, shaded by the share of each row.

    matrix: (C, C), counts or their mean over seeds.
    """
    counts = np.asarray(matrix, float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, ax = style.subplots(height=1.2 + 0.75 * len(labels))
    texts = [
        [f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}" for value in row] for row in counts
    ]
    cells = [
        [f"{text}\n{part:.1%}".replace("%", " %") for text, part in zip(*rows, strict=True)]
        for rows in zip(texts, share, strict=True)
    ]
    style.shaded_cells(ax, share, cells)
    ax.set_xticks(range(len(labels)), labels)
    ax.set_yticks(range(len(labels)), labels)
    ax.set(xlabel="predicted class", ylabel="true class")
    return figure


def per_class_bars(
    labels: Sequence[str],
    accuracy: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    original: Mapping[str, float] | None = None,
    original_ci95: Mapping[str, tuple[float, float] | None] | None = None,
) -> Figure:
    """Accuracy of each class (and "total", if it is among the labels) with its 95 % interval.

    original: its accuracies by label, of those it states, shown for those of `labels`; original_ci95: their intervals.
    """
    figure, ax = style.subplots(height=1.3 + 0.4 * len(labels))
    original = original and {label: value for label, value in original.items() if label in labels}
    mean, lower, upper = (100 * np.asarray(values, float) for values in (accuracy, low, high))
    style.interval_points(ax, labels, mean, lower, upper)
    if original is not None:
        rows = [list(labels).index(label) + 0.3 * bool(original_ci95) for label in original]
        style.original_points(ax, [100 * value for value in original.values()], rows)
        for y, label in zip(rows, original, strict=True):
            bounds = (original_ci95 or {}).get(label)
            if bounds is not None:
                ax.hlines(y, *(100 * bound for bound in bounds), color=style.GREY)
        ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1)
        )  # beside the rows it would look like a point of one
    ax.set(xlabel="accuracy (%), with 95 % interval", ylabel="class")
    return figure


def unknown_words(
    mistakes: Mapping[str, Mapping[str, int]],
    totals: Mapping[str, int],
    trained: Mapping[str, int],
    labels: Sequence[str] = class_labels(),
    most: int = 12,
) -> Figure:
    """Predictions for words outside the vocabulary: the `most` misclassified words, worst on top.

    mistakes: word -> {predicted class: clips}, correct answers ignored; totals: word -> clips tested; trained: word ->
    clips in training.
    """
    heard_as = [label for label in labels if label != UNKNOWN]
    wrong = {
        word: [100 * answers.get(label, 0) / totals[word] for label in heard_as]
        for word, answers in mistakes.items()
    }
    words = most_mistaken(mistakes, totals)[:most]
    figure, ax = style.subplots(height=1.6 + 0.27 * max(len(words), 1))
    left = np.zeros(len(words))
    for index, (label, colour) in enumerate(style.label_colours(heard_as).items()):
        width = np.array([wrong[word][index] for word in words])
        ax.barh(range(len(words)), width, left=left, color=colour, label=f"as “{label}”")
        left += width
    ax.set_yticks(range(len(words)), [f"{word} ({totals[word]}; {trained.get(word, 0)})" for word in words])
    ax.set_ylim(max(len(words), 1) - 0.4, -0.6)
    ax.set(xlabel="clips of the word mistaken (%)", ylabel="word (tested; trained)")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower right")
    return figure


def accuracy_steps(
    steps: Mapping[str, tuple[float, float, float]], beside: Mapping[str, tuple[float, float, float]]
) -> Figure:
    """The difference between two test accuracies, step by step, and other accuracies for comparison.

    steps: name -> (mean, low, high) of ways of training and testing, each with one change from the one before; beside:
    the same for values that are not steps. Fractions of one.
    """
    named = [*steps, *beside]
    rows = 100 * np.array([*steps.values(), *beside.values()])  # (rows, 3)
    figure, ax = style.subplots(height=1.2 + 0.42 * len(named))
    colours = [style.BLUE] * len(steps) + [style.GREY, style.GREEN][: len(beside)]
    style.interval_points(ax, named, rows[:, 0], rows[:, 1], rows[:, 2], colours=colours)
    for row in range(1, len(steps)):
        before, after = rows[row - 1, 0], rows[row, 0]
        ax.plot([before, before, after], [row - 1, row, row], ":", color=style.INK, linewidth=1)
        text, side = f"{after - before:+.1f}".replace("-", "−"), 5 if after >= before else -5
        place = {"textcoords": "offset points", "ha": "left" if side > 0 else "right", "va": "center"}
        ax.annotate(text, (before, row - 0.5), (side, 0), **place)  # between the rows, where no whisker is
    ax.set(xlabel="test accuracy (%), with 95 % interval")
    return figure
