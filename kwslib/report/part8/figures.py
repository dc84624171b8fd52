"""Figures of Part 8: accuracy against time and flash, on clips and in the field, words that are rare in training,
misses against false accepts."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kwslib.experiments.zoo_field import Heard
from kwslib.record import names, style
from kwslib.record.values import Value, Values, share
from kwslib.report.part8 import networks
from kwslib.report.part8.field import TITLES
from kwslib.report.part8.networks import ZooNetwork
from kwslib.statistics import MeanInterval

COLOURS = {  # of a network wherever it is shown, as trained on clips or for the field
    **dict.fromkeys(("tinyconv", "tinyconv_branches"), style.BLUE),
    **dict.fromkeys(("tinyconv_valid", "tinyconv_valid_field"), style.SKY),
    **dict.fromkeys(("tinyconv_field", "dscnn"), style.PURPLE),
    **dict.fromkeys(("tenet", "tenet_branches", "tenet_causal", "tenet_field"), style.AMBER),
    **dict.fromkeys(("tenet_valid", "tenet_valid_field"), style.VERMILION),
    **dict.fromkeys(("tenet_wide", "tenet_wide_field"), style.GREEN),
    "teacher": style.GREY,
}
MARKERS = {
    "tinyconv_branches": "^",
    "tenet_branches": "^",
    "tenet_causal": "s",
}  # of those that have another's colour
COSTS = (("network, a hop (ms)", "ms"), ("flash, firmware included (KB)", "flash"))


def trade_off(found: Sequence[ZooNetwork]) -> Figure:
    """Test accuracy of each network with its interval, against the time of a hop and against flash."""
    figure, axes = style.subplots(1, 2, height=4.6, sharey=True)
    for ax, (label, cost) in zip(axes, COSTS, strict=True):
        for network in found:
            values, arch = network.values, network.arch
            _point(ax, _cost(values, arch, cost), values[names.accuracy(arch)], arch, network.title)
        ax.set(xlabel=label)
    _cost_axes(axes)
    axes[0].set(ylabel="test clips right (%)")
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def field_trade_off(heard: Mapping[str, Heard], cost: Values) -> Figure:
    """Trials right, and keywords missed within one false accept an hour, of each network with their Wilson intervals,
    against the time of a hop and against flash."""
    figure, axes = style.subplots(2, 2, height=6.2, sharex="col", sharey="row")
    for (label, kind), column in zip(COSTS, axes.T, strict=True):
        for key, found in heard.items():
            x, trials = _cost(cost, key, kind), found.trials
            _point(column[0], x, share(trials.evaluation.correct, trials.n), key, TITLES[key])
            if found.within is not None:
                missed = share(found.within.rejects, found.within.keywords)
                _point(column[1], x, missed, key, TITLES[key])
        column[1].set(xlabel=label)
    _cost_axes(axes[1])
    axes[0, 0].set(ylabel="trials right (%)")
    axes[1, 0].set(ylabel="keywords missed (%)")
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower center")
    return figure


def _marker(key: str) -> str:
    return MARKERS.get(key, "o")


def _cost(values: Values, key: str, cost: str) -> float:
    """Milliseconds of a network in a hop, or KB of its firmware."""
    if cost == "ms":
        return values[names.hop_ms(key)].value
    return values[names.firmware("flash", key)].value / 1024


def _cost_axes(axes: Sequence[Axes]) -> None:
    """Milliseconds span magnitudes, flash does not."""
    axes[0].set_xscale("log")
    axes[0].xaxis.set_major_formatter("{x:g}")
    axes[1].set_xlim(left=0)


def _point(ax: Axes, x: float, y: Value, key: str, title: str) -> None:
    """A share in per cent with its interval."""
    low, high = y.ci95 or (np.nan, np.nan)
    bars = np.nan_to_num([[100 * (y.value - low)], [100 * (high - y.value)]])
    ax.errorbar([x], [100 * y.value], yerr=bars, fmt=_marker(key), color=COLOURS[key], capsize=3, label=title)


def familiarity(groups: Mapping[str, Mapping[str, MeanInterval]]) -> Figure | None:
    """A group of points for each group of words, one point per network, with its interval.

    None where there is nothing to draw.
    """
    if not groups:
        return None
    figure, ax = style.subplots(height=4.6)
    archs = list(next(iter(groups.values())))
    step = min(0.12, 0.8 / len(archs))  # of the distance between groups
    for number, arch in enumerate(archs):
        found = [group[arch] for group in groups.values()]
        x = np.arange(len(found)) + step * (number - (len(archs) - 1) / 2)
        mean = 100 * np.array([interval.mean for interval in found])
        ends = 100 * np.array([[interval.low, interval.high] for interval in found]).T  # (2, groups)
        bars, title = np.abs(ends - mean), networks.TITLES[arch]
        ax.errorbar(x, mean, yerr=bars, fmt=_marker(arch), color=COLOURS[arch], label=title)
    ax.set_xticks(range(len(groups)), [name.replace(" (", "\n(") for name in groups])
    ax.set(xlabel="training clips of the word", ylabel="answered with unknown (%)")
    ax.set_xlim(-0.5, len(groups) - 0.5)
    ax.grid(axis="x", visible=False)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def detection_error(heard: Mapping[str, Heard], target: tuple[float, float]) -> Figure:
    """Keywords missed (%) against false accepts per hour, one curve per network, with the operating point marked.

    target: limits of false accepts per hour and of keywords missed (fraction), drawn as a shaded corner.
    """
    figure, ax = style.subplots(height=4.8)
    hours = next(iter(heard.values())).chosen.hours
    least = 0.5 / hours  # where none was heard: below one in all the hours
    for key, found in heard.items():
        colour = COLOURS[key]
        x = [max(point.per_hour, least) for point in found.points]
        ax.plot(x, [100 * point.reject_rate for point in found.points], ".-", color=colour, label=TITLES[key])
        marked = max(found.chosen.per_hour, least), 100 * found.chosen.reject_rate
        ax.plot(*marked, "o", color=colour, markersize=11, fillstyle="none")
    ax.set_xscale("log")
    left = least * 0.8
    ax.fill_between([left, target[0]], 0, 100 * target[1], color=style.GREY, alpha=0.2, linewidth=0)
    ax.annotate("target", (left * 1.1, 3), fontsize=10)
    ax.set_xlim(left=left)
    ax.set_ylim(0, 100)
    ax.set(xlabel="false accepts an hour", ylabel="keywords missed (%)")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center")
    return figure
