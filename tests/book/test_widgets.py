"""Figures that a reader changes: their data are the recorded ones, their logic is the book's, their picture stays."""

import csv
import json
import re
import shutil
from xml.etree import ElementTree

import numpy as np
import pytest
import widget
from repository import REPOSITORY

from kwslib.deployment.decision import CERTAIN, DecisionSettings
from kwslib.errors import KwsError
from kwslib.field import stream
from kwslib.record.comparison import load_results

RESULTS = REPOSITORY / "book" / "results"
NAMES = ("bits", "trade_off", "threshold")


@pytest.fixture(scope="module")
def made():
    return {name: widget.load_widget(name, RESULTS) for name in NAMES}


@pytest.fixture
def called(node):
    def call(module: str, *calls: tuple[str, list]):
        return [json.loads(node("call", module, name, given=json.dumps([given])))[0] for name, given in calls]

    return call


@pytest.mark.parametrize("name", NAMES)
def test_a_widget_is_a_whole_picture_without_its_script(made, name):
    page = widget.in_page(name, made[name])
    root = ElementTree.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])
    groups = {tag.get("class"): len(tag) for tag in root if tag.tag.endswith("}g")}
    assert groups["still"] > 0
    assert groups["live"] == 0
    assert len(root.get("aria-label")) > 40
    assert f'<p class="widget-said" role="status">{made[name].said}</p>' in page
    assert '<form class="widget-controls" hidden>' in page
    assert not re.search(r"^(import|export) ", page, re.MULTILINE)  # opened from disk it can import nothing
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', page)]
    assert min(sizes) * 340 / made[name].base.width >= 9  # CSS pixels on a screen 390 wide


def test_the_slider_of_bits_says_what_is_recorded(made, called):
    values = load_results(RESULTS)["05_quantization"]["values"]
    widths = made["bits"].data["widths"]
    assert [len(width["points"]) for width in widths] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert [width["bytes"] for width in widths] == [
        values[f"flash_weights_{k}bit"]["value"] for k in range(1, 9)
    ]
    for width in widths:
        entry = values[f"accuracy_qat_{width['bits']}bit"]
        assert width["qat"] == pytest.approx([100 * v for v in (entry["value"], *entry["ci95"])], abs=0.051)
    assert called("bits", ("sentence", [widths[2]])) == [made["bits"].said]


def test_lines_of_a_grid_stay_within_the_frame(called):
    frame = {"left": 0, "right": 100, "top": 1, "base": 9, "span": 2}
    assert called("bits", ("grid", [[-3, -2, 0, 1.5], frame])) == ["M0.0 1V9M50.0 1V9M87.5 1V9"]


def test_the_trade_off_has_every_network_of_the_table(made):
    points = made["trade_off"].data["points"]
    with (RESULTS / "06_trade_off.csv").open(encoding="utf-8") as table:
        listed = {row["network"] for row in csv.DictReader(table)}
    assert {point["name"] for point in points} > listed
    assert [point["name"] for point in points].count("tenet, causal") == 1  # which Parts 7 and 8 record
    values = load_results(RESULTS)
    by_name = {point["name"]: point for point in points}
    assert by_name["3 bit"]["flash"] == values["05_quantization"]["values"]["board_flash_3bit"]["value"]
    assert by_name["5 ch"]["flash"] == values["06_pruning"]["values"]["flash_channels_5"]["value"]
    assert by_name["90 % sparse"]["flash"] == values["06_pruning"]["values"]["flash_sparse_90"]["value"]


def test_the_trade_off_takes_up_the_models_of_part_8(tmp_path):
    entry = {"value": 0.97, "unit": "fraction", "ci95": [0.965, 0.975]}
    values = {
        "accuracy_tenet_wide": entry,
        "board_ms_clip_tenet_wide": {"value": 11.5, "unit": "ms"},
        "flash_tenet_wide": {"value": 60_000, "unit": "B"},
        "missed_tenet_wide": {"value": 0.123, "unit": "fraction"},
        "accuracy_tenet": entry,  # not run on the board: no point
    }
    shutil.copy(RESULTS / "06_trade_off.csv", tmp_path)
    (tmp_path / "08_models.json").write_text(json.dumps({"profile": "report", "values": values}))
    data = widget.load_widget("trade_off", tmp_path).data
    (larger,) = [point for point in data["points"] if point["kind"] == "of Part 8"]
    assert (larger["name"], larger["accuracy"]) == ("tenet, wide", 97)
    assert (larger["ms"], larger["flash"]) == (11.5, 60_000)
    assert larger["more"] == "missed 12.3 %"
    assert "of Part 8" in data["tones"]


def test_networks_are_chosen_by_axis_kind_and_name(called):
    points = [
        {"name": "3 bit", "kind": "quantized", "ms": 7},
        {"name": "5 ch", "kind": "narrow", "ms": 4, "flash": 9},
        {"name": "8 ch", "kind": "narrow", "ms": 6},
    ]
    every = ["quantized", "narrow"]
    found = called(
        "trade_off",
        ("chosen", [points, "ms", every, ""]),
        ("chosen", [points, "ms", ["narrow"], "8 CH "]),
        ("chosen", [points, "flash", every, ""]),
        ("ticks", [{"from": 0.9, "to": 12}]),
    )
    assert [[point["name"] for point in part] for part in found[:3]] == [
        ["5 ch", "8 ch", "3 bit"],
        ["8 ch"],
        ["5 ch"],
    ]
    assert found[3] == [1, 2, 5, 10]


@pytest.mark.parametrize("threshold", [0.31, 0.6, 0.95])
def test_the_threshold_reports_what_the_decision_logic_reports(called, threshold):
    rng = np.random.default_rng(int(100 * threshold))
    shares = rng.dirichlet([0.3] * 4, size=400)
    smoothed = (np.round(1000 * shares) / 1000 * CERTAIN).astype(np.uint16)
    settings = DecisionSettings(smoothing=6, threshold=threshold, suppression=9)
    expected = stream.reports(smoothed, settings)
    most = (1000.0 * smoothed.max(1) / CERTAIN).tolist()
    given = {"best": smoothed.argmax(1).tolist(), "most": most, "smoothing": 6, "suppression": 9}
    (found,) = called("threshold", ("reports", [given, threshold]))
    assert found == [[int(hop), int(expected[hop])] for hop in np.flatnonzero(expected >= 0)]
    assert found


def test_reports_are_hits_or_false_accepts(called):
    data = {"said": [[0, "yes"], [3, "other"], [6, "no"]], "labels": ["silence", "unknown", "yes", "no"]}
    data |= {"hop": 1, "first": 0}
    found = called("threshold", ("outcome", [[[1, 2], [4, 3], [7, 3]], data]), ("outcome", [[[7, 2]], data]))
    assert found == [
        {"hits": 2, "missed": 0, "accepts": 1, "all": 2},
        {"hits": 0, "missed": 2, "accepts": 1, "all": 2},
    ]


def test_a_recorded_curve_is_told_at_each_threshold(made, called, tmp_path):
    for name in ("07_listening.json",):
        shutil.copy(RESULTS / name, tmp_path)
    head, rows = (
        "model,threshold,false_accepts,hours,missed,keywords",
        ("0.5,40,5,300,1000", "0.9,10,5,700,1000"),
    )
    lines = [head, *(f"{model},{row}" for model in ("field_trained", "field_tenet") for row in rows)]
    (tmp_path / "07_detection.csv").write_text("\n".join(lines) + "\n")
    data = widget.load_widget("threshold", tmp_path).data
    assert len(data["curve"]) == 2
    (told, point) = called(
        "threshold", ("sentence", [data, 0.52]), ("sentence", [made["threshold"].data, 0.52])
    )
    assert "threshold 0.5: 8.0 false accepts an hour, 30.0 % of 1,000 keywords missed" in told
    assert made["threshold"].data["curve"] or made["threshold"].said in point


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(LookupError, match="no widget 'bit'"):
        widget.load_widget("bit", RESULTS)
    for name in NAMES:
        with pytest.raises(KwsError, match="recorded"):
            widget.load_widget(name, tmp_path)
