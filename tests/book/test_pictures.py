"""Explanatory pictures: every one is drawn, described, inside its frame, legible, and true to the code it explains."""

import re
from xml.etree import ElementTree

import picture
import pytest
from repository import REPOSITORY

FOLDER = REPOSITORY / "book" / "_ext" / "pictures"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", "drawing"))
RECORDED = picture.values(REPOSITORY / "book" / "results")
PAGES = [
    *REPOSITORY.glob("book/**/*.md"),
    *REPOSITORY.glob("notebooks/*.py"),
]


def texts(name: str) -> list[str]:
    root = ElementTree.fromstring(picture.drawn(name, RECORDED).svg())
    return [tag.text or "" for tag in root if tag.tag.endswith("text")]


@pytest.mark.parametrize("name", NAMES)
def test_everything_lies_inside_the_frame(name):
    drawing = picture.drawn(name, RECORDED)
    for tag in ElementTree.fromstring(drawing.svg()):
        kind = tag.tag.rpartition("}")[2]
        if kind == "text":
            x, y, size = (float(tag.get(key)) for key in ("x", "y", "font-size"))
            wide = 0.56 * size * len(tag.text)  # of a common sans serif
            left = {"start": x, "middle": x - wide / 2, "end": x - wide}[tag.get("text-anchor")]
            assert left >= -1, tag.text
            assert left + wide <= drawing.width + 1, tag.text
            assert size <= y <= drawing.height, tag.text
        if kind == "rect":
            x, y, wide, tall = (float(tag.get(key)) for key in ("x", "y", "width", "height"))
            assert min(x, y) >= 0
            assert x + wide <= drawing.width
            assert y + tall <= drawing.height
        if kind in ("polyline", "polygon"):
            for x, y in (map(float, point.split(",")) for point in tag.get("points").split()):
                assert 0 <= x <= drawing.width
                assert 0 <= y <= drawing.height


@pytest.mark.parametrize("name", NAMES)
def test_type_is_legible_on_a_phone(name):
    drawing = picture.drawn(name, RECORDED)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', drawing.svg())]
    assert min(sizes) * 340 / drawing.width >= 9  # CSS pixels on a screen 390 wide
    assert len(drawing.alt) > 40


@pytest.mark.parametrize("name", NAMES)
def test_missing_values_leave_a_picture(name):
    assert picture.drawn(name, {}).svg().startswith("<svg")


def test_every_tone_has_a_colour_in_light_and_in_dark():
    sheet = (REPOSITORY / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    for tone in picture.importlib.import_module("pictures.drawing").TONES:
        assert sheet.count(f"--p-{tone}: #") == 2
        for kind in "fso":
            assert f".{kind}-{tone} " in sheet


def test_pages_show_only_pictures_that_exist():
    shown = {
        name for page in PAGES for name in re.findall(r"\{picture\} (\w+)", page.read_text(encoding="utf-8"))
    }
    assert shown
    assert shown <= set(NAMES)


def test_an_unknown_picture_is_an_error():
    with pytest.raises(LookupError, match="no picture 'pipelines'"):
        picture.drawn("pipelines", {})


def test_the_chain_shows_recorded_times():
    values = {
        f"04_deployment/board_ms_{stage}": ms for stage, ms in (("frontend_frame", 1.25), ("network", 9.5))
    }
    shown = [tag.text for tag in ElementTree.fromstring(picture.drawn("pipeline", values).svg())]
    assert "9.5 ms for both layers" in shown
    assert "1.2 ms a frame" in shown


def test_the_hop_sleeps_for_the_rest_of_its_time():
    values = dict.fromkeys(
        (f"04_deployment/board_ms_{s}" for s in ("frontend_frame", "network", "decision")), 2.5
    )
    shown = [tag.text for tag in ElementTree.fromstring(picture.drawn("hop", values).svg())]
    assert "sleep, 75 % of the time" in shown


def test_sparse_formats_hold_the_same_row():
    shown = texts("sparse_formats")
    assert "00101001" in shown
    assert [text for text in shown if text.endswith(" bytes")] == ["8 bytes", "9 bytes", "4 bytes", "6 bytes"]


def test_number_lines_are_those_of_the_quantizer():
    assert {"scale 0.50, zero point 0", "scale 0.30, zero point 2"} <= set(texts("number_lines"))


def test_a_trial_passes_five_stages_from_the_files_that_the_page_plays():
    shown = texts("trial")
    assert [text for text in shown if text[:2] in ("1.", "2.", "3.", "4.", "5.")] == [
        "1. The clip as recorded",
        "2. In the room",
        "3. With background, at the microphone’s place",
        "4. As the microphone delivers it",
        "5. The front end’s features",
    ]


def test_the_decision_reports_the_word_of_the_trial_once():
    shown = texts("decision")
    assert shown.count("reported, then suppressed") == 1
    assert "posterior of “yes”, single" in shown


def test_first_echoes_bounce_off_a_wall_each():
    room = picture.importlib.import_module("pictures.room")
    bounces = [room._bounce(image) for image, order in room.images() if order == 1]
    wide, deep = room.SIZE
    touched = [(x == 0, x == wide, y == 0, y == deep) for x, y in bounces]
    assert sorted(touched) == sorted(tuple(i == j for i in range(4)) for j in range(4))
    for image, order in room.images():
        assert order or image == room.MOUTH
