"""What Part 7 shows of hours, of a hop's time and of a stream's past; and what its figures draw."""

from types import SimpleNamespace

import numpy as np
import pytest

from kwslib.deployment.decision import DecisionSettings
from kwslib.field.detection import OperatingPoint
from kwslib.labels import class_labels
from kwslib.report.part7 import figures as draw
from kwslib.report.part7 import hours, past
from kwslib.report.part7.stream import Listening


def point(threshold, accepts, rejects, latencies=(0.3, 0.5, 0.9)):
    return OperatingPoint(threshold, accepts, 2.0, rejects, 100, 60, np.array(latencies))


POINTS = [point(0.5, 8, 5), point(0.7, 2, 20), point(0.9, 0, 60, ())]


def found(chosen):
    model = SimpleNamespace(name="field", settings=DecisionSettings(smoothing=6))
    return hours.Detection(model, POINTS, chosen)


def test_the_operating_point_is_recorded_with_its_intervals():
    values = hours.detection_values(found(POINTS[1]))
    accepts = values["field_false_accepts_per_hour"]
    assert (accepts.value, accepts.n) == (1.0, 2)
    assert accepts.ci95[0] < 1.0 < accepts.ci95[1]
    assert values["field_false_rejects"].value == pytest.approx(0.2)
    assert values["field_latency_ms"].value == pytest.approx(500)
    assert values["field_smoothing"].value == 6
    assert "field_latency_ms" not in hours.detection_values(found(POINTS[2]))  # nothing was reported


def test_the_operating_point_in_a_table():
    row = hours.detection_table({"ours": found(POINTS[1])}).loc["ours"]
    assert row["false accepts per hour"].startswith("1.0 (")
    assert row["smoothing (ms)"] == "240"
    assert row["keywords missed (%)"].startswith("20.0 (")
    assert row["latency, median (ms)"] == "500"


def test_the_trade_off_is_drawn_point_by_point():
    (ax,) = draw.detection_error({"ours": POINTS}, {"ours": POINTS[1]}, (1.0, 0.1)).axes
    curve, marker = ax.lines
    assert list(curve.get_ydata()) == pytest.approx([5, 20, 60])
    assert list(curve.get_xdata()) == pytest.approx([4, 1, 0.25])  # none in 2 hours: drawn at half of one
    assert (marker.get_xdata()[0], marker.get_ydata()[0]) == (1.0, pytest.approx(20))


def test_what_a_past_costs_is_paired_by_clip():
    alone = [np.array([True] * 8 + [False] * 2), np.array([True] * 10)]
    streamed = [np.array([True] * 4 + [False] * 6), np.array([True] * 8 + [False] * 2)]
    tested = {"tenet_causal": {past.ALONE: alone, past.NOISE: streamed}}
    values = past.past_values(tested)
    assert values["accuracy_tenet_causal_alone"].value == pytest.approx(0.9)
    assert values["accuracy_tenet_causal_noise"].value == pytest.approx(0.6)
    table = past.past_table(tested)
    assert table.loc[past.NOISE, "tenet, causal, right (%)"] == "60.0"
    assert table.loc[past.NOISE, "tenet, causal, difference (points)"].startswith("-30.0 (")
    assert table.loc[past.ALONE, "tenet, causal, difference (points)"] == ""


def test_a_hop_s_bars_add_up():
    stages = {"frontend": {"ms_mean": 1.0}, "network": {"ms_mean": 2.0}, "decision": {"ms_mean": 0.5}}
    cost = {"stages": stages, "way": "rows kept", "whole_window_network_ms": 7.0}
    (ax,) = draw.hop({"ours": cost, "theirs": cost | {"way": "whole window"}}).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ours", "whole window", "theirs"]
    assert [text.get_text().strip() for text in ax.texts] == ["3.5 ms", "8.5 ms", "3.5 ms"]
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx([1, 2, 0.5, 1, 7, 0.5, 1, 2, 0.5])


def test_reports_stand_where_they_were_made():
    labels, times = class_labels(), np.array([1.0, 1.04, 1.08])
    listening = Listening(
        np.zeros(32_000, np.int16),
        [(0.4, "yes")],
        labels,
        times,
        np.full((3, 4), 0.25),
        np.array([[0.25] * 4, [0.1, 0.1, 0.7, 0.1], [0.25] * 4]),
        np.array([-1, 2, -1]),
        0.6,
        0.5,
    )
    wave, ax = draw.decision(listening).axes
    assert [text.get_text().strip() for text in wave.texts] == ["yes"]
    assert [text.get_text() for text in ax.texts] == ["yes"]
    assert ax.texts[0].xy[0] == pytest.approx(1.04)
    means = next(line for line in ax.lines if line.get_label() == "yes")
    assert list(means.get_ydata()) == pytest.approx([0.25, 0.7, 0.25])
