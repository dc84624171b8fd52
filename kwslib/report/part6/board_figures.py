"""Figures of Part 6 on the virtual board: sparse networks, narrow ones, Figure 15, and accuracy by size.

Every function takes data of `kwslib.report.part6.board` or `kwslib.report.part6.trade_off` and returns a Figure.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kwslib.record import style
from kwslib.report.numbers import two_digits

if TYPE_CHECKING:
    import pandas

    from kwslib.report.part6.board import Cost

FORMS = {
    "dense": (style.GREY, ""),
    "sparse linear layer": (style.SKY, "s"),
    "sparse, skipping": (style.BLUE, "o"),
}
KINDS = {  # of networks in the trade-off
    "quantized": (style.VERMILION, "s"),
    "sparse": (style.BLUE, "o"),
    "narrow": (style.GREEN, "^"),
    "narrow and ternary": (style.PURPLE, "v"),
}


def sparse_costs(costs: "pandas.DataFrame", even: Mapping[str, float]) -> Figure | None:
    """Flash of the firmware and time of the network against the weights removed, dense and sparse.

    costs: of `measure_sparse`; even: of `break_even`, drawn as dotted lines. The axis is logarithmic in the
    remaining weights.

    None where there is nothing to draw.
    """
    if not len(costs):
        return None
    figure, axes = style.subplots(2, height=5.6, sharex=True)
    left = 100 - costs["zeros"]
    for ax, quantity, factor in ((axes[0], "flash", 1000), (axes[1], "ms", 1)):
        for form, (colour, marker) in FORMS.items():
            if quantity == "flash" and form == "sparse linear layer":
                continue  # the table of what is skipped takes 200 bytes more
            ax.plot(left, costs[f"{quantity}, {form}"] / factor, marker=marker, color=colour, label=form)
        for form, (colour, _) in FORMS.items():
            if share := even.get(f"{quantity}, {form}"):
                ax.axvline(100 - share, color=colour, linestyle=":", linewidth=1.5)
        ax.set_ylim(0)
    style.legend_above(figure, axes[1], columns=3)
    axes[0].set_ylabel("flash of the firmware (KB)")
    axes[1].set(xlabel="weights removed (%)", ylabel="network (ms)", xscale="log")
    axes[1].set_xticks(left, [f"{removed:g}" for removed in costs.index])
    axes[1].minorticks_off()
    axes[1].invert_xaxis()
    return figure


def memory_by_channels(costs: "Mapping[int, Cost]") -> Figure | None:
    """Flash and RAM of the whole firmware by channels left.

    None where there is nothing to draw.
    """
    if not len(costs):
        return None
    figure, ax = style.subplots(height=3.4)
    channels = list(costs)
    for memory, colour, marker in (("flash", style.BLUE, "o"), ("ram", style.VERMILION, "s")):
        sizes = [getattr(costs[c], memory) / 1000 for c in channels]
        ax.plot(channels, sizes, marker=marker, color=colour, label=memory if memory == "flash" else "RAM")
    ax.set(xlabel="channels left", ylabel="KB of the firmware", ylim=(0, None))
    ax.invert_xaxis()
    style.legend_above(figure, ax)
    return figure


def removed_channels(table: "pandas.DataFrame", field: "pandas.DataFrame | None" = None) -> Figure | None:
    """Figure 15: time of the network by share of the channels removed, and in-field accuracy where it is known.

    table: of `removed_table`, by percent removed. field: of `in_field`.

    None where there is nothing to draw.
    """
    if not len(table):
        return None
    figure, axes = style.subplots(1, 1 if field is None else 2, height=3.6, squeeze=False)
    ax = axes[0, 0]
    places = np.arange(len(table))
    style.original_points(ax, places, table["original (ms)"], "the original")
    ax.plot(places, table["ours (ms)"], "o", color=style.BLUE, markersize=8, label="ours")
    for source, colour in (("original", style.INK), ("ours", style.BLUE)):
        for place, ms, saved in zip(
            places, table[f"{source} (ms)"], table[f"{source}, saved (%)"], strict=True
        ):
            text = two_digits(ms) + (f"\n−{saved:.0f} %" if saved else "")
            ax.annotate(text, (place, ms), xytext=(0, 10), **_ABOVE, color=colour)
    ax.set(xlabel="channels removed (%)", ylabel="network on the board (ms)", xlim=(-0.5, len(table) - 0.5))
    ax.set_ylim(0, 1.25 * max(table["original (ms)"], default=1))
    _removed_axis(ax, table.index)
    handles, names = ax.get_legend_handles_labels()
    if field is not None:
        ax = axes[0, 1]
        places = np.arange(len(field))
        whiskers = np.stack([field["mean"] - field.low, field.high - field["mean"]])
        style.original_points(ax, places - 0.13, field.original)  # side by side: their values are close
        ax.errorbar(places + 0.13, field["mean"], whiskers, fmt="o", color=style.BLUE, markersize=8)
        ax.set(
            xlabel="channels removed (%)",
            ylabel="in-field accuracy (%)",
            xlim=(-0.5, len(field) - 0.5),
            ylim=(0, 100),
        )
        _removed_axis(ax, field.index)
    figure.legend(handles, names, loc="outside upper left", ncols=2)
    return figure


def _removed_axis(ax: Axes, percents: Sequence[float]) -> None:
    ax.set_xticks(range(len(percents)), [f"{percent:g}" for percent in percents])


def trade_off(models: "pandas.DataFrame") -> Figure:
    """Accuracy against bytes in flash and against time on the board, with the best networks joined by a line.

    models: of `kwslib.report.part6.trade_off.models`. Networks that no other dominates are labelled, if there is space.
    """
    figure, axes = style.subplots(2, height=7.6, sharey=True)
    panels = (
        ("flash", "constants in flash (bytes)", (500, 1000, 2000, 5000, 10_000, 30_000)),
        ("ms", "network on the board (ms)", (1, 2, 3, 5, 8)),
    )
    for ax, (size, label, ticks) in zip(axes, panels, strict=True):
        known = models.dropna(subset=size)
        for kind, (colour, marker) in KINDS.items():
            part = known[known.kind == kind]
            if len(part):
                spread = np.stack([part.accuracy - part.low, part.high - part.accuracy])
                ax.errorbar(
                    part[size],
                    part.accuracy,
                    spread,
                    fmt=marker,
                    color=colour,
                    label=kind,
                    elinewidth=1,
                    alpha=0.9,
                )
        front = known[known[f"best by {size}"]].sort_values(size)
        ax.step(front[size], front.accuracy, where="post", color=style.INK, linewidth=1)
        ax.set(xscale="log", xlabel=label, ylabel="test accuracy (%)")
        ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        ax.minorticks_off()
        if len(front):
            _names(ax, front[size], front.accuracy)
            ax.set_ylim(max(front.accuracy.min() - 3, 0), min(front.accuracy.max() + 3, 100))
    style.legend_above(figure, axes[0])
    return figure


def _names(ax: Axes, sizes: "pandas.Series", accuracies: "pandas.Series") -> None:
    """Names of the points of a front, from the smallest on, in its empty upper left corner: each a line, those that
    would lie on the one before it left out; a line leads to its point."""
    last = -np.inf
    for name, size, accuracy in zip(sizes.index, sizes, accuracies, strict=True):
        if accuracy > last + 0.9:  # percent: the height of a line of type
            ax.annotate(name, (size, accuracy), **_BESIDE)
            last = accuracy
    least = sizes.min()
    ax.set_xlim(left=least * (least / sizes.max()) ** 0.85)  # room for the leftmost name


_ABOVE = {"textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": style.SMALL}
_BESIDE: dict[str, Any] = {
    "xytext": (-24, 24),
    "textcoords": "offset points",
    "ha": "right",
    "va": "center",
    "arrowprops": style.LEADER,
    "fontsize": style.SMALL,
    "color": style.INK,
}
