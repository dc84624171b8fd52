"""Figures of Part 6: pruned weights (Figure 13), criteria, narrow networks (Figure 14), board time (Figure 15).

Accuracies are in percent, of `kwslib.report.part6.tables.over_points`. Every function takes data and returns a Figure.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from kwslib.measure.latency import Latency
from kwslib.record import style

if TYPE_CHECKING:
    import pandas

CURVES = {"finetuned": ("fine-tuned", style.BLUE, "o"), "raw": ("not fine-tuned", style.VERMILION, "s")}
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
    upper.set_xticks(points.parameters, [f"{100 * share:g}" for share in points.sparsity], fontsize=9)
    upper.xaxis.set_minor_formatter(NullFormatter())
    upper.set_xlabel("weights removed (%)")
    ax.legend(loc="lower right")
    return figure


def criteria(table: "pandas.DataFrame") -> Figure:
    """Accuracy without fine-tuning by criterion: single weights above, blocks of four below.

    table: rows (criterion, block), columns shares removed.
    """
    sizes = list(dict.fromkeys(block for _, block in table.index))
    figure, axes = style.subplots(len(sizes), height=0.6 + 2.6 * len(sizes), sharex=True, squeeze=False)
    for ax, block in zip(axes[:, 0], sizes, strict=True):
        names = [name for name, size in table.index if size == block]
        for name, marker in zip(names, "osv^DP", strict=False):
            ax.plot(
                [100 * share for share in table.columns], table.loc[(name, block)], marker=marker, label=name
            )
        ax.set(
            ylabel="test accuracy (%)", title="single weights" if block == 1 else f"blocks of {block} weights"
        )
        ax.legend(loc="lower left")
    axes[-1, 0].set_xlabel("weights removed (%)")
    return figure


def channel_curves(
    points: "pandas.DataFrame", latencies: Mapping[int, Latency], original: Mapping[int, float]
) -> Figure | None:
    """Accuracy against parameters, FLOPs and CPU latency of 8 to 1 channels (Figure 14).

    original: {channels: accuracy}, drawn where our network of that width lies. Of the latency the dots are medians,
    the lines reach over the quartiles.

    None where there is nothing to draw.
    """
    if not len(points):
        return None
    figure, axes = style.subplots(3, height=8.0, sharey=True)
    width = points.set_index("channels")
    for ax, (column, label, factor) in zip(
        axes, (("parameters", "parameters", 1), ("flops", "FLOPs (millions)", 1e6), ("", "", 1)), strict=True
    ):
        if column:
            _curves(ax, points.assign(**{column: points[column] / factor}), column)
            shown = {width[column][c] / factor: original[c] for c in original if c in width.index}
            style.original_points(ax, list(shown), list(shown.values()))
            for c, row in width.iterrows():
                ax.annotate(f"{c}", (row[column] / factor, row.finetuned_high), xytext=(0, 4), **_ABOVE)
            ax.set(xlabel=label)
            ax.xaxis.set_major_formatter(_PLAIN)
    for c, row in width.iterrows():
        low, middle, high = (1000 * latencies[c].percentile(q) for q in (25, 50, 75))
        for when, (label, colour, marker) in CURVES.items():
            axes[2].plot([low, high], [row[f"{when}_mean"]] * 2, color=colour, linewidth=4, alpha=0.4)
            axes[2].plot(middle, row[f"{when}_mean"], marker, color=colour, label=label if c == 8 else None)
        if c in (width.index.min(), width.index.max()):  # the others lie on top of each other
            axes[2].annotate(f"{c}", (middle, row.finetuned_mean), xytext=(0, 6), **_ABOVE)
    axes[2].set(xlabel="CPU latency (µs)")
    figure.supylabel("test accuracy (%)")
    axes[0].legend(loc="lower right")
    return figure


_ABOVE = {"textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": 9, "color": style.INK}


def _curves(ax: Axes, points: "pandas.DataFrame", column: str) -> None:
    for when, (label, colour, marker) in CURVES.items():
        mean, low, high = (points[f"{when}_{bound}"] for bound in ("mean", "low", "high"))
        style.interval_curve(ax, points[column], mean, low, high, label=label, colour=colour, marker=marker)
