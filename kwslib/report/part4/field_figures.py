"""Figures of the field test: confusion compared with the original's, small tests, factors."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from kwslib.field.factors import Effect
from kwslib.record import style


def confusions(
    matrices: Mapping[str, np.ndarray],
    labels: Sequence[str],
    assumed: Mapping[str, np.ndarray] | None = None,
) -> Figure:
    """Confusion matrices in a column, rows the truth, columns the answer: counts, shaded by their share of the row.

    assumed: by name, cells (C, C) that no source states; they are hatched.
    """
    figure, axes = style.subplots(len(matrices), 1, height=0.5 + 2.5 * len(matrices), squeeze=False)
    for ax, (name, counts) in zip(axes[:, 0], matrices.items(), strict=True):
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        texts = [
            [f"{count}\n{100 * part:.0f} %" for count, part in zip(*rows, strict=True)]
            for rows in zip(counts, share, strict=True)
        ]
        style.shaded_cells(ax, share, texts, (assumed or {}).get(name))
        ax.set_xticks(range(len(labels)), labels)
        ax.set_yticks(range(len(labels)), labels)
        ax.set(title=name, ylabel="said")
    axes[-1, 0].set_xlabel("answered")
    return figure


def small_tests(accuracies: np.ndarray, trials: int, whole: float, original: float) -> Figure:
    """Distribution of the correct answers in the drawn tests of `trials` trials; the whole test's accuracy and
    the original's.

    accuracies: fractions (times,); whole and original: fractions.
    """
    figure, ax = style.subplots(height=3.0)
    counts = np.bincount(np.rint(accuracies * trials).astype(int), minlength=trials + 1)
    ax.bar(100 * np.arange(trials + 1) / trials, counts, width=80 / trials, color=style.SKY)
    ax.axvline(100 * whole, color=style.BLUE, label="all trials")
    ax.axvline(100 * original, color=style.INK, linestyle="--", label="original report")
    ax.set(xlabel=f"accuracy in {trials} trials (%)", ylabel=f"of {counts.sum():,} tests")
    shown = np.flatnonzero(counts)
    ax.set_xlim(100 * min(shown[0] / trials, original) - 5, 100 * max(shown[-1] / trials, original) + 5)
    style.legend_above(figure, ax)
    return figure


def factors(effects: Mapping[str, Sequence[Effect]]) -> Figure:
    """Accuracy under every factor with its Wilson interval, one colour and offset per model; rows in order."""
    first = next(iter(effects.values()))
    figure, ax = style.subplots(height=1.2 + 0.36 * len(first))
    offsets = np.linspace(-0.16, 0.16, len(effects)) if len(effects) > 1 else [0.0]
    for (name, rows), colour, offset in zip(
        effects.items(), (style.BLUE, style.VERMILION), offsets, strict=False
    ):
        for row, effect in enumerate(rows):
            low, high = effect.result.ci95
            share = effect.result.accuracy
            whiskers = [[100 * (share - low)], [100 * (high - share)]]
            label = name if row == 0 else None
            ax.errorbar(
                100 * share, row + offset, xerr=whiskers, fmt="o", color=colour, elinewidth=2, label=label
            )
    for row in range(1, len(first)):
        if first[row].factor.group != first[row - 1].factor.group:
            ax.axhline(row - 0.5, color=style.GREY, linewidth=0.8)
    ax.set_yticks(range(len(first)), [effect.factor.name for effect in first])
    ax.set_ylim(len(first) - 0.5, -0.5)
    ax.set_xlabel("accuracy (%), with 95 % interval", loc="right")
    ax.grid(axis="y", visible=False)
    if len(effects) > 1:
        style.legend_above(figure, ax)
    return figure
