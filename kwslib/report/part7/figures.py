"""Figures of continuous listening: time of a hop, recomputed rows, the decision logic, the detection-error curve."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kwslib.features.frontend import HOP_MS
from kwslib.field.detection import OperatingPoint
from kwslib.labels import SAMPLE_RATE
from kwslib.record import style
from kwslib.report.part7.rows import KINDS, Row
from kwslib.report.part7.stream import Listening

DRAWN = 160  # samples of a waveform in one point of a drawing
STAGE_COLOURS = {
    "frontend": style.BLUE,
    "network": style.GREEN,
    "decision": style.AMBER,
}  # as in the pictures
STAGE_NAMES = {"frontend": "front end", "network": "network", "decision": "decision"}


def hop(costs: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Milliseconds of a hop by stage, for each chain on a stream and on whole windows; the line is the end of
    the hop."""
    rows = []
    for name, cost in costs.items():
        spent = {stage: each["ms_mean"] for stage, each in cost["stages"].items()}
        rows.append((name, spent))
        if cost["way"] != "whole window":
            rows.append(("whole window", spent | {"network": cost["whole_window_network_ms"]}))
    figure, ax = style.subplots(height=1.2 + 0.36 * len(rows))
    for row, (_, spent) in enumerate(rows):
        left = 0.0
        for stage, ms in spent.items():
            label = STAGE_NAMES[stage] if row == 0 else None
            ax.barh(row, ms, left=left, color=STAGE_COLOURS[stage], label=label)
            left += ms
        ax.text(left, row, f"\xa0{left:.1f} ms", va="center", fontsize=style.SMALL)
    ax.axvline(HOP_MS, color=style.GREY, linestyle="--")
    ax.set_yticks(range(len(rows)), [name for name, _ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(0, max(HOP_MS, max(sum(spent.values()) for _, spent in rows)) * 1.15)
    ax.set(xlabel=f"ms of a hop (dashed: its end, {HOP_MS} ms)")
    ax.grid(axis="y", visible=False)
    style.legend_above(figure, ax, columns=3)
    return figure


def rows(networks: Mapping[str, Sequence[Row]]) -> Figure:
    """The frames that each output row of a convolution reads, by whether a hop moves or recomputes the row."""
    figure, axes = style.subplots(
        len(networks), 1, height=0.8 + 2.7 * len(networks), squeeze=False, sharex=True
    )
    colours = dict(zip(KINDS, (style.SKY, style.AMBER, style.VERMILION), strict=True))
    for ax, (name, listed) in zip(axes[:, 0], networks.items(), strict=True):
        for number, row in enumerate(listed):
            ax.barh(number, row.last - row.first, left=row.first, height=0.75, color=colours[row.kind])
        frames = listed[0].frames
        ax.axvspan(frames - 2, frames, color=style.GREY, alpha=0.25, linewidth=0)
        for edge in (0, frames):
            ax.axvline(edge, color=style.INK, linewidth=1)
        ax.set_ylim(len(listed) - 0.3, -0.7)
        ax.set(title=name, ylabel="row of the output")
        ax.grid(visible=False)
    for kind in KINDS:
        axes[0, 0].barh(0, 0, color=colours[kind], label=kind)
    axes[-1, 0].set_xlabel("frame of the window (grey: the hop's two new ones)")
    style.legend_above(figure, axes[0, 0], columns=3)
    return figure


def decision(listening: Listening) -> Figure:
    """A stream's waveform; posteriors of the keywords, their means, the threshold, reports and the pause after each."""
    colours = style.label_colours(listening.labels)
    figure, (wave, ax) = style.subplots(2, 1, height=4.6, sharex=True, height_ratios=(1, 2))
    seconds = np.arange(len(listening.sound)) / SAMPLE_RATE
    parts = listening.sound[: len(listening.sound) // DRAWN * DRAWN].reshape(-1, DRAWN) / 32_768
    wave.fill_between(
        seconds[::DRAWN][: len(parts)], parts.min(1), parts.max(1), color=style.GREY, linewidth=0.4
    )
    wave.set(ylabel="sound")
    for start, word in listening.said:
        wave.axvline(start, color=style.INK, linestyle=":", linewidth=1)
        wave.annotate(f" {word}", (start, 1.02), xycoords=("data", "axes fraction"), fontsize=style.SMALL)
    for number, label in enumerate(listening.labels[2:], 2):
        ax.plot(
            listening.times, listening.posteriors[:, number], color=colours[label], linewidth=0.8, alpha=0.5
        )
        ax.plot(listening.times, listening.smoothed[:, number], color=colours[label], label=label)
    ax.axhline(listening.threshold, color=style.INK, linestyle="--", linewidth=1, label="threshold")
    for hop_number in np.flatnonzero(listening.reported >= 0):
        start, label = listening.times[hop_number], listening.labels[listening.reported[hop_number]]
        ax.axvspan(start, start + listening.pause, color=colours[label], alpha=0.12, linewidth=0)
        ax.plot(start, listening.threshold, "v", color=colours[label], markersize=10)
        ax.annotate(label, (start, 1.02), xycoords=("data", "axes fraction"), color=colours[label])
    ax.set(xlabel="time (s)", ylabel="posterior", ylim=(0, 1))
    style.legend_above(figure, ax, columns=3)
    return figure


def detection_error(
    curves: Mapping[str, Sequence[OperatingPoint]],
    marked: Mapping[str, OperatingPoint],
    target: tuple[float, float],
) -> Figure:
    """False rejects (%) against false accepts per hour, one curve per model, with the operating point marked.

    target: limits of false accepts per hour and of false rejects (fraction), drawn as a shaded corner.
    """
    figure, ax = style.subplots(height=3.8)
    hours = next(iter(curves.values()))[0].hours
    least = 0.5 / hours  # where none was heard: below one in all the hours
    for (name, points), colour in zip(
        curves.items(), (style.BLUE, style.VERMILION, style.GREEN), strict=False
    ):
        x = [max(point.per_hour, least) for point in points]
        chosen = marked.get(name)
        label = f"{name}, threshold {chosen.threshold:g}" if chosen else name
        ax.plot(x, [100 * point.reject_rate for point in points], ".-", color=colour, label=label)
        if chosen:
            ax.plot(
                max(chosen.per_hour, least),
                100 * chosen.reject_rate,
                "o",
                color=colour,
                markersize=11,
                fillstyle="none",
            )
    ax.set_xscale("log")
    left = least * 0.8
    ax.fill_between(
        [left, target[0]], 0, 100 * target[1], color=style.GREY, alpha=0.2, linewidth=0, label="target"
    )
    ax.set_xlim(left=left)
    ax.set_ylim(0, 100)
    ax.set(xlabel="false accepts per hour", ylabel="keywords missed (%)")
    style.legend_above(figure, ax, columns=1)
    return figure
