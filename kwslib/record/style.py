"""One look for every figure: white card, colour-blind-safe palette, type that survives a phone.

Figures are 6 inches wide with 11 point type, so a 390 pixel screen still shows it about 9 pixels tall;
colours are those of Okabe and Ito (2008), distinct under every common colour-vision deficiency. Captions and
alternative texts are cell metadata, because the book reads them from there:

    # %% mystnb={"figure": {"name": "fig-01", "caption": "..."}, "image": {"alt": "Four curves ..."}}
"""

import sys
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from kwslib.labels import SILENCE, UNKNOWN

WIDTH = 6.0  # inches, of every figure
BLUE, VERMILION, GREEN, PURPLE, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, AMBER, SKY)
GREY, INK = "#7A7A7A", "#222222"
STAMP = "synthetic corpus"
_HOOK = "kwslib.record.style:stamp"  # matplotlib calls it for each new pyplot figure

_STYLE: dict[str, Any] = {
    "figure.figsize": (WIDTH, 3.4),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "figure.labelsize": 11,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=PALETTE),
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.8,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "errorbar.capsize": 3,
    "image.cmap": "magma",
    "svg.hashsalt": "kwslib",
}


def use(synthetic: bool) -> None:
    """Set the style; while `synthetic`, every new figure carries the stamp. 2x PNG in notebooks."""
    mpl.rcParams.update(_STYLE)  # type: ignore[arg-type]
    mpl.rcParams["figure.hooks"] = [_HOOK] if synthetic else []
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina", bbox_inches=None)


def is_synthetic() -> bool:
    """Whether figures are being stamped."""
    return _HOOK in mpl.rcParams["figure.hooks"]


def stamp(figure: Figure) -> None:
    """Reserve a strip at the head of `figure` and say there that the data are synthetic."""
    strip = 0.3 / figure.get_figheight()  # 0.3 inches
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0, 0, 1, 1 - strip))  # type: ignore[call-arg]
    box = {"boxstyle": "round,pad=0.3", "facecolor": "#FFE9B8", "edgecolor": AMBER}
    figure.text(
        0.99, 1 - strip / 2, STAMP, ha="right", va="center", fontsize=9, color=INK, bbox=box, gid="stamp"
    )


def subplots(rows: int = 1, cols: int = 1, height: float = 3.4, **options: Any) -> tuple[Figure, Any]:
    """(figure, axes) like pyplot's, `height` in inches, `options` to Figure.subplots.

    The figure is not registered with pyplot: a notebook shows it once, and nothing needs closing.
    """
    figure = Figure(figsize=(WIDTH, height))
    if is_synthetic():
        stamp(figure)
    return figure, figure.subplots(rows, cols, **options)


def label_colours(labels: Sequence[str]) -> dict[str, str]:
    """One fixed colour per class: silence grey, unknown purple, yes (first keyword) blue, no vermilion."""
    keywords = [label for label in labels if label not in (SILENCE, UNKNOWN)]
    cycle = (BLUE, VERMILION, GREEN, AMBER, SKY)
    colours = {SILENCE: GREY, UNKNOWN: PURPLE}
    colours |= {word: cycle[i % len(cycle)] for i, word in enumerate(keywords)}
    return {label: colours[label] for label in labels}


def original_points(ax: Axes, x: ArrayLike, y: ArrayLike, label: str = "original report") -> None:
    """Overlay the original report's published values: hollow grey diamonds, the same in every figure."""
    ax.plot(
        x,
        y,
        "D",
        markersize=8,
        markerfacecolor="none",
        markeredgecolor=GREY,
        markeredgewidth=1.8,
        label=label,
        zorder=5,
    )


def interval_curve(
    ax: Axes,
    x: ArrayLike,
    mean: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    label: str,
    colour: str | None = None,
    marker: str = "",
) -> None:
    """A mean curve within the shaded band of its 95 % interval."""
    (line,) = ax.plot(x, mean, marker=marker, color=colour, label=label)
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)


def interval_points(
    ax: Axes,
    names: Sequence[str],
    mean: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    colours: Sequence[str] | str = BLUE,
) -> None:
    """Points with horizontal 95 % whiskers, one row per name, first on top."""
    shades = [colours] * len(names) if isinstance(colours, str) else list(colours)
    centre = np.asarray(mean)
    whiskers = np.stack([centre - low, high - centre])  # (2, rows)
    for row, shade in enumerate(shades):
        ax.errorbar(centre[row], row, xerr=whiskers[:, [row]], fmt="o", color=shade, elinewidth=2)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
