"""Which keywords the networks of Part 8 miss: by noise, distance, reverberation, word and background."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from kwslib.experiments.zoo_field import Heard
from kwslib.record import names, style
from kwslib.record.values import Value, Values, share
from kwslib.report.numbers import share_text
from kwslib.report.part8.field import TITLES
from kwslib.report.part8.figures import COLOURS

if TYPE_CHECKING:
    import pandas

QUARTERS = 4
FACTORS = {  # of a trial's draws: the axis, and names of the least and the greatest quarter
    "snr": ("SNR (dB)", "noisiest", "quietest"),
    "distance": ("distance (m)", "nearest", "farthest"),
    "rt60": ("RT60 (s)", "driest", "most_reverberant"),
}


def keywords(heard: Heard) -> "pandas.DataFrame":
    """The keywords of a network's trials: a row each, with its draws and whether it is `missed`."""
    import pandas

    return pandas.DataFrame(heard.keywords)


def quarters(found: "pandas.DataFrame", factor: str) -> list[tuple[float, Value]]:
    """The trials in four groups of equal size in the order of a factor: its median, and the share that is missed."""
    ordered = found.sort_values(factor, kind="stable")
    groups = [ordered.iloc[rows] for rows in np.array_split(np.arange(len(ordered)), QUARTERS) if len(rows)]
    return [(float(group[factor].median()), _missed(group)) for group in groups]


def _missed(rows: "pandas.DataFrame") -> Value:
    return share(int(rows["missed"].sum()), len(rows))


def missed_values(heard: Mapping[str, Heard]) -> Values:
    """The share missed of each network in the first and last quarter of each factor, and of each word."""
    values: Values = {}
    for key, each in heard.items():
        found = keywords(each)
        for factor, (_, least, greatest) in FACTORS.items():
            parts = quarters(found, factor)
            for where, (_, value) in ((least, parts[0]), (greatest, parts[-1])):
                values[names.missed_where(key, where)] = value
        for word, rows in found.groupby("said"):
            values[names.missed_where(key, str(word))] = _missed(rows)
    return values


def by_factor(heard: Mapping[str, Heard], shown: Sequence[str]) -> Figure:
    """Keywords missed (%) by quarters of each factor, with Wilson intervals; a line for each network `shown`."""
    figure, axes = style.subplots(1, len(FACTORS), height=3.4, sharey=True)
    found = {key: keywords(heard[key]) for key in shown}
    for ax, (factor, (label, _, _)) in zip(axes, FACTORS.items(), strict=True):
        for key in shown:
            parts = quarters(found[key], factor)
            x = [median for median, _ in parts]
            y = np.array([value.value for _, value in parts])
            ends = np.array([value.ci95 for _, value in parts]).T  # (2, quarters)
            bars = 100 * np.abs(ends - y)
            ax.errorbar(x, 100 * y, yerr=bars, fmt="o-", color=COLOURS[key], capsize=3, label=TITLES[key])
        ax.set(xlabel=label)
    axes[0].set(ylabel="keywords missed (%)", ylim=(0, None))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=1)
    return figure


def word_table(heard: Mapping[str, Heard]) -> "pandas.DataFrame":
    """Keywords missed (%) by word and by background, with Wilson intervals; a column for each network."""
    import pandas

    columns = {}
    for key, each in heard.items():
        found = keywords(each)
        groups = {str(word): rows for word, rows in found.groupby("said")}
        groups |= {f"against {kind}": rows for kind, rows in found.groupby("background")}
        columns[TITLES[key]] = {name: share_text(_missed(rows)) for name, rows in groups.items()}
    return pandas.DataFrame(columns).rename_axis("keywords missed (%)")
