"""Figures of Part 4 on the virtual board: stages compared with the original's, time by channels, peers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from kwslib.board.cycles import rounded
from kwslib.record import style

if TYPE_CHECKING:
    import pandas


def stages(table: "pandas.DataFrame") -> Figure:
    """Time of each stage, logarithmic, after Figure 11: the original's and ours.

    `table`: of kwslib.report.part4.board.stage_table; rows that the original lacks are left out.
    """
    rows = table.dropna(subset="original (ms)")
    places = np.arange(len(rows))
    figure, ax = style.subplots(height=3.2)
    style.original_points(ax, rows["original (ms)"], places, "original, measured")
    ax.plot(rows["ours (ms)"], places, "o", color=style.BLUE, markersize=9, label="ours, by the cycle model")
    for kind in ("original (ms)", "ours (ms)"):
        for place, ms in zip(places, rows[kind], strict=True):
            ax.annotate(f"{ms:.2g}", (ms, place), (8, 6), textcoords="offset points", fontsize=style.SMALL)
    ax.set_xscale("log")
    ax.set_yticks(places, [name.replace(", ", ",\n") for name in rows.index])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.margins(x=0.12)
    ax.set(xlabel="time of one inference (ms)")
    ax.grid(axis="y", visible=False)
    style.legend_above(figure, ax)
    return figure


def by_channels(
    original: Mapping[int, float], ours: Mapping[int, float], lines: Mapping[str, tuple[float, float]]
) -> Figure:
    """Network time against channels, with lines (fixed, per channel) for "original" and "ours", down to zero."""
    figure, ax = style.subplots(height=3.6)
    x = np.array([0.0, 8.0])
    for name, colour, above in (("original", style.GREY, -18), ("ours", style.BLUE, 12)):
        fixed, slope = lines[name]
        ax.plot(x, fixed + slope * x, "--", color=colour, linewidth=1.2)
        text = f"{fixed:.1f} + {slope:.2f} per channel"
        ax.annotate(text, (1, fixed + slope), (0, above), textcoords="offset points", color=colour)
    style.original_points(ax, list(original), list(original.values()), "original, measured")
    ax.plot(list(ours), list(ours.values()), "o", color=style.BLUE, label="ours, by the cycle model")
    ax.set(xlabel="channels of the convolution", ylabel="network (ms)", xlim=(0, 8.4))
    ax.set_ylim(0, 1.12 * max(original.values()))
    style.legend_above(figure, ax)
    return figure


def peers(table: "pandas.DataFrame") -> Figure:
    """Milliseconds of the same network by implementation; of kwslib.report.part4.board.peer_table."""
    figure, ax = style.subplots(height=3.0)
    colours = [style.BLUE if name == "ours" else style.GREY for name in table.index]
    ax.barh(range(len(table)), table["network (ms)"], color=colours, height=0.6)
    for row, ms in enumerate(table["network (ms)"]):
        ax.text(ms, row, f"\xa0{rounded(ms):g}", va="center")
    ax.set_yticks(range(len(table)), [name.replace(", ", ",\n", 1) for name in table.index])
    ax.invert_yaxis()
    ax.margins(x=0.15)
    ax.set_xlabel("network, by the cycle model at 64 MHz (ms)", loc="right")
    ax.grid(axis="y", visible=False)
    return figure
