"""Sphinx extension: a gallery of every figure of the book, a small picture with its caption, linked to its place.

    {figures}

A small picture is a file beside the pages, in a light and a dark variant, that is loaded when it comes into sight.
"""

import base64
import io
import itertools
import re
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = "_images/gallery"
PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
SIDE = 100  # pixels, of the longer side of an image within a small picture
LINE = re.compile(r'(?<= d=")(M [^"A-KN-Za-y]+?)(\s*z?\s*)(?=")')  # a path of straight lines
IDLE = re.compile(r' transform="rotate\(-?0 [^"]*"|(?<=[>\n])\n')
GROUP = re.compile(r"<g>((?:(?!</?g\b).)*)</g>", re.DOTALL)  # one that changes nothing
LOOK = re.compile(r' style="([^"]*)"')
REFERENCE = re.compile(r'((?: id="|href="#|url\(#))([^")]+)')
DECIMALS = re.compile(r'(?<= [xy]=")-?\d+\.\d+(?=")')
COLUMN = 2.0  # units of a drawing, about a pixel of a small picture
VARIANTS = {"light": "html {", "dark": 'html[data-theme="dark"] {'}  # to the rule of its colours in book.css
STYLE_SHEET = Path(__file__).parents[1] / "_static" / "book.css"


def alone(svg: str, variant: str, style_sheet: str) -> str:
    """A drawing of a page as a file that can be shown by itself, in the colours of a variant of the style sheet."""
    colours = next(line for line in style_sheet.splitlines() if line.startswith(f"{VARIANTS[variant]} --p-"))
    head, inside = re.match(r"(<svg[^>]*>)(.*)", svg, re.DOTALL).groups()  # type: ignore[union-attr]
    head = re.sub(r' (?:class|role|aria-label|style|xmlns)="[^"]*"', "", head)
    head = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"')
    looks: dict[str, str] = {}  # each once, under a short name
    inside = LOOK.sub(lambda found: f' class="{looks.setdefault(found[1], f"l{len(looks)}")}"', inside)
    rules = [
        f":root {colours[colours.index('{') :]}",
        *(f".{name} {{ {look} }}" for look, name in looks.items()),
    ]
    return f"{head}<style>{' '.join(rules)}</style>{inside}"


def lighter(svg: str) -> str:
    """A drawing with no more detail than a small picture shows: its images small, its lines without what overlaps."""
    svg = LINE.sub(
        lambda found: thinned(found[1]) + found[2].strip(), PNG.sub(lambda found: small_image(found[1]), svg)
    )
    names = {name: f"n{number}" for number, name in enumerate(re.findall(r' id="([^"]+)"', svg))}
    svg = REFERENCE.sub(lambda found: found[1] + names.get(found[2], found[2]), svg).replace(
        "xlink:href", "href"
    )
    svg = DECIMALS.sub(lambda found: f"{float(found[0]):.1f}", IDLE.sub("", svg))
    while (fewer := GROUP.sub(r"\1", svg)) != svg:
        svg = fewer
    return svg


def small_image(png: str) -> str:
    """The address of an image in base64, made small."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        image.thumbnail((SIDE, SIDE))
        file = io.BytesIO()
        image.save(file, format="webp", quality=50)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def thinned(line: str) -> str:
    """Of neighbours on a line that fall into one column the lowest and the highest, and both ends of the line."""
    points = re.findall(r"([ML]) (\S+) (\S+)", line)
    kept = []
    for _, group in itertools.groupby(points, key=lambda point: (float(point[1]) // COLUMN, point[0])):
        column = list(group)
        heights = [float(y) for _, _, y in column]
        kept += [column[i] for i in sorted({heights.index(min(heights)), heights.index(max(heights))})]
    kept += [] if kept[-1] == points[-1] else [points[-1]]
    return " ".join(
        f"{command if command == 'M' else ''}{float(x):.1f} {float(y):.1f}" for command, x, y in kept
    )


class figure_list(nodes.General, nodes.Element):
    """Stands where the gallery goes, until all pages are known."""


class FigureList(SphinxDirective):
    """{figures}"""

    def run(self) -> list[nodes.Node]:
        return [figure_list()]


def list_figures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the gallery where it was asked for."""
    for place in list(doctree.findall(figure_list)):
        items = nodes.bullet_list(classes=["figure-list"])
        for page, kinds in app.env.toc_fignumbers.items():
            figures = {figure["ids"][0]: figure for figure in app.env.get_doctree(page).findall(nodes.figure)}
            for name, (number,) in kinds.get("figure", {}).items():
                address = f"{app.builder.get_relative_uri(docname, page)}#{name}"
                items += _item(app, docname, figures[name], f"Figure {number}", address)
        place.replace_self(items)


def _item(app: Sphinx, docname: str, figure: nodes.figure, title: str, address: str) -> nodes.list_item:
    caption = figure.next_node(nodes.caption)
    link = nodes.reference("", title, internal=True, refuri=address)
    item = nodes.list_item(
        "", nodes.paragraph("", "", link, nodes.Text(f". {caption.astext() if caption else ''}"))
    )
    drawing = next((raw.astext() for raw in figure.findall(nodes.raw) if "<svg" in raw.astext()), None)
    if drawing is not None and app.builder.name == "html":
        shown = _small(app, docname, figure["ids"][0], title, drawing[drawing.index("<svg") :])
        item.insert(
            0,
            nodes.raw("", f'<a href="{address}" tabindex="-1" aria-hidden="true">{shown}</a>', format="html"),
        )
    return item


def _small(app: Sphinx, docname: str, name: str, title: str, drawing: str) -> str:
    """Write both variants of a small picture; returns the elements that show them."""
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    up = "../" * docname.count("/")
    elements = []
    for variant in VARIANTS:
        file = f"{name}-{variant}.svg"
        content = alone(lighter(drawing), variant, STYLE_SHEET.read_text(encoding="utf-8"))
        (folder / file).write_text(content, encoding="utf-8")
        elements.append(
            f'<img class="only-{variant}" loading="lazy" alt="{title}" src="{up}{FOLDER}/{file}">'
        )
    return "".join(elements)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_node(figure_list)
    app.add_directive("figures", FigureList)
    app.connect("doctree-resolved", list_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
