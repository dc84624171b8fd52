"""Style of all figures: vector graphics, real text, a colour-blind-safe palette, type that is legible on a phone.

Figures are 5.2 inches wide and no type is smaller than 10 points, so that on a screen 390 pixels wide it is at least 9
pixels high. A notebook keeps each figure as SVG in the colours below; the book's pages replace each by the colour of
that name in the reader's theme (book/_ext/vector.py), so that one drawing serves light and dark. The hues are those of
Okabe and Ito (2008), distinct under all common colour-vision deficiencies, darkened where white paper requires it.
Captions and alternative texts are cell metadata, because the book reads them from there:

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
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from kwslib.labels import SILENCE, UNKNOWN

WIDTH = 5.2  # inches, of every figure
SMALL = 10  # points, of the smallest type
TONES = {  # by the names that book.css gives them, as in light
    "blue": "#0072b2",
    "vermilion": "#c24e00",
    "green": "#00805d",
    "purple": "#a8508a",
    "amber": "#b87a00",
    "sky": "#4aa3df",
    "grey": "#5f6670",
    "ink": "#222832",
    "faint": "#d5dae0",
    "paper": "#ffffff",
}
BLUE, VERMILION, GREEN, PURPLE, AMBER, SKY, GREY, INK, FAINT, PAPER = TONES.values()
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, AMBER, SKY)
STAMP = "synthetic corpus"
LEADER = {
    "arrowstyle": "-",
    "color": GREY,
    "linewidth": 0.8,
    "shrinkA": 1,
    "shrinkB": 4,
}  # from a name to its point
_HOOK = "kwslib.record.style:stamp"  # matplotlib calls it for each new pyplot figure

_STYLE: dict[str, Any] = {
    "figure.figsize": (WIDTH, 3.4),
    "figure.dpi": 100,
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    "savefig.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "figure.labelsize": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=PALETTE),
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "errorbar.capsize": 3,
    "image.cmap": "magma",
    "svg.hashsalt": "kwslib",
    "svg.fonttype": "none",  # text stays text
}


def use(synthetic: bool) -> None:
    """Set the style; with `synthetic`, every new figure is stamped as such. Notebooks keep SVG."""
    mpl.rcParams.update(_STYLE)  # type: ignore[arg-type]
    mpl.rcParams["figure.hooks"] = [_HOOK] if synthetic else []
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats(
            "svg", bbox_inches=None, dpi=200, metadata={"Date": None}
        )  # dpi: of images within


def is_synthetic() -> bool:
    """Whether figures are being stamped."""
    return _HOOK in mpl.rcParams["figure.hooks"]


def stamp(figure: Figure) -> None:
    """Reserve a strip at the top of `figure` for a note that the data are synthetic."""
    strip = 0.3 / figure.get_figheight()  # 0.3 inches
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0, 0, 1, 1 - strip))  # type: ignore[call-arg]
    box = {"boxstyle": "round,pad=0.3", "facecolor": PAPER, "edgecolor": AMBER}
    figure.text(
        0.99, 1 - strip / 2, STAMP, ha="right", va="center", fontsize=SMALL, color=INK, bbox=box, gid="stamp"
    )


def subplots(rows: int = 1, cols: int = 1, height: float = 3.4, **options: Any) -> tuple[Figure, Any]:
    """(figure, axes) like pyplot's, `height` in inches, `options` to Figure.subplots.

    The figure is not registered with pyplot: a notebook shows it once, and it need not be closed.
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


def original_points(
    ax: Axes, x: ArrayLike, y: ArrayLike, label: str = "original report", colour: str = GREY
) -> None:
    """Overlay the original report's published values: hollow diamonds, grey or in the colour of their counterparts."""
    ax.plot(
        x,
        y,
        "D",
        markersize=8,
        markerfacecolor="none",
        markeredgecolor=colour,
        markeredgewidth=1.8,
        label=label,
        zorder=5,
    )


def legend_above(figure: Figure, ax: Axes, columns: int = 2) -> None:
    """Place the legend above the panels, where its markers cannot be mistaken for data points and hide none."""
    handles, names = ax.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=columns)


def shaded_cells(
    ax: Axes, share: np.ndarray, texts: Sequence[Sequence[str]], assumed: np.ndarray | None = None
) -> None:
    """A matrix as cells with text, shaded darker for a larger `share` (0 to 1); those in `assumed` are hatched.

    The shade is a transparent blue, so that text on it is legible in light and dark themes.
    """
    rows, columns = share.shape
    for (row, column), part in np.ndenumerate(share):
        corner = (column - 0.5, row - 0.5)
        ax.add_patch(Rectangle(corner, 1, 1, facecolor=BLUE, alpha=0.5 * float(part), edgecolor="none"))
        if assumed is not None and assumed[row, column]:
            ax.add_patch(
                Rectangle(corner, 1, 1, fill=False, hatch="//", edgecolor=GREY, linewidth=0, alpha=0.5)
            )
        ax.text(column, row, texts[row][column], ha="center", va="center", color=INK, fontsize=SMALL)
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    ax.grid(visible=False)
    ax.tick_params(length=0)


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
    """A mean curve with a shaded band for its 95 % interval."""
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
