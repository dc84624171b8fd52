"""The rendered pages in a real browser: nothing missing, nothing too wide, nothing too pale, and a search that finds.

Headless Chromium through Playwright, at 1,280 pixels in the light and at 390 in the dark.
"""

import functools
import http.server
import os
import threading
from pathlib import Path

import browser
import build
import pytest
from book_pages import PAGES, copy_of_the_book

pytestmark = pytest.mark.slow

LOOKS = {"desk": (1280, 900, "light"), "phone": (390, 844, "dark")}
BROKEN_IMAGES = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
NO_ALT = "[...document.querySelectorAll('article img')].filter(i => !i.alt.trim()).map(i => i.src)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DEAD_ANCHORS = """[...document.querySelectorAll('article a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
    .filter(id => id && !document.getElementById(decodeURIComponent(id)))"""
# Text whose contrast to what is behind it is below 4.5 (3 for large text): WCAG 2.1, 1.4.3
PALE = r"""() => {
  const parse = text => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.9) return colour;
    }
    return [255, 255, 255];
  };
  const pale = new Map(), walker = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (!node.data.trim() || element.closest('script, style, mjx-container, .headerlink') || !box.width
        || style.visibility === 'hidden' || style.opacity === '0') continue;
    const [a, b] = [light(parse(style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.6 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5))
      pale.set(`${element.tagName}.${element.className} ${style.color}`,
        `${ratio.toFixed(1)} "${node.data.trim().slice(0, 30)}"`);
  }
  return [...pale].map(([what, how]) => `${what}: ${how}`);
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the rendered book is served; $KWS_BOOK names one that is there already."""
    if browser.chromium() is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    built = os.environ.get("KWS_BOOK")
    book = Path(built) if built else build.render(copy_of_the_book(tmp_path_factory.mktemp("book"))).parent
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(book)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as started:
        yield started


@pytest.fixture(params=LOOKS)
def tab(request, address, chromium):
    width, height, scheme = LOOKS[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.faults = []
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("requestfailed", lambda request: page.faults.append(f"not loaded: {request.url}"))
    page.on("response", lambda answer: page.faults.append(answer.url) if answer.status >= 400 else None)
    yield page
    context.close()


def test_every_page_is_whole_legible_and_no_wider_than_the_screen(tab, address):
    found = {}
    for name in PAGES:
        tab.goto(f"{address}/{name}.html", wait_until="load")
        tab.wait_for_function(
            "!window.MathJax || !window.MathJax.startup || document.readyState === 'complete'"
        )
        faults = [*tab.faults, *tab.evaluate(BROKEN_IMAGES)]
        faults += [f"no alternative text: {image}" for image in tab.evaluate(NO_ALT)]
        faults += [f"#{anchor} leads nowhere" for anchor in tab.evaluate(DEAD_ANCHORS)]
        faults += [f"too pale: {what}" for what in tab.evaluate(PALE)]
        if (wider := tab.evaluate(OVERFLOW)) > 0:
            faults.append(f"{wider} pixels wider than the screen")
        if faults:
            found[name] = faults
        tab.faults.clear()
    assert not found, "\n".join(f"{page}: {fault}" for page, faults in found.items() for fault in faults)


def test_the_search_finds_pages(tab, address):
    tab.goto(f"{address}/search.html?q=straight-through", wait_until="load")
    tab.wait_for_selector("#search-results li a")
    assert "05_quantization" in tab.eval_on_selector_all(
        "#search-results li a", "all => all.map(a => a.href).join()"
    )
    assert not tab.faults
