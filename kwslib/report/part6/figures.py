"""Figures of Part 6: pruned weights (Figure 13), criteria, narrow networks (Figure 14), board time (Figure 15).

Accuracies are in percent, of `kwslib.report.part6.tables.over_points`. Every function takes data and returns a Figure.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from kwslib.measure.latency import Latency
from kwslib.record import style

if TYPE_CHECKING:
    import pandas

CURVES = {"finetuned": ("fine-tuned", style.BLUE, "o"), "raw": ("not fine-tuned", style.VERMILION, "s")}
CRITERIA = {  # colour and marker, the same in every panel
    "L1": (style.BLUE, "o"),
    "L2": (style.SKY, "s"),
    "L∞": (style.GREEN, "v"),
    "LAMP": (style.VERMILION, "^"),
    "Fisher": (style.PURPLE, "D"),
    "random": (style.GREY, "P"),
}
_PLAIN = FuncFormatter(lambda value, _: f"{value:,g}")


def sparsity_curves(points: "pandas.DataFrame", original: Mapping[int, float]) -> Figure | None:
    """Accuracy against non-zero parameters (Figure 13), mean over seeds in its 95 % interval.

    original: {percent of the weights removed: accuracy}. The upper axis names these percents.

    None where there is nothing to draw.
    """
    if not len(points):
        return None
    figure, ax = style.subplots(height=4.2)
    _curves(ax, points, "parameters")
    left = dict(zip((100 * points.sparsity).round(), points.parameters, strict=True))
    shown = {left[share]: accuracy for share, accuracy in original.items() if share in left}
    style.original_points(ax, list(shown), list(shown.values()))
    ax.set(xscale="log", xlabel="non-zero parameters", ylabel="test accuracy (%)")
    ax.xaxis.set_major_formatter(_PLAIN)
    upper = ax.secondary_xaxis("top")
    upper.set_xticks(
        points.parameters, [f"{100 * share:g}" for share in points.sparsity], fontsize=style.SMALL
    )
    upper.xaxis.set_minor_formatter(NullFormatter())
    upper.set_xlabel("weights removed (%)")
    style.legend_above(figure, ax, columns=3)
    return figure


def criteria(table: "pandas.DataFrame") -> Figure:
    """Accuracy without fine-tuning by criterion: single weights above, blocks of four below.

    table: rows (criterion, block), columns shares removed.
    """
    sizes = list(dict.fromkeys(block for _, block in table.index))
    figure, axes = style.subplots(len(sizes), height=0.6 + 2.6 * len(sizes), sharex=True, squeeze=False)
    for ax, block in zip(axes[:, 0], sizes, strict=True):
        names = [name for name, size in table.index if size == block]
        for name in names:
            colour, marker = CRITERIA[name]
            shares = [100 * share for share in table.columns]
            ax.plot(shares, table.loc[(name, block)], marker=marker, color=colour, label=name)
        ax.set(
            ylabel="test accuracy (%)", title="single weights" if block == 1 else f"blocks of {block} weights"
        )
    axes[-1, 0].set_xlabel("weights removed (%)")
    widest = max(sizes, key=lambda block: sum(size == block for _, size in table.index))
    style.legend_above(figure, axes[sizes.index(widest), 0], columns=3)
    return figure


def channel_curves(
    points: "pandas.DataFrame", latencies: Mapping[int, Latency], original: Mapping[int, float]
) -> Figure | None:
    """Accuracy of 8 to 1 channels against parameters and FLOPs, and CPU latency against channels (Figure 14).

    original: {channels: accuracy}, drawn where our network of that width lies. For latency, dots are medians and
    lines extend over the quartiles.

    None where there is nothing to draw.
    """
    if not len(points):
        return None
    figure, (ax, below) = style.subplots(2, height=6.6)
    width = points.set_index("channels")
    _curves(ax, points, "parameters")
    shown = [channels for channels in original if channels in width.index]
    style.original_points(ax, width.parameters[shown], [original[channels] for channels in shown])
    ax.set(xlabel="parameters", ylabel="test accuracy (%)")
    ax.xaxis.set_major_formatter(_PLAIN)
    upper = ax.secondary_xaxis("top")  # FLOPs grow with the channels as parameters do
    upper.set_xticks(width.parameters, [f"{flops / 1e6:.2f}" for flops in width.flops])
    upper.set_xlabel("FLOPs (millions), of 1 to 8 channels from left to right")
    spread = np.array([[1000 * latencies[c].percentile(q) for q in (25, 50, 75)] for c in width.index])
    below.vlines(width.index, spread[:, 0], spread[:, 2], color=style.BLUE, linewidth=4, alpha=0.4)
    below.plot(width.index, spread[:, 1], "o", color=style.BLUE)
    below.set(xlabel="channels", ylabel="CPU latency (µs)", ylim=(0, 1.15 * spread.max()))
    style.legend_above(figure, ax, columns=3)
    return figure


def _curves(ax: Axes, points: "pandas.DataFrame", column: str) -> None:
    for when, (label, colour, marker) in CURVES.items():
        mean, low, high = (points[f"{when}_{bound}"] for bound in ("mean", "low", "high"))
        style.interval_curve(ax, points[column], mean, low, high, label=label, colour=colour, marker=marker)
