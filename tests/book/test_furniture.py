"""What stands around the text: foot, head, sidebar, regions that scroll, formulas, and what the search knows."""

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import build
import finding
import formulas
import gallery
import page_foot
import page_head
import pytest
import recorded
import regions
import sidebar
import tables
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_doctree

import benchmarks

PART = {"commit": "0123456789abcdef", "data": {"content_hash": "fedcba9876543210"}}
OTHER = {"commit": "aaaaaaaabbbb", "data": {"content_hash": "fedcba9876543210"}}


def test_the_foot_names_the_recording_of_the_page():
    parts = {"03_training": PART, "04_deployment": OTHER}
    assert page_foot.recording(parts, "notebooks/03_training") == (
        "numbers recorded at commit 01234567 from data fedcba98"
    )
    assert page_foot.recording(parts, "book/intro") == (
        "numbers recorded at commit 01234567, aaaaaaaa from data fedcba98"
    )
    assert page_foot.recording({}, "book/intro") == "no recorded numbers"


def test_a_description_is_whole_sentences_of_the_first_paragraph():
    sentence = "A keyword spotter listens all day for a few words and does nothing else. "
    doctree = publish_doctree(
        f"Title\n=====\n\n{sentence}It is small. {'More words follow here. ' * 9}\n\nOther\n====="
    )
    found = page_head.description(doctree)
    assert found.startswith(f"{sentence}It is small.")
    assert found.endswith(".")
    assert len(found) <= page_head.LONGEST


def test_the_sidebar_lists_the_sections_of_the_open_page_alone():
    navigation = BeautifulSoup(
        '<ul><li class="current active"><a class="current" href="#">Part 1</a></li>'
        '<li><a href="b">Part 2</a></li></ul>',
        "html.parser",
    )
    deep = '<ul><li><a href="#d">Deep</a></li></ul>'
    contents = f'<ul><li><a href="#">Part 1</a><ul><li><a href="#s">Sound</a>{deep}</li></ul></li></ul>'
    sections = sidebar.with_sections(navigation, contents).select("li.active .page-sections a")
    assert [(link.text, link["href"]) for link in sections] == [("Sound", "#s")]


def test_a_toggle_of_the_sidebar_says_whose_pages_it_shows():
    navigation = BeautifulSoup(
        '<li><a href="r">Reference</a><details><summary><span></span></summary><ul></ul></details></li>',
        "html.parser",
    )
    assert sidebar.with_named_toggles(navigation).summary["aria-label"] == "Pages of Reference"


def test_a_wide_table_takes_the_focus_and_has_its_captions_name():
    caption = "<caption>Bytes &amp; <em>times</em></caption>"
    body = f'<div class="table-scroll docutils container"><table>{caption}</table></div>'
    frame = BeautifulSoup(regions.reachable(body), "html.parser").div
    assert (frame["tabindex"], frame["role"], frame["aria-label"]) == ("0", "region", "Bytes & times")
    two = regions.reachable(2 * '<div class="table-scroll"><table></table></div>')
    assert 'aria-label="Wide table 1"' in two
    assert 'aria-label="Wide table 2"' in two


def test_an_interval_and_a_short_entry_stay_on_one_line():
    row = "<tr><th>two words</th><td>94.7 (94.4 to 95.0)</td><td>8 × 25 × 20</td><td>not told apart, once</td></tr>"
    th, *cells = (
        cell.text for cell in BeautifulSoup(tables.kept_together(row), "html.parser").find_all(["th", "td"])
    )
    assert th == "two words"
    name = tables.kept_together("<td>yes/c7dc7278_nohash_4.wav</td>")
    assert name == "<td>yes/<wbr>c7dc7278<wbr>_nohash_4.wav</td>"
    assert cells == ["94.7 (94.4\xa0to\xa095.0)", "8\xa0×\xa025\xa0×\xa020", "not told apart, once"]


def test_a_table_says_whether_it_has_many_columns_and_whether_its_rows_have_long_names():
    def classes(columns, *names):
        head = "<tr><th></th>" + columns * "<th>x</th>" + "</tr>"
        rows = "".join(f"<tr>\n  <th>{name}</th>\n  <td>a long text in a cell</td></tr>" for name in names)
        text = (
            f'<div class="table-scroll"><table><caption>C.</caption><thead>{head}</thead>{rows}</table></div>'
        )
        doctree = nodes.container("", nodes.raw("", text, format="html"))
        tables.number_tables(
            SimpleNamespace(env=SimpleNamespace(docname="notebooks/05_quantization")), doctree
        )
        return BeautifulSoup(doctree.astext(), "html.parser").figure["class"]

    assert classes(3, "yes", "no") == ["numbered-table"]
    assert classes(3, "yes", "without the microphone") == ["numbered-table", "long-names"]
    assert classes(9, "yes") == ["numbered-table", "many-columns"]


def test_measures_of_several_cases_are_a_matrix():
    rows = [(f"{case}: {what}", f"{case}{what}") for case in "ab" for what in "xyz"]
    assert benchmarks.crossed(rows) == [
        ("", "a", "b"),
        ("x", "ax", "bx"),
        ("y", "ay", "by"),
        ("z", "az", "bz"),
    ]
    many = [(f"{case}: {what}", f"{case}{what}") for case in "abc" for what in "xy"]
    assert benchmarks.crossed(many) == [
        ("", "x", "y"),
        ("a", "ax", "ay"),
        ("b", "bx", "by"),
        ("c", "cx", "cy"),
    ]
    assert benchmarks.crossed(rows[:-1]) == []
    assert benchmarks.crossed(rows[:3]) == []
    assert benchmarks.crossed([("alone", "1"), ("again", "2")]) == []


def test_a_plus_or_minus_has_space_around_it():
    assert "<mo>&#x000B1;</mo>" in formulas.mathml(r"\bar a \pm t")


def test_the_first_page_leads_to_the_same_places_from_one_folder_up():
    page = (
        '<html data-content_root="../"><a href="methods.html#seeds">M</a><a href="../notebooks/01.html">1</a>'
        '<a href="#top">T</a><a href="https://example.org/">E</a><img src="data:image/png;base64,AA=="/></html>'
    )
    moved = build.at_the_top(page)
    for expected in (
        '="./"',
        '"book/methods.html#seeds"',
        '"notebooks/01.html"',
        '"#top"',
        '"https://example.org/"',
    ):
        assert expected in moved
    assert '"data:image/png;base64,AA=="' in moved


@pytest.mark.parametrize(
    ("text", "words"),
    [("Quantization of a quantized net", ["quantisation", "quantised"]), ("the size of a prize", [])],
)
def test_words_are_found_by_their_british_spelling(text, words):
    assert finding.british(text) == words


def test_a_small_picture_keeps_the_ends_and_the_extremes_of_a_line():
    points = [(x / 10, 50 + 40 * (x == 333)) for x in range(1000)]
    line = " ".join(f"{'L' if x else 'M'} {x} {y}" for x, y in points)
    kept = [tuple(map(float, found)) for found in re.findall(r"([\d.]+) ([\d.]+)", gallery.thinned(line))]
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert points[333] in kept
    assert len(kept) < 200


def test_a_small_picture_looks_as_the_drawing_does():
    style = "stroke: var(--p-blue)"
    drawing = (
        '<svg class="drawn" viewBox="0 0 9 9"><g><g><path id="f0-a" d="M 0 0 L 1 1" style="'
        f'{style}"/></g></g><use xlink:href="#f0-a" style="{style}"/></svg>'
    )
    css = "html { --p-blue: #00f; }"
    small = ElementTree.fromstring(gallery.alone(gallery.lighter(drawing), "light", css))
    path, use = list(small)[1:]
    assert use.get("href") == f"#{path.get('id')}"
    assert path.get("class") == use.get("class")
    assert f".{path.get('class')} {{ {style} }}" in small[0].text
    assert "--p-blue: #00f" in small[0].text


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.8695, "ms", "0.87 ms"),
        (1.287, "points", "1.3 points"),
        (0.94934, "fraction", "94.9 %"),
        (16652, "", "16,652"),
    ],
)
def test_a_value_in_prose_has_no_digits_that_its_error_hides(value, unit, shown):
    assert recorded.in_prose(value, unit) == shown
