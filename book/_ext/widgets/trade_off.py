"""Accuracy against time on the board and against flash, of every network recorded.

Points come from book/results, each where accuracy and a cost are recorded:

- 06_trade_off.csv: the networks of Parts 3, 5 and 6, with the flash of their firmware from the values of these parts;
- 07_listening.json: the networks made for streams that Part 8 has not recorded;
- 08_models.json, when it exists: for each ARCH with `accuracy_ARCH` (fraction, ci95), the time of one clip
  `board_ms_clip_ARCH` (ms) and `flash_ARCH` (B); where recorded also `board_ms_hop_ARCH` (ms), `ram_ARCH` (B),
  `field_ARCH` (fraction of trials), `false_accepts_per_hour_ARCH` and `missed_ARCH` (fraction), which its description
  names.
"""

import csv
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pictures.drawing import Drawing
from widget import Widget

from kwslib.errors import KwsError
from kwslib.record import names
from kwslib.record.comparison import load_results
from kwslib.report.part6.trade_off import FILE
from kwslib.report.part7 import chains
from kwslib.report.part8.networks import TITLES

KINDS = {  # tone; the colours of Part 6's figure
    "quantized": "vermilion",
    "sparse": "blue",
    "narrow": "green",
    "narrow and ternary": "purple",
    "for streams": "amber",
    "of Part 8": "ink",
}
AXES = {"ms": "network on the board (ms for a clip)", "flash": "flash of the firmware (bytes)"}
MORE = {  # of 08_models.json, by the name of a value: what it is called, its factor, format and unit
    names.hop_ms: ("a hop", 1, ".2g", " ms"),
    partial(names.firmware, "ram"): ("RAM", 1, ",.0f", " bytes"),
    names.in_field: ("in the field", 100, ".1f", " %"),
    names.false_accepts: ("false accepts an hour", 1, ".1f", ""),
    names.missed: ("missed", 100, ".1f", " %"),
}
LEFT, RIGHT, TOP, BASE = 44, 468, 36, 320
Point = dict[str, Any]


def make(results: Path) -> Widget:
    """Raises KwsError where no network is recorded."""
    points = recorded_points(results)
    if not points:
        raise KwsError("no network is recorded: record Part 6")
    low = math.floor(min(point["low"] for point in points) / 2) * 2
    high = min(math.ceil(max(point["high"] for point in points) / 2) * 2, 100)
    frame = {"left": LEFT, "right": RIGHT, "top": TOP, "base": BASE, "low": low, "high": high}
    axes = {}
    for axis, label in AXES.items():
        sizes = [point[axis] for point in points if axis in point]
        axes[axis] = {"label": label, "from": 0.85 * min(sizes), "to": 1.15 * max(sizes)}
    kinds = [kind for kind in KINDS if any(point["kind"] == kind for point in points)]
    data = {"points": points, "axes": axes, "frame": frame, "tones": {kind: KINDS[kind] for kind in kinds}}
    alt = (
        f"Test accuracy of {len(points)} networks; time and flash raise it up to a plateau and little beyond."
    )
    base = Drawing(480, 372, alt)
    base.text(8, 18, "Test accuracy (%)", size=14, bold=True)
    for percent in range(low, high + 1, 2):
        y = BASE - (percent - low) / (high - low) * (BASE - TOP)
        base.line([(LEFT, y), (RIGHT, y)], "faint", 1)
        base.text(LEFT - 6, y + 5, str(percent), "end", 13, "grey")
    still = Drawing(480, 372, "")
    for point in points:
        if "ms" in point:
            x = _across(point["ms"], axes["ms"])
            y = BASE - (point["accuracy"] - low) / (high - low) * (BASE - TOP)
            still.dot(x, y, 5, KINDS[point["kind"]])
    for tick in ticks(axes["ms"]["from"], axes["ms"]["to"]):
        still.text(_across(tick, axes["ms"]), BASE + 20, f"{tick:g}", "middle", 13, "grey")
    still.text((LEFT + RIGHT) / 2, BASE + 44, AXES["ms"], "middle", 13)
    options = "".join(
        f'<label><input type="radio" name="axis" value="{axis}"{" checked" if axis == "ms" else ""}> {label}</label>'
        for axis, label in (("ms", "time"), ("flash", "flash"))
    )
    boxes = "".join(
        f'<label class="key-{KINDS[kind]}"><input type="checkbox" name="kind" value="{kind}" checked> {kind}</label>'
        for kind in kinds
    )
    controls = (
        f"<fieldset><legend>Against</legend>{options}</fieldset><fieldset><legend>Networks</legend>{boxes}</fieldset>"
        '<label>Name contains <input type="text" name="name" size="12"></label>'
    )
    best = max(points, key=lambda point: point["accuracy"])
    said = f"{len(points)} networks. The most accurate: {best['name']}, {best['accuracy']:.1f} %."
    return Widget(data, base, still, controls, said)


def ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... within a range."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [f * 10.0**d for d in decades for f in (1, 2, 5) if low <= f * 10.0**d <= high]


def _across(size: float, axis: Mapping[str, Any]) -> float:
    share = math.log(size / axis["from"]) / math.log(axis["to"] / axis["from"])
    return LEFT + share * (RIGHT - LEFT)


def recorded_points(results: Path) -> list[Point]:
    """Every network with its name, kind, accuracy, low, high (%), ms and flash where recorded, and more in words."""
    parts = {part: contents.get("values", {}) for part, contents in load_results(results).items()}
    points = _of_part_6(results / FILE, parts)
    listening, models = parts.get("07_listening", {}), parts.get("08_models", {})
    for arch, name in chains.NAMES.items():
        if names.accuracy(arch) in models:
            continue
        costs = {"ms": names.chain("window_ms_network", arch), "flash": names.chain("flash_bytes", arch)}
        points += _point(listening, name, "for streams", names.int8_accuracy(arch), costs)
    for arch, title in TITLES.items():
        costs = {"ms": names.clip_ms(arch), "flash": names.firmware("flash", arch)}
        if costs["ms"] in models:
            for point in _point(models, title, "of Part 8", names.accuracy(arch), costs):
                points.append(point | {"more": _more(models, arch)})
    return points


def _of_part_6(file: Path, parts: Mapping[str, Any]) -> list[Point]:
    if not file.is_file():
        return []
    points = []
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            point: Point = {"name": row["network"], "kind": row["kind"]}
            point |= {
                name: round(float(row[name]), 2) for name in ("accuracy", "low", "high", "ms") if row[name]
            }
            for part, memory in (("05_quantization", "board_flash"), ("06_pruning", "flash")):
                entry = parts.get(part, {}).get(names.firmware(memory, _recorded_as(row["network"])))
                if entry:
                    point["flash"] = entry["value"]
            points.append(point)
    return points


def _recorded_as(network: str) -> str:
    """Of a network of the table, as names.py has it: 5 ch as channels_5, 90 % sparse as sparse_90, 3 bit as 3bit."""
    number, _, kind = network.partition(" ")
    known = {"ch": f"channels_{number}", "bit": f"{number}bit", "% sparse": f"sparse_{number}"}
    return known.get(kind, network)


def _point(
    values: Mapping[str, Any], name: str, kind: str, key: str, costs: Mapping[str, str]
) -> list[Point]:
    if key not in values:
        return []
    mean, (low, high) = values[key]["value"], values[key].get("ci95") or [values[key]["value"]] * 2
    point: Point = {"name": name, "kind": kind}
    point |= {k: round(100 * v, 2) for k, v in (("accuracy", mean), ("low", low), ("high", high))}
    return [point | {cost: values[found]["value"] for cost, found in costs.items() if found in values}]


def _more(values: Mapping[str, Any], arch: str) -> str:
    told = [
        f"{called} {format(factor * values[named(arch)]['value'], form)}{unit}"
        for named, (called, factor, form, unit) in MORE.items()
        if named(arch) in values
    ]
    return ", ".join(told)
