"""Figures in the page: the reader's colours, text as text, no reference astray, little weight."""

import io
import re
from functools import cache
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
import vector
from repository import REPOSITORY

from kwslib.record import style
from kwslib.report.part1 import figures as signals
from kwslib.report.part3 import figures as training

SHEET = (REPOSITORY / "book" / "_static" / "book.css").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def styled():
    with mpl.rc_context():
        style.use(synthetic=False)
        yield


def recorded(figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", dpi=200, metadata={"Date": None})
    return file.getvalue()


@cache
def curves() -> str:
    return recorded(drawn_curves())


def drawn_curves():
    history = {"training": np.linspace(0.5, 0.97, 50), "validation": np.linspace(0.5, 0.95, 50)}
    return training.training_curves([history] * 3, {"training": 0.93, "validation": 0.951})


def test_the_sheet_has_the_colours_of_figures_in_light_and_others_in_dark():
    light, dark = (
        dict(
            re.findall(r"--p-(\w+): ([^;]+);", SHEET[SHEET.index(f"{begin} {{ --p-ink") :].partition("}")[0])
        )
        for begin in ("\nhtml", 'html[data-theme="dark"]')
    )
    assert light == style.TONES
    assert dark.keys() == light.keys()
    assert all(dark[name] != light[name] for name in light)


def test_every_colour_of_a_figure_is_one_of_the_page():
    for svg in (curves(), recorded(training.confusion(np.eye(4) * 30, ("a", "b", "c", "d")))):
        shown = vector.in_page(svg, "")
        assert "var(--p-blue)" in shown
        assert not re.findall(r"#[0-9a-f]{6}\b", shown)


def test_text_stays_text_in_the_type_of_the_page():
    root = ElementTree.fromstring(vector.in_page(curves(), "Two curves."))
    assert {"epoch", "accuracy (%)", "training"} <= {tag.text for tag in root.iter(f"{SVG}text")}
    assert "var(--pst-font-family-base" in root.get("style")
    styles = [tag.get("style") for tag in root.iter(f"{SVG}text")]
    assert not any("font-family" in each for each in styles)
    sizes = [float(re.search(r"([\d.]+)px", each)[1]) for each in styles]
    width = float(root.get("viewBox").split()[2])
    assert min(sizes) * 340 / width >= 9  # CSS pixels on a screen 390 wide


def test_a_figure_is_described_and_takes_the_width_there_is():
    root = ElementTree.fromstring(vector.in_page(curves(), 'Two "curves" & a band'))
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'Two "curves" & a band'
    assert root.get("width") is None
    assert root.get("height") is None


def test_references_within_stay_and_those_of_two_figures_differ():
    first, second = (
        vector.in_page(each, "") for each in (curves(), recorded(training.confusion(np.eye(2), "ab")))
    )
    for shown in (first, second):
        ids = re.findall(r' id="([^"]+)"', shown)
        assert len(set(ids)) == len(ids)
        assert set(re.findall(r'(?:url\(#|href="#)([^)"]+)', shown)) == set(ids)
    assert not set(re.findall(r' id="([^"]+)"', first)) & set(re.findall(r' id="([^"]+)"', second))


@pytest.mark.slow
def test_long_signals_are_thinned():
    rng = np.random.default_rng(0)
    clips = {
        title: (8000 * rng.normal(size=16_000)).clip(-32_768, 32_767).astype(np.int16) for title in "abcd"
    }
    for draw in (signals.waveforms, signals.spectra):
        assert len(vector.in_page(recorded(draw(clips)), "")) < 200_000


def test_a_recorded_figure_is_the_same_each_time():
    assert recorded(drawn_curves()) == recorded(drawn_curves())
