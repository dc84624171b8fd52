"""Accuracy against work: published networks on their task, ours on ours, each in a panel and on an axis of its own."""

import math
from collections.abc import Iterable

from kwslib.measure.profiling import costs
from kwslib.networks import ARCHITECTURES
from kwslib.networks.models import ModelConfig, build
from kwslib.record import names
from kwslib.report.part2.tables import published_models
from kwslib.report.part7 import chains
from kwslib.report.part8.networks import TITLES
from pictures.drawing import Drawing

FAMILIES = {  # of those that state accuracy and work: tone, and where its name stands by its smallest network
    "SparkNet": ("grey", 8, 4, "start"),
    "BC-ResNet": ("blue", 10, -14, "end"),
    "Hello Edge DS-CNN": ("amber", 4, 18, "start"),
    "TENet": ("purple", -8, 5, "end"),
    "DS-ResNet": ("vermilion", 6, 18, "start"),
}
NAMES = chains.NAMES | TITLES
LEFT, WIDE, TALL = 46.0, 424.0, 190.0
WORK = (1e5, 1e9)  # multiply-accumulates on the horizontal axis


def draw(values: dict[str, float]) -> Drawing:
    published = published_models().dropna(subset=["macs", "accuracy"])
    alt = (
        "Two panels over one axis of multiply-accumulates: published networks on 12 classes, more accurate the more"
        " they compute, and below them ours on 4 classes."
    )
    drawing = Drawing(480, 560, alt)
    drawing.text(LEFT, 18, "Published: 12 classes, ten words", bold=True)
    panel = _Panel(drawing, 30, (91.0, 99.0))
    for family, rows in published.groupby("family", sort=False):
        tone, dx, dy, anchor = FAMILIES.get(str(family), ("faint", 0, 0, ""))
        rows = rows.sort_values("macs")
        points = [
            panel.place(macs, accuracy) for macs, accuracy in zip(rows.macs, rows.accuracy, strict=True)
        ]
        if len(points) > 1:
            drawing.line(points, tone, 1, dashed=True)
        for (x, y), parameters in zip(points, rows.parameters, strict=True):
            drawing.dot(x, y, radius(parameters), tone)
        if anchor:
            drawing.text(points[0][0] + dx, points[0][1] + dy, str(family), anchor, 13, tone)
    drawing.text(LEFT, 288, "This book: 4 classes, two words", bold=True)
    panel = _Panel(drawing, 300, (91.0, 99.0))
    networks = sorted(ours(values), key=lambda network: -network[2])
    places = [panel.place(macs, accuracy) for _, macs, accuracy, _ in networks]
    column, free = max((x for x, _ in places), default=LEFT) + 24, 0.0
    for (name, _, _, parameters), (x, y) in zip(networks, places, strict=True):
        free = max(free + 16, y)  # names one below the other
        drawing.line([(x, y), (column - 4, free)], "faint", 1)
        drawing.dot(x, y, radius(parameters), "ink")
        drawing.text(column, free + 5, name, "start", 13)
    drawing.text(LEFT + WIDE / 2, 530, "multiply-accumulates for one second of sound", "middle", 13, "grey")
    x = LEFT
    for parameters, said in ((1e4, "10 kB"), (1e5, "100 kB"), (1e6, "1 MB of int8 weights")):
        drawing.dot(x + 8, 549, radius(parameters), "grey", filled=False)
        drawing.text(x + 20, 554, said, size=13, tone="grey")
        x += 86
    return drawing


def ours(values: dict[str, float]) -> Iterable[tuple[str, float, float, float]]:
    """Recorded networks: name, multiply-accumulates, test accuracy (%) and parameters."""
    found = {"tinyconv": "03_training/accuracy_testing"}
    found |= {
        arch: f"07_listening/{names.int8_accuracy(arch)}" for arch in ("tinyconv_valid", "tenet_causal")
    }
    recorded = [arch for arch in ARCHITECTURES if f"08_models/{names.macs(arch)}" in values]
    found |= {arch: f"08_models/{names.accuracy(arch)}" for arch in recorded}
    for arch, key in found.items():
        if key in values:
            counted = costs(build(ModelConfig(arch)))
            yield NAMES.get(arch, arch), counted.macs, 100 * values[key], counted.parameters


def radius(parameters: float) -> float:
    """Of a dot: a byte a weight, a tenth of the weights a third of the area."""
    return 3 + 1.6 * max(math.log10(parameters) - 3.5, 0)


class _Panel:
    """Axes of accuracy over work, their top at `top`."""

    def __init__(self, drawing: Drawing, top: float, accuracies: tuple[float, float]) -> None:
        self.top, self.low, self.high = top, *accuracies
        for accuracy in range(math.ceil(self.low), math.floor(self.high) + 1, 2):
            _, y = self.place(WORK[0], accuracy)
            drawing.line([(LEFT, y), (LEFT + WIDE, y)], "faint", 1)
            drawing.text(LEFT - 6, y + 5, f"{accuracy} %", "end", 13, "grey")
        for power in range(5, 10):
            x, _ = self.place(10.0**power, self.low)
            drawing.line([(x, top + TALL), (x, top + TALL + 5)], "grey", 1)
            label = {5: "0.1 M", 6: "1 M", 7: "10 M", 8: "100 M", 9: "1,000 M"}[power]
            drawing.text(x, top + TALL + 20, label, "end" if power == 9 else "middle", 13, "grey")

    def place(self, macs: float, accuracy: float) -> tuple[float, float]:
        along = math.log10(macs / WORK[0]) / math.log10(WORK[1] / WORK[0])
        up = (min(max(accuracy, self.low), self.high) - self.low) / (self.high - self.low)
        return LEFT + WIDE * along, self.top + TALL * (1 - up)
