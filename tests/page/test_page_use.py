"""How the spotter's page is used: own recordings, keys alone, less motion, small screens, light and dark."""

import zipfile

import pytest
from web_pages import OVERFLOW, PALE

from kwslib.field.recordings import read_recordings

NAMELESS = """[...document.querySelectorAll('.kws :is(button, select, input)')]
    .filter(e => !e.labels?.length && !e.textContent.trim()).map(e => e.id)"""
COUNTED = """const clear = CanvasRenderingContext2D.prototype.clearRect;
window.drawn = 0;
CanvasRenderingContext2D.prototype.clearRect = function (...at) { window.drawn++; return clear.apply(this, at); }"""


def test_own_recordings_are_counted_and_taken_away(tab, address, tmp_path):
    page = tab(address)
    for number, label in enumerate(("nothing", "another", "yes$", "no$", "yes$"), start=1):
        page.click(f"#kws-say button:text-matches('^{label}')")
        page.wait_for_function(
            f"document.querySelector('#kws-confusion caption').textContent.includes('of {number} right')"
        )
    rows = page.evaluate(
        "[...document.querySelectorAll('#kws-confusion tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    )
    assert [(row[0], sum(map(int, row[1:]))) for row in rows] == [
        ("silence", 1),
        ("unknown", 1),
        ("yes", 2),
        ("no", 1),
    ]
    page.fill("#kws-speaker", "ada")
    with page.expect_download() as download:
        page.click("#kws-save")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    found, refused = read_recordings(tmp_path, ("silence", "unknown", "yes", "no"))
    assert not refused
    assert sorted(str(one.path.relative_to(tmp_path)) for one in found) == sorted(
        [
            "silence/ada_nohash_0.wav",
            "unknown/ada_nohash_0.wav",
            "yes/ada_nohash_0.wav",
            "yes/ada_nohash_1.wav",
            "no/ada_nohash_0.wav",
        ]
    )
    assert {len(one.samples) for one in found} == {32_000}


def test_keys_alone_work_it(tab, address):
    page = tab(address)
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    wanted = {"microphone", "network", "processed", "threshold", "smoothing", "file", "log", "speaker"}
    assert {f"kws-{name}" for name in wanted} <= set(seen)
    assert page.evaluate(NAMELESS) == []
    page.focus("#kws-microphone")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#kws-word[aria-live]').textContent === 'yes'")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_pictures_move_seldom_where_that_is_wished(tab, address, motion):
    page = tab(address, before=COUNTED, reduced_motion=motion)
    page.click("#kws-microphone")
    page.wait_for_function("kws.hops.length")
    page.evaluate("window.drawn = 0; window.since = performance.now()")
    page.wait_for_function("performance.now() - window.since > 1500")
    drawn, seconds = page.evaluate("[window.drawn / 3, (performance.now() - window.since) / 1000]")
    assert 0 < drawn <= 2 * seconds + 1 if motion == "reduce" else drawn > 2 * seconds + 1


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_is_legible_and_no_wider_than_the_screen(tab, address, width, scheme):
    page = tab(address, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.click("#kws-microphone")
    page.wait_for_function("kws.reports.length")
    assert page.evaluate(PALE.replace("'article'", "'main'")) == []
    assert page.evaluate(OVERFLOW) <= 0


def test_the_page_is_small(site):
    assert (site / "page.html").stat().st_size < 250_000
