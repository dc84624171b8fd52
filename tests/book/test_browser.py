"""The rendered pages in a real browser: nothing missing, too wide or too pale, nothing that axe-core objects to, and a
search that finds.

Headless Chromium through Playwright, at 1,280 pixels in the light and at 390 in the dark.
"""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import browser
import pytest
from axe_playwright_python.sync_playwright import Axe
from book_pages import PAGES
from web_pages import OVERFLOW, PALE, served

pytestmark = pytest.mark.slow

LOOKS = {"desk": (1280, 900, "light"), "phone": (390, 844, "dark")}
KINDS = (
    "index",
    "notebooks/02_size_estimation",
    "book/exercises/05",
    "book/glossary",
    "book/figures",
    "book/api/networks",
    "book/try_it",
)
GRAVE = ("serious", "critical")
RULES = {"color-contrast": {"enabled": False}}  # PALE says the same, a hundred times faster
BROKEN_IMAGES = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
NO_ALT = "[...document.querySelectorAll('article img')].filter(i => !i.alt.trim()).map(i => i.src)"
ASTRAY = """[...document.querySelectorAll('article svg')].flatMap(figure => {
    const frame = figure.getBoundingClientRect();
    const texts = [...figure.querySelectorAll('text')].filter(text => text.textContent.trim())
        .map(text => [text.textContent.trim(), text.getBoundingClientRect()]);
    const cut = texts.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1).map(([text]) => `cut off: ${text}`);
    const hidden = texts.flatMap(([text, box], i) => texts.slice(i + 1).filter(([, other]) =>
        Math.min(box.right, other.right) - Math.max(box.left, other.left) > 2
        && Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 4)
        .map(([other]) => `one on the other: ${text}, ${other}`));
    return [...cut, ...hidden];
})"""  # in figures, at a width that shows them as large as they are drawn
HEAVIEST = 1.5e6  # bytes of a page and of all that it loads
EAGER = """[...document.images].filter(image => image.checkVisibility())
    .forEach(image => { image.loading = 'eager'; })"""  # those further down, too
LOADED = "[...document.images].every(image => image.complete || !image.checkVisibility())"
SCROLLING = """[...document.querySelectorAll('.table-scroll')].filter(box => box.scrollWidth > box.clientWidth + 1)
    .map(box => `scrolls: ${box.innerText.slice(0, 60)}`)"""
WRAPPED = """[...document.querySelectorAll('.highlight pre')].filter(code => code.offsetParent).flatMap(code => {
    const style = getComputedStyle(code), ruler = document.createElement('span');
    ruler.textContent = 'x';
    ruler.style.whiteSpace = 'pre';
    code.appendChild(ruler);
    const wide = ruler.getBoundingClientRect().width;
    const lines = code.textContent.split('\\n').filter(line => line.length <= 80);
    ruler.remove();
    const room = code.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return lines.filter(line => line.length * wide > room + 1).map(line => `wraps: ${line}`);
})"""  # of the lines as long as a notebook has them
DEAD_ANCHORS = """[...document.querySelectorAll('article a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
    .filter(id => id && !document.getElementById(decodeURIComponent(id)))"""


@pytest.fixture(scope="module")
def rendered(request):
    """The folder of the rendered book; $KWS_BOOK names one that is there already."""
    if browser.chromium() is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    built = os.environ.get("KWS_BOOK")
    return Path(built) if built else request.getfixturevalue("book")


@pytest.fixture(scope="module")
def address(rendered):
    with served(rendered) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as started:
        yield started


def missing(request):
    """What a page asked for in vain, as a fault; not what the browser drops when it leaves for the next page."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"not loaded: {request.url}, {request.failure}"]


def too_heavy(urls, address, folder):
    """A page that has loaded more bytes than `HEAVIEST`, as a fault with its largest files."""
    files = {folder / unquote(urlsplit(url).path).lstrip("/") for url in urls if url.startswith(address)}
    sizes = {file.name: file.stat().st_size for file in files}
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:10]
    return [f"{sum(sizes.values())} bytes: {largest}"] if sum(sizes.values()) > HEAVIEST else []


@pytest.fixture(params=LOOKS)
def tab(request, address, chromium):
    width, height, scheme = LOOKS[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.faults = []
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("requestfailed", lambda request: page.faults.extend(missing(request)))
    page.on("response", lambda answer: page.faults.append(answer.url) if answer.status >= 400 else None)
    page.loaded = []
    page.on("requestfinished", lambda request: page.loaded.append(request.url))
    yield page
    context.close()


def test_every_page_is_whole_legible_light_and_no_wider_than_the_screen(tab, address, rendered):
    found = {}
    for name in PAGES:
        tab.goto(f"{address}/{name}.html", wait_until="load")
        if desk := tab.viewport_size["width"] > 1000:
            tab.evaluate(EAGER)
            tab.wait_for_function(LOADED)
        faults = [*tab.faults, *tab.evaluate(BROKEN_IMAGES)]
        faults += [f"no alternative text: {image}" for image in tab.evaluate(NO_ALT)]
        faults += [f"#{anchor} leads nowhere" for anchor in tab.evaluate(DEAD_ANCHORS)]
        faults += [f"too pale: {what}" for what in tab.evaluate(PALE)]
        if (wider := tab.evaluate(OVERFLOW)) > 0:
            faults.append(f"{wider} pixels wider than the screen")
        if desk:
            faults += [*tab.evaluate(ASTRAY), *tab.evaluate(SCROLLING), *tab.evaluate(WRAPPED)]
            faults += [] if name.startswith("book/api/") else too_heavy(tab.loaded, address, rendered)
        if faults:
            found[name] = faults
        tab.faults.clear()
        tab.loaded.clear()
    assert not found, "\n".join(f"{page}: {fault}" for page, faults in found.items() for fault in faults)


@pytest.mark.parametrize(
    ("tab", "kind"),
    [*(("desk", kind) for kind in KINDS), ("phone", "index"), ("phone", "book/try_it")],
    indirect=["tab"],
)
def test_no_page_keeps_a_reader_out(tab, address, kind):
    tab.goto(f"{address}/{kind}.html", wait_until="load")
    found = Axe().run(tab, options={"resultTypes": ["violations"], "preload": False, "rules": RULES})
    faults = [
        f"{fault['id']}, {len(fault['nodes'])} times: {fault['nodes'][0]['html'][:200]}"
        for fault in found.response["violations"]
        if fault["impact"] in GRAVE
    ]
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        faults += [f"too pale, {scheme}: {what}" for what in tab.evaluate(PALE)]
    if (wider := tab.evaluate(OVERFLOW)) > 0:
        faults.append(f"{wider} pixels wider than the screen")
    assert not faults, "\n".join(faults)


def test_the_search_finds_pages(tab, address):
    tab.goto(f"{address}/search.html?q=straight-through", wait_until="load")
    tab.wait_for_selector("#search-results li a")
    assert "05_quantization" in tab.eval_on_selector_all(
        "#search-results li a", "all => all.map(a => a.href).join()"
    )
    assert not tab.faults
