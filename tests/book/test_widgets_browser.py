"""Figures that a reader changes, in Chromium, from disk: by keyboard; and the still picture where scripts are off."""

from pathlib import Path

import browser
import pytest
import widget
from repository import REPOSITORY

pytestmark = pytest.mark.slow
NAMES = ("bits", "trade_off", "threshold")


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The three in one page."""
    if browser.chromium() is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    results, static = REPOSITORY / "book" / "results", REPOSITORY / "book" / "_static"
    shown = "".join(widget.in_page(name, widget.load_widget(name, results)) for name in NAMES)
    drawn = (
        '<figure><div class="vector"><svg class="drawn" viewBox="0 0 9 9"><text>x</text></svg></div></figure>'
    )
    file = tmp_path_factory.mktemp("widgets") / "page.html"
    head = f'<!doctype html><meta charset="utf-8"><style>{(static / "book.css").read_text(encoding="utf-8")}</style>'
    last = f"<script>{(static / 'figures.js').read_text(encoding='utf-8')}</script>"
    file.write_text(f"{head}<article>{shown}{drawn}</article>{last}", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as started:
        yield started


def opened(chromium, page, **options):
    tab = chromium.new_context(**options).new_page()
    tab.set_default_timeout(120_000)
    tab.faults = []
    tab.on("pageerror", lambda error: tab.faults.append(str(error)))
    tab.goto(page.as_uri())
    return tab


def test_everything_is_reached_by_keyboard(chromium, page):
    tab = opened(chromium, page)
    said = "#widget-{} .widget-said"
    tab.focus("#widget-bits [name=bits]")
    tab.keyboard.press("ArrowLeft")
    assert tab.inner_text(said.format("bits")).startswith("2 bits: 4 values")
    tab.focus("#widget-threshold [name=threshold]")
    before = tab.inner_text(said.format("threshold"))
    tab.keyboard.press("Home")
    assert tab.inner_text(said.format("threshold")).startswith("Threshold 0.300.")
    assert before != tab.inner_text(said.format("threshold"))
    tab.focus("#widget-trade_off [name=name]")
    tab.keyboard.type("ternary")
    assert "networks are shown" in tab.inner_text(said.format("trade_off"))
    tab.keyboard.press("Tab")  # to the first point
    first = tab.inner_text(said.format("trade_off"))
    assert "ternary" in first
    tab.keyboard.press("ArrowRight")
    assert tab.inner_text(said.format("trade_off")) != first
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == tab.inner_text(
        said.format("trade_off")
    )
    assert not tab.faults


def test_a_figure_opens_large_and_gives_the_focus_back(chromium, page):
    tab = opened(chromium, page)
    tab.focus("figure button.enlarge")
    tab.keyboard.press("Enter")
    assert tab.locator("dialog[open] svg.drawn").count() == 1
    tab.keyboard.press("Escape")
    tab.wait_for_selector("dialog", state="detached")
    assert tab.evaluate("document.activeElement.className") == "enlarge"


def test_without_scripts_the_still_picture_stays(chromium, page):
    tab = opened(chromium, page, java_script_enabled=False)
    for name in NAMES:
        assert not tab.is_visible(f"#widget-{name} .widget-controls")
        assert tab.is_visible(f"#widget-{name} svg")
        assert tab.locator(f"#widget-{name} .still > *").count() > 0
        assert tab.inner_text(f"#widget-{name} .widget-said")


def test_a_dark_page_is_printed_as_a_light_one(chromium, tmp_path):
    script = (REPOSITORY / "book" / "_static" / "print.js").read_text(encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text(f'<!doctype html><html data-theme="dark"><script>{script}</script>', encoding="utf-8")
    tab = opened(chromium, page)
    shown = "document.documentElement.dataset.theme"
    tab.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {shown}; }})")
    tab.pdf()
    assert [tab.evaluate("window.printed"), tab.evaluate(shown)] == ["light", "dark"]
