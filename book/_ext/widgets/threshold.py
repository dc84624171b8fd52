"""What a threshold does: the posteriors of a stream, what is reported, and what is recorded over hours.

The stream is synthesized while the book is built and goes through the recorded network, so that no one's voice is on
the page. 07_detection.csv, which Part 7 records (kwslib.report.part7.hours.write), has what each threshold gives over
hours; without it only the operating point of 07_listening.json is told.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from pictures.drawing import Drawing
from widget import Widget

from kwslib.errors import KwsError
from kwslib.labels import SAMPLE_RATE, class_labels
from kwslib.record import names
from kwslib.record.comparison import load_results, recorded_folder
from kwslib.report.part7.hours import FILE

MODEL, NETWORK = "field_trained", names.field_tflite("tinyconv")  # as recorded; its file
SAID = ("yes", "seven", "no", "table", "go", "yes", "right", "no", "house", "stop", "no", "yes")
PAUSE = SAMPLE_RATE // 2  # samples of quiet after each second
LEFT, RIGHT, TOP, BASE = 44, 468, 44, 260
TONES = ("blue", "vermilion")  # of the keywords


def make(results: Path) -> Widget:
    """Raises KwsError where Part 7 or the network is not recorded."""
    values = load_results(results).get("07_listening", {}).get("values", {})
    network = (recorded_folder() or Path()) / "models" / NETWORK
    if names.by_model("threshold", MODEL) not in values or not network.is_file():
        raise KwsError("no operating point is recorded: record Part 7")
    threshold = values[names.by_model("threshold", MODEL)]["value"]
    smoothing = int(values[names.by_model("smoothing", MODEL)]["value"])
    heard = stream(network, smoothing)
    frame = {"left": LEFT, "right": RIGHT, "top": TOP, "base": BASE}
    data = heard | {
        "smoothing": smoothing,
        "threshold": threshold,
        "frame": frame,
        "curve": curve(results / FILE),
    }
    data["recorded"] = recorded(values)
    alt = f"Smoothed posteriors of yes and no over {heard['seconds']:.0f} seconds in which {len(SAID)} words are said."
    base = Drawing(480, 300, alt)
    for share in (0, 0.5, 1):
        y = _height(share)
        base.line([(LEFT, y), (RIGHT, y)], "faint", 1)
        base.text(LEFT - 6, y + 5, f"{share:g}", "end", 13, "grey")
    for number, (seconds, word) in enumerate(heard["said"]):
        x = _across(seconds, heard["seconds"])
        base.line([(x, TOP), (x, BASE)], "faint", 1, dashed=True)
        base.text(x, (TOP - 8) if number % 2 else (TOP - 26), word, size=12.8)
    for tone, posteriors in zip(TONES, heard["keywords"], strict=True):
        places = [
            _across(t * heard["hop"] + heard["first"], heard["seconds"]) for t in range(len(posteriors))
        ]
        base.line(
            [(round(x, 1), round(_height(p / 1000), 1)) for x, p in zip(places, posteriors, strict=True)],
            tone,
        )
    base.text(LEFT, BASE + 32, "● yes", size=13, tone=TONES[0])
    base.text(LEFT + 60, BASE + 32, "● no", size=13, tone=TONES[1])
    base.text(RIGHT, BASE + 32, f"{heard['seconds']:.0f} s", "end", 13, "grey")
    still = Drawing(480, 300, "")
    still.line([(LEFT, _height(threshold)), (RIGHT, _height(threshold))], "ink", 1.5, dashed=True)
    controls = (
        '<label>Threshold: <output></output><input type="range" name="threshold" min="0.3" max="0.995" step="0.005" '
        f'value="{threshold:g}"></label>'
    )
    return Widget(data, base, still, controls, data["recorded"])


def _height(share: float) -> float:
    return BASE - share * (BASE - TOP)


def _across(seconds: float, whole: float) -> float:
    return LEFT + seconds / whole * (RIGHT - LEFT)


def stream(network: Path, smoothing: int) -> dict[str, Any]:
    """SAID as the network hears it: by hop the best class, its smoothed posterior, those of the keywords (1/1000)."""
    from kwslib.data import espeak
    from kwslib.data.synthetic import record
    from kwslib.deployment.core_network import read_network
    from kwslib.deployment.core_stream import run_stream
    from kwslib.deployment.decision import CERTAIN, DecisionSettings
    from kwslib.deployment.stream_plan import stream as plan
    from kwslib.features.frontend import FRAME_SECONDS, HOP, WINDOW_SECONDS, Frontend
    from kwslib.field.stream import posteriors, smooth
    from kwslib.page.clips import VOICE

    sounds = espeak.speak([espeak.Utterance(word, VOICE, seed=number) for number, word in enumerate(SAID)])
    rng = np.random.default_rng(0)
    parts = []
    for number, sound in enumerate(sounds):
        parts += [record(sound, np.random.default_rng(number)), rng.normal(0, 30, PAUSE).astype(np.int16)]
    samples = np.concatenate(parts)
    core = read_network(network)
    logits = run_stream(plan(core), Frontend().process(samples))
    smoothed = smooth(posteriors(logits, core.output_scale), smoothing).astype(int)
    labels = class_labels()
    return {
        "labels": labels,
        "said": [(number * (SAMPLE_RATE + PAUSE) / SAMPLE_RATE, word) for number, word in enumerate(SAID)],
        "seconds": len(samples) / SAMPLE_RATE,
        "hop": HOP * FRAME_SECONDS,
        "first": (HOP - 1) * FRAME_SECONDS + WINDOW_SECONDS,
        "suppression": DecisionSettings().suppression,
        "best": smoothed.argmax(1).tolist(),
        "most": np.round(1000 * smoothed.max(1) / CERTAIN).astype(int).tolist(),
        "keywords": np.round(1000 * smoothed[:, 2:] / CERTAIN).astype(int).T.tolist(),
    }


def curve(file: Path) -> list[list[float]]:
    """[threshold, false accepts, hours, missed, keywords] of the model by threshold; none before it is recorded."""
    if not file.is_file():
        return []
    columns = ("threshold", "false_accepts", "hours", "missed", "keywords")
    with file.open(encoding="utf-8") as lines:
        return [[float(row[c]) for c in columns] for row in csv.DictReader(lines) if row["model"] == MODEL]


def recorded(values: dict[str, Any]) -> str:
    """The operating point in words."""
    wanted = ("false_accepts_per_hour", "false_rejects", "hours", "threshold")
    per_hour, missed, hours, threshold = (values[names.by_model(what, MODEL)] for what in wanted)
    (low, high), (least, most) = per_hour["ci95"], (100 * bound for bound in missed["ci95"])
    return (
        f"Recorded over {hours['value']:.1f} hours at the threshold "
        f"{threshold['value']:g}: {per_hour['value']:.1f} false accepts an hour ({low:.1f} to "
        f"{high:.1f}), {100 * missed['value']:.1f} % of {missed['n']:,} keywords missed ({least:.1f} to {most:.1f})."
    )
