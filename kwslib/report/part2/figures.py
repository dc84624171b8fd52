"""Figures of Part 2: memory by use, our networks among published ones, latency by runtime."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from kwslib.measure.latency import Latency
from kwslib.measure.profiling import ITEM_BYTES, Costs
from kwslib.record import style

if TYPE_CHECKING:
    import pandas

BOOKS = "bookkeeping"
TITLES = {"tinyconv": "TinyConv", "dscnn": "DS-CNN", "tenet_wide": "tenet, wide"}  # where not the name itself
NAME_OFFSETS = {
    "dscnn": (7, -13, "right"),
    "teacher": (48, -26, "left"),
}  # points from the star, clear of others
_PLAIN = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")


def memory_ways(counts: Costs, arena_bytes: int) -> Figure:
    """RAM counted three ways: each tensor a segment, in kilobytes of 1,000 bytes.

    All outputs kept (as the original counts), the peak of live tensors (float32, int8), and TensorFlow Lite Micro's
    arena, the rest of which is its own bookkeeping.
    """
    live = max(counts.schedule, key=lambda step: sum(step[1].values()))[1]
    float_bytes = ITEM_BYTES["float32"]
    rows = {
        "every output,\nfloat32": {op.name: 4 * op.elements for op in counts.operations},
        "alive at once,\nfloat32": {name: float_bytes * size for name, size in live.items()},
        "alive at once,\nint8": live,
        "TFLM's arena,\nint8": live | {BOOKS: arena_bytes - sum(live.values())},
    }
    colours = _tensor_colours(counts)
    figure, ax = style.subplots(height=3.8)
    for row, sizes in enumerate(rows.values()):
        start = 0.0
        for name, size in sizes.items():
            label = None if name in ax.get_legend_handles_labels()[1] else name
            place = {"left": start / 1000, "height": 0.6, "label": label}
            ax.barh(row, size / 1000, color=colours[name], edgecolor=style.PAPER, **place)
            start += size
        ax.text(start / 1000, row, f"\xa0{start:,.0f} B", va="center", ha="left")
    style.legend_above(figure, ax, columns=4)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.set(xlabel="memory (KB of 1,000 bytes)")
    ax.margins(x=0.18)
    ax.set_xlim(left=0)
    ax.grid(axis="y", visible=False)
    return figure


def live_tensors(counts: Costs, dtype: str) -> Figure:
    """Live tensors while each operation runs, from first to last; the dashed line is the peak."""
    names = [name for name, _ in counts.schedule]
    colours = _tensor_colours(counts)
    figure, ax = style.subplots(height=1.5 + 0.28 * len(names))
    for row, (_, live) in enumerate(counts.schedule):
        start = 0.0
        for name, elements in live.items():
            size = elements * ITEM_BYTES[dtype] / 1000
            ax.barh(row, size, left=start, color=colours[name], edgecolor=style.PAPER, height=0.7)
            if size * 1000 > 0.15 * counts.peak_live_bytes(dtype):
                label = name.removeprefix("blocks.")
                ax.text(
                    start + size / 2,
                    row,
                    label,
                    ha="center",
                    va="center",
                    fontsize=style.SMALL,
                    color=style.PAPER,
                )
            start += size
    ax.axvline(counts.peak_live_bytes(dtype) / 1000, color=style.INK, linestyle="--", linewidth=1.2)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set(xlabel=f"live tensors, {dtype} (KB of 1,000 bytes)", ylabel="operation")
    ax.grid(axis="y", visible=False)
    return figure


def landscape(published: "pandas.DataFrame", ours: "pandas.DataFrame") -> Figure:
    """Parameters against multiply-accumulates, both logarithmic: families of published networks, and ours.

    Frames with columns `parameters` and `macs`, `published` with `family` too; without macs a row is left out.
    """
    figure, ax = style.subplots(height=6.2)
    families = published.dropna(subset="macs").groupby("family", sort=False)
    markers = "osv^<>PXDp*hd8"
    for i, (family, rows) in enumerate(families):
        ax.plot(
            rows.parameters,
            rows.macs,
            marker=markers[i % len(markers)],
            color=style.PALETTE[i % len(style.PALETTE)],
            linestyle=":" if len(rows) > 1 else "",
            linewidth=1,
            label=family,
        )
    ax.plot(ours.parameters, ours.macs, "*", markersize=15, color=style.INK, label="ours", zorder=4)
    named: list[tuple[float, float]] = []
    by_size = ours.sort_values("parameters")
    for name in sorted(by_size.index, key="tinyconv".__ne__):  # this part's network has its name in any case
        row = by_size.loc[name]
        place = math.log10(row.parameters), math.log10(row.macs)
        if any(abs(place[0] - x) < 0.8 and abs(place[1] - y) < 0.2 for x, y in named):
            continue  # its name would lie on that of a neighbour; the table has them all
        named.append(place)
        right, up, aligned = NAME_OFFSETS.get(name, (9, 0, "left"))
        ax.annotate(
            TITLES.get(name, name),
            (row.parameters, row.macs),
            (right, up),
            textcoords="offset points",
            ha=aligned,
            va="center",
            weight="bold",
            fontsize=style.SMALL,
            arrowprops=style.LEADER if right > 20 else None,
        )
    ax.set(xscale="log", yscale="log", xlabel="parameters", ylabel="multiply-accumulates per second of audio")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def _tensor_colours(counts: Costs) -> dict[str, str]:
    """A colour for each tensor by its operation's place in the network, the same in every figure."""
    names = [op.name for op in counts.operations]
    names += [name for _, live in counts.schedule for name in live]
    colours = (*style.PALETTE, style.INK)  # seven, as TinyConv has tensors
    in_order = enumerate(dict.fromkeys(["input", *names]))
    return {name: colours[i % len(colours)] for i, name in in_order} | {BOOKS: style.GREY}


def latencies(measured: Sequence[Latency], original: Mapping[str, float] | None = None) -> Figure:
    """Median, quartiles (thick) and 5th to 95th percentile (thin) by runtime, in microseconds, logarithmic.

    original: {runtime: microseconds} of the original report, each in a separate row.
    """
    names = [each.runtime for each in measured]
    names += [name for name in original or {} if name not in names]
    figure, ax = style.subplots(height=1.2 + 0.45 * len(names))
    for row, each in enumerate(measured):
        p05, p25, median, p75, p95 = (1000 * each.percentile(q) for q in (5, 25, 50, 75, 95))
        ax.plot([p05, p95], [row, row], color=style.BLUE, linewidth=1.5)
        ax.plot([p25, p75], [row, row], color=style.BLUE, linewidth=6, solid_capstyle="butt", alpha=0.6)
        ax.plot(median, row, "o", color=style.BLUE)
    if original:
        style.original_points(ax, list(original.values()), [names.index(name) for name in original])
        figure.legend(loc="outside upper left")  # inside, its diamond would look like a value
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set(xscale="log", xlabel="one inference (µs)")
    ax.xaxis.set_major_formatter(_PLAIN)
    ax.grid(axis="y", visible=False)
    return figure
