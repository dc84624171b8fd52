"""How many bits a weight needs: the linear layer's weights, the grid of each width, and what is recorded of it."""

from pathlib import Path
from typing import Any

import numpy as np
from pictures.drawing import Drawing
from widget import Widget

from kwslib.errors import KwsError
from kwslib.quantization.grids import BINARY
from kwslib.record import names
from kwslib.record.comparison import load_results, recorded_folder
from kwslib.report.part5.tables import grids_at

FIRST = 3  # bits of the still picture
LEFT, RIGHT, TOP, BASE = 44, 468, 34, 176  # of the histogram
HIGH, LOW = 232, 372  # of the accuracies
BINS = 81
METHODS = (("qat", "blue", -5), ("ptq", "vermilion", 5))


def make(results: Path) -> Widget:
    """Raises KwsError where Part 5 or the network is not recorded."""
    values = load_results(results).get("05_quantization", {}).get("values", {})
    network = (recorded_folder() or Path()) / "models" / "tinyconv.pt"
    wanted = [names.accuracy(names.quantized(bits, m)) for bits in range(1, 9) for m, *_ in METHODS]
    if not network.is_file() or not set(wanted) <= set(values):
        raise KwsError("not every width is recorded: record Part 5")
    widths = [_width(bits, network, values) for bits in range(1, 9)]
    weights = np.ravel(grids_at(FIRST, network)[0])
    span = float(np.abs(weights).max())
    bottom = np.floor(min(width[method][1] for width in widths for method, *_ in METHODS))
    frame = {"left": LEFT, "right": RIGHT, "top": TOP, "base": BASE, "span": span, "high": HIGH, "low": LOW}
    data = {"widths": widths, "frame": frame}
    base = Drawing(
        480, 418, f"Histogram of {len(weights):,} weights; below it, accuracy by bits of a weight."
    )
    base.text(8, 18, "The linear layer’s weights and the grid’s values", size=14, bold=True)
    _histogram(base, weights, span)
    base.text(8, HIGH - 20, "Test accuracy (%)", size=14, bold=True)
    base.text(304, HIGH - 20, "● QAT", size=13, tone="blue")
    base.text(372, HIGH - 20, "● PTQ", size=13, tone="vermilion")
    for percent in (bottom, 90, 95):
        y = _height(percent, bottom)
        base.line([(LEFT, y), (RIGHT, y)], "faint", 1)
        base.text(LEFT - 6, y + 5, f"{percent:g}", "end", 13, "grey")
    for width in widths:
        x = place(width["bits"])
        base.text(x, LOW + 22, str(width["bits"]), "middle")
        for method, tone, shift in METHODS:
            mean, low, high = (_height(percent, bottom) for percent in width[method])
            base.line([(x + shift, low), (x + shift, high)], tone, 2)
            base.dot(x + shift, mean, 4, tone)
    base.text((LEFT + RIGHT) / 2, LOW + 38, "bits of a weight", "middle", 13, "grey")
    still, shown = Drawing(480, 418, ""), widths[FIRST - 1]
    for point in shown["points"]:
        x = (LEFT + RIGHT) / 2 + point / span * (RIGHT - LEFT) / 2
        if LEFT <= x <= RIGHT:
            still.line([(x, TOP), (x, BASE)], "vermilion", 1.5)
    still.box(place(FIRST) - 18, HIGH - 8, 36, LOW - HIGH + 36, "ink", filled=False)
    controls = (
        '<label>Bits of a weight: <output></output><input type="range" name="bits" min="1" max="8" step="1" '
        f'value="{FIRST}"></label>'
    )
    return Widget(data, base, still, controls, _said(shown))


def place(bits: int) -> float:
    """x of a width in the lower panel."""
    return LEFT + 24 + (bits - 1) * (RIGHT - LEFT - 48) / 7


def _height(percent: float, bottom: float) -> float:
    return LOW - (percent - bottom) / (97 - bottom) * (LOW - HIGH)


def _histogram(base: Drawing, weights: np.ndarray, span: float) -> None:
    counts, _ = np.histogram(weights, BINS, (-span, span))
    tall = np.log1p(counts) / np.log1p(counts.max()) * (BASE - TOP)
    wide = (RIGHT - LEFT) / BINS
    for number, height in enumerate(tall):
        if height:
            base.box(LEFT + number * wide, BASE - height, wide * 0.9, height, "blue", round=0)
    base.line([(LEFT, BASE), (RIGHT, BASE)], "grey", 1)
    for value in (-0.5, 0, 0.5):
        x = (LEFT + RIGHT) / 2 + value / span * (RIGHT - LEFT) / 2
        if LEFT <= x <= RIGHT:
            base.text(x, BASE + 17, f"{value:g}".replace("-", "−"), "middle", 13, "grey")


def _width(bits: int, network: Path, values: dict[str, Any]) -> dict[str, Any]:
    """What there is of a width: the grid's points, the share of weights that become zero, accuracies (%), bytes."""
    weights, grids = grids_at(BINARY if bits == 1 else bits, network)
    points = np.unique(np.round(grids["least squared error"], 5))
    zero = float(np.mean(points[np.abs(np.ravel(weights)[:, None] - points).argmin(1)] == 0))
    width: dict[str, Any] = {"bits": bits, "points": points.tolist(), "zero": round(100 * zero)}
    for method, *_ in METHODS:
        entry = values[names.accuracy(names.quantized(bits, method))]
        bounds = (entry["value"], *(entry.get("ci95") or [entry["value"]] * 2))
        width[method] = [round(100 * bound, 1) for bound in bounds]
    return width | {"bytes": int(values[names.flash_weights(names.width(bits))]["value"])}


def _said(width: dict[str, Any]) -> str:
    """As web/bits.js says it."""
    means = [f"{m.upper()} {width[m][0]:.1f} % ({width[m][1]:.1f} to {width[m][2]:.1f})" for m, *_ in METHODS]
    unit = "bit" if width["bits"] == 1 else "bits"
    return (
        f"{width['bits']} {unit}: {len(width['points'])} values, {width['zero']} % of the weights become zero. "
        f"Test accuracy: {means[0]}, {means[1]}. Packed in flash: {width['bytes']:,} bytes."
    )
