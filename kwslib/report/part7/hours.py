"""Hours of sound: a spotter's operating point, chosen on validation and measured on testing, and its trade-off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kwslib.experiments.field import Model, choose_point, field_stage, trial_effort, trial_logits_of
from kwslib.features.frontend import HOP_MS
from kwslib.field.detection import OperatingPoint, detection_curve, operating_point, stream_logits
from kwslib.field.minutes import continuous_frames
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Value, Values, share
from kwslib.report.numbers import share_text, with_interval
from kwslib.writing import atomic_write

if TYPE_CHECKING:
    import pandas

FILE = "07_detection.csv"
MOST_PER_HOUR, MOST_REJECTS = 1.0, 0.15  # false accepts, keywords missed: what a device is asked for


@dataclass(frozen=True)
class Detection:
    """Results of a model over hours: its curve on testing at the chosen smoothing, and the point chosen on
    validation."""

    model: Model
    points: list[OperatingPoint]
    chosen: OperatingPoint


def detection(run: Run, model: Model) -> Detection:
    """The trade-off of a model on testing, and the point chosen on validation."""
    tuned = choose_point(run, model, MOST_PER_HOUR)
    trial_stage = field_stage(run)
    logits = trial_logits_of(run, model.network, "testing", trial_effort(run).trials)
    hours = stream_logits(model.network, continuous_frames(trial_stage, trial_effort(run).hours))
    points = detection_curve(model.network, trial_stage, logits, hours, tuned.settings)
    chosen = operating_point(points, tuned.settings)
    return Detection(tuned, points, chosen)


def detection_values(found: Detection) -> Values:
    """The chosen point: false accepts and rejects, hours of sound, settings, and the median latency."""
    model, chosen = found.model.name, found.chosen
    values = {
        names.by_model("false_accepts_per_hour", model): Value(
            chosen.per_hour, "", chosen.per_hour_ci95, chosen.false_accepts
        ),
        names.by_model("false_rejects", model): Value(
            chosen.reject_rate, "fraction", chosen.reject_ci95, chosen.keywords
        ),
        names.by_model("hours", model): Value(chosen.hours, "h"),
        names.by_model("threshold", model): Value(chosen.threshold),
        names.by_model("smoothing", model): Value(found.model.settings.smoothing),
    }
    if len(chosen.latencies):
        median = 1000 * float(np.median(chosen.latencies))
        values[names.by_model("latency_ms", model)] = Value(median, "ms", n=len(chosen.latencies))
    return values


def write(run: Run, found: Mapping[str, Detection]) -> None:
    """Write the results at each threshold for all models to the folder of the recorded values, as 07_detection.csv."""
    import pandas

    rows = [
        {
            "model": detection.model.name,
            "threshold": point.threshold,
            "false_accepts": point.false_accepts,
            "hours": point.hours,
            "missed": point.rejects,
            "keywords": point.keywords,
        }
        for detection in found.values()
        for point in detection.points
    ]
    with atomic_write(run.results / FILE) as path:
        pandas.DataFrame(rows).to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def detection_table(found: Mapping[str, Detection]) -> "pandas.DataFrame":
    """The operating point of each model with its intervals."""
    import pandas

    rows = {}
    for name, detection in found.items():
        point = detection.chosen
        median, most = ("", "")  # where no keyword was reported
        if len(point.latencies):
            median, most = (f"{1000 * each:.0f}" for each in np.quantile(point.latencies, [0.5, 0.9]))
        rows[name] = {
            "threshold": f"{point.threshold:.3f}",
            "smoothing (ms)": f"{HOP_MS * detection.model.settings.smoothing}",
            "false accepts per hour": with_interval(point.per_hour, *point.per_hour_ci95),
            "hours": f"{point.hours:.2g}",
            "keywords missed (%)": share_text(share(point.rejects, point.keywords)),
            "latency, median (ms)": median,
            "latency, 90 % within (ms)": most,
        }
    return pandas.DataFrame(rows).T
