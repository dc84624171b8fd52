"""Sphinx extension: figures that kwslib drew stand in the page as SVG, their colours the reader's theme's.

A figure is recorded in the colours of kwslib.record.style.TONES. In the page each becomes the variable of that name in
book.css, which has a light and a dark value; type is the page's. Pictures that are no SVG stay as they are. The script
figures.js lets a reader enlarge a figure.
"""

import hashlib
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from kwslib.record.style import TONES

COORDINATES = re.compile(r' (?:d|x|y|points)="[^"]*"')  # of paths and marks, in points
PRIORITY = 100  # before Sphinx collects the files of images
SCALE = 1.45  # of the drawn size, on a wide page


def in_page(svg: str, alt: str) -> str:
    """A recorded SVG as an element of a page, described by `alt`."""
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    shade = {value: f"var(--p-{name})" for name, value in TONES.items()}
    svg = re.sub(r"#[0-9a-f]{6}\b", lambda found: shade.get(found[0], found[0]), svg)
    svg = re.sub(r" ?font-family: [^;\"]*;?", "", svg)
    own = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda found: f' id="{own}-{found[1]}"' if found[1] in used else "", svg)
    svg = re.sub(r"(url\(#|href=\"#)", rf"\1{own}-", svg)
    svg = COORDINATES.sub(lambda found: re.sub(r"-?\d+\.\d+", _hundredths, found[0]), svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    width = float(re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+)', svg)[1])  # type: ignore[index]
    look = f"max-width: {SCALE * width:.0f}px; font-family: var(--pst-font-family-base, sans-serif)"
    head = f'<svg class="drawn" role="img" aria-label="{escape(alt)}" style="{look}" '
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    return svg.replace("<svg ", head, 1).strip()


def _hundredths(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def inline(app: Sphinx, doctree: nodes.document) -> None:
    """Put the text of each SVG where the page shows its file."""
    for image in list(doctree.findall(nodes.image)):
        uri = image["uri"]
        if not uri.endswith(".svg") or "://" in uri or image.parent.tagname == "reference":  # a badge
            continue
        path = Path(app.env.relfn2path(uri, app.env.docname)[1])
        text = path.read_text(encoding="utf-8")
        if "matplotlib" not in text:
            continue
        app.env.note_dependency(str(path))
        drawn = nodes.raw("", in_page(text, image.get("alt", "")), format="html")
        image.replace_self(nodes.container("", drawn, classes=["vector"]))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", inline, priority=PRIORITY)
    app.add_js_file("figures.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
