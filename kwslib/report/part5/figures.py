"""Figures of Part 5: grids over weights, accuracy by width (Figure 12), causes, accuracy by bytes.

Accuracies are in percent, of `kwslib.report.part5.tables.over_seeds`. Every function takes data, returns a Figure.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from kwslib.quantization.grids import TERNARY
from kwslib.record import style

if TYPE_CHECKING:
    import pandas

CURVES = {  # (recipe, method): label, colour, marker
    ("ours", "qat"): ("QAT, ours", style.BLUE, "o"),
    ("ours", "ptq"): ("PTQ, ours", style.VERMILION, "s"),
    ("original", "qat"): ("QAT, original's recipe", style.SKY, "^"),
    ("original", "ptq"): ("PTQ, original's recipe", style.AMBER, "v"),
}
BETWEEN = (5, 7)  # bits


def grids_over_weights(weights: ArrayLike, grids: Mapping[str, ArrayLike]) -> Figure:
    """Histograms of a tensor, one panel for each grid, with the grid points as lines."""
    import seaborn

    values = np.ravel(weights)
    figure, axes = style.subplots(len(grids), height=0.8 + 1.7 * len(grids), sharex=True, squeeze=False)
    for ax, (name, points) in zip(axes[:, 0], grids.items(), strict=True):
        seaborn.histplot(  # as a step: one path, not 161
            values, bins=161, element="step", color=style.BLUE, alpha=0.7, linewidth=0, ax=ax
        )
        grid = np.ravel(points)
        for value in grid:
            ax.axvline(value, color=style.VERMILION, linewidth=1.2)
        zeros = np.mean(grid[np.abs(values[:, None] - grid).argmin(1)] == 0)
        title = f"{name}: {100 * zeros:.0f} % become zero" if (grid == 0).any() else name
        ax.set(yscale="log", ylabel="weights", title=title)
    axes[-1, 0].set_xlabel("weight")
    return figure


def accuracy_by_bits(
    points: "pandas.DataFrame", full: float, original: Mapping[str, Mapping[int, float]]
) -> Figure:
    """Accuracy against width, 8 to 1 bits and ternary (Figure 12), mean over seeds in its 95 % interval.

    full: accuracy in float32. original: {"ptq": {bits: accuracy}, "qat": ...} as published.
    The lower panel enlarges the top of the upper one.
    """
    figure, (ax, near) = style.subplots(2, height=6.4, sharex=True)
    places = {bits: place for place, bits in enumerate((8, 7, 6, 5, 4, 3, 2, TERNARY, 1))}
    for (recipe, method), (label, colour, marker) in CURVES.items():
        part = points[(points.recipe == recipe) & (points.method == method)]
        if len(part):
            x = [places[bits] for bits in part.bits]
            for panel in (ax, near):
                style.interval_curve(panel, x, part["mean"], part.low, part.high, label, colour, marker)
    for panel in (ax, near):
        panel.axhline(full, color=style.GREY, linestyle="--", linewidth=1.2, label="float32")
        for method, published in original.items():
            x, y = [places[bits] for bits in published], list(published.values())
            _, colour, _ = CURVES["ours", method]
            style.original_points(panel, x, y, f"{method.upper()}, original report", colour)
        panel.set(ylabel="test accuracy (%)")
    near.set_xticks(list(places.values()), [str(bits) for bits in places])
    near.set(xlabel="bits of a weight", ylim=(full - 6, full + 1.5))
    ax.set(ylim=(15, 100))
    style.legend_above(figure, ax)
    return figure


def accuracy_by_bytes(points: "pandas.DataFrame", full: tuple[float, float]) -> Figure:
    """Accuracy of our recipe against bytes of constants in flash, with QAT's points labelled by width.

    full: bytes and accuracy in float32.
    """
    figure, ax = style.subplots(height=3.8)
    for method in ("qat", "ptq"):
        label, colour, marker = CURVES["ours", method]
        part = points[(points.recipe == "ours") & (points.method == method)].sort_values("flash")
        if len(part):
            style.interval_curve(ax, part.flash, part["mean"], part.low, part.high, label, colour, marker)
        if method == "qat":
            for row in part.itertuples():
                if row.bits not in BETWEEN:  # whose names would lie on each other
                    side = {"ha": "right"} if row.bits == TERNARY else {}
                    ax.annotate(str(row.bits), (row.flash, row.high), xytext=(0, 5), **_ABOVE | side)
    ax.plot(*full, "*", color=style.GREY, markersize=11)
    ax.annotate("float32", full, xytext=(0, 7), **_ABOVE)
    ax.set(xscale="log", xlabel="weights, biases and scales in flash (bytes)", ylabel="test accuracy (%)")
    ax.set_xticks([2_000, 5_000, 10_000, 20_000, 50_000], ["2,000", "5,000", "10,000", "20,000", "50,000"])
    ax.minorticks_off()
    ax.margins(y=0.15)
    style.legend_above(figure, ax)
    return figure


def causes(points: "pandas.DataFrame") -> Figure | None:
    """The original's recipe unchanged (first row) and with one cause removed: a panel for each width.

    points: of `kwslib.report.part5.tables.over_seeds`, recipes named for what is switched off. None without points.
    """
    bits = list(points.bits.unique())
    if not bits:
        return None
    figure, axes = style.subplots(1, len(bits), height=3.6, sharex=True, sharey=True, squeeze=False)
    names = list(points.recipe.unique())
    for ax, width in zip(axes[0], bits, strict=True):
        for method, shift in (("ptq", -0.13), ("qat", 0.13)):
            _, colour, marker = CURVES["ours", method]
            part = points[(points.bits == width) & (points.method == method)].set_index("recipe")
            rows = [names.index(name) + shift for name in part.index]
            ax.hlines(rows, part.lowest, part.highest, color=colour, alpha=0.4, linewidth=4)
            ax.plot(part["mean"], rows, marker, color=colour, label=method.upper())
        ax.set(title=f"{width} bits", xlim=(15, 100))
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.grid(axis="y", visible=False)
    axes[0, 0].set_xlabel("test accuracy (%)", x=0.6 * len(bits))  # in the middle, once for all panels
    style.legend_above(figure, axes[0, 0])
    return figure


_ABOVE = {
    "textcoords": "offset points",
    "ha": "center",
    "va": "bottom",
    "fontsize": style.SMALL,
    "color": style.INK,
}
