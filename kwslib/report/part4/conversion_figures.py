"""Figures of Part 4's first half: bytes by step, cost of int8 by class."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from kwslib.networks.evaluation import Evaluation
from kwslib.record import style
from kwslib.statistics import wilson


def sizes(steps: Mapping[str, tuple[int, int]]) -> Figure:
    """One bar per step: bytes of weights and biases, and of the rest of the file.

    steps: name -> (bytes of the file, bytes of weights in it).
    """
    figure, ax = style.subplots(height=1.2 + 0.5 * len(steps))
    whole, weights = (np.array(column) / 1000 for column in zip(*steps.values(), strict=True))
    rows = range(len(steps))
    ax.barh(rows, weights, color=style.BLUE, height=0.6, label="weights and biases")
    ax.barh(rows, whole - weights, left=weights, color=style.AMBER, height=0.6, label="everything else")
    for row, (size, _) in enumerate(steps.values()):
        ax.text(size / 1000, row, f"\xa0{size:,} B", va="center", ha="left")
    ax.set_yticks(rows, [name.replace(", ", ",\n") for name in steps])
    ax.invert_yaxis()
    ax.set(xlabel="file (KB of 1,000 bytes)", ylabel="step")
    ax.margins(x=0.2)
    ax.set_xlim(left=0)
    ax.grid(axis="y", visible=False)
    style.legend_above(figure, ax)
    return figure


def accuracy_by_type(results: Mapping[str, Evaluation]) -> Figure:
    """Accuracy of each class and in total with its 95 % (Wilson) interval, one colour per number type."""
    figure, ax = style.subplots(height=4.0)
    colours = (style.BLUE, style.VERMILION)
    names: list[str] = []
    for (kind, result), colour, offset in zip(results.items(), colours, (-0.14, 0.14), strict=True):
        counts = result.counts | {"total": (result.correct, result.n)}
        names = list(counts)
        for row, (correct, n) in enumerate(counts.values()):
            low, high = wilson(int(correct), int(n))
            share = correct / n
            whiskers = [[100 * (share - low)], [100 * (high - share)]]
            label = kind if row == 0 else None
            ax.errorbar(
                100 * share, row + offset, xerr=whiskers, fmt="o", color=colour, elinewidth=2, label=label
            )
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set(xlabel="test accuracy (%), with 95 % interval", ylabel="class")
    ax.grid(axis="y", visible=False)
    style.legend_above(figure, ax)
    return figure
