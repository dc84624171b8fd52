"""Slides of a part: `python book/slides.py 03` writes _build/slides/03_training.html, one file that works from disk.

A slide for each section: its heading, the first paragraph, the explanatory pictures, and the figures and tables that
its cells show, as recorded. Arrow and page keys turn slides; printed, each is a page.
"""

import argparse
import re
import sys
from html import escape
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt

import notebooks
from kwslib.writing import atomic_write

sys.path.insert(0, str(notebooks.ROOT / "book" / "_ext"))
import picture
import vector

PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{sheet}
html {{ scroll-snap-type: y mandatory; font: 1.35rem/1.45 sans-serif; color: var(--p-ink); }}
body {{ margin: 0; }}
section {{ min-height: 100vh; box-sizing: border-box; padding: 3vh 6vw; scroll-snap-align: start; }}
h1, h2 {{ font-size: 2.2rem; margin: 0 0 2vh; }}
section img, :is(.picture, .vector) svg {{ display: block; max-width: 100%; max-height: 72vh; margin: 1rem auto; }}
table {{ border-collapse: collapse; margin: 1rem auto; font-size: 1.05rem; }}
td, th {{ padding: 0.2rem 0.7rem; border-bottom: 1px solid var(--p-faint); text-align: right; }}
figcaption {{ font-size: 1.05rem; text-align: center; }}
@media print {{ section {{ break-after: page; }} }}
</style></head><body>
{slides}
<script>
addEventListener("keydown", (event) => {{
  const keys = {{ ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 }};
  const step = keys[event.key];
  if (!step) return;
  event.preventDefault();
  const slides = [...document.querySelectorAll("section")];
  const at = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > innerHeight / 2);
  slides[Math.min(Math.max(at + step, 0), slides.length - 1)].scrollIntoView();
}});
</script></body></html>
"""


def plain(text: str) -> str:
    """Markdown without what only the book resolves: roles become their text, links to other pages their words."""
    text = re.sub(r"\{cite(?::\w)?\}`[^`]*`", "", text)
    text = re.sub(r"\{doc\}`[^`<]*?/(\w+)`", r"\1", text)
    text = re.sub(r"\{\w+\}`([^`<]*?)\s*(?:<[^>]*>)?`", r"\1", text)
    text = re.sub(r"\[!\[[^\]]*\]\([^)]*\)\]\([^)]*\)", "", text)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def shown(cell: nbformat.NotebookNode) -> list[str]:
    """The figures and tables of a code cell as HTML."""
    parts = []
    figure = cell.metadata.get("mystnb", {})
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/svg+xml" in data or "image/png" in data:
            alt = figure.get("image", {}).get("alt", "")
            caption = escape(figure.get("figure", {}).get("caption", ""))
            if "image/svg+xml" in data:
                drawn = f'<div class="vector">{vector.in_page("".join(data["image/svg+xml"]), alt)}</div>'
            else:
                source = "".join(data["image/png"]).replace("\n", "")
                drawn = f'<img alt="{escape(alt)}" src="data:image/png;base64,{source}">'
            parts.append(f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>")
        elif "<table" in "".join(data.get("text/html", "")):
            parts.append("".join(data["text/html"]))
    return parts


def slides(notebook: nbformat.NotebookNode, recorded: dict[str, float]) -> list[str]:
    """The sections of a notebook as HTML, the first being its title."""
    markdown = MarkdownIt().enable("table")
    sections: list[list[str]] = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            sections[-1] += shown(cell)
            continue
        for part in re.split(r"^(?=##? )", cell.source, flags=re.MULTILINE):
            drawn = [
                picture.drawn(name, recorded)
                for name in re.findall(r"^```\{picture\} (\w+)", part, re.MULTILINE)
            ]
            pictures = [f'<div class="picture">{each.svg()}</div>' for each in drawn]
            if re.match(r"##? ", part):
                text = re.sub(r"^```.*?^```$", "", part, flags=re.DOTALL | re.MULTILINE)
                heading, *paragraphs = [each for each in plain(text).split("\n\n") if each.strip()]
                sections.append([markdown.render("\n\n".join([heading, *paragraphs[:1]]))])
            if sections:
                sections[-1] += pictures
    return ["\n".join(parts) for parts in sections]


def write(name: str, out: Path) -> None:
    """The slides of a notebook, such as 03_training, as one HTML file."""
    notebook = nbformat.read(notebooks.FOLDER / f"{name}.ipynb", as_version=4)
    recorded = picture.values(notebooks.ROOT / "book" / "results")
    sections = "\n".join(f"<section>{slide}</section>" for slide in slides(notebook, recorded))
    title = re.search(r"^# (.+)", notebook.cells[0].source, re.MULTILINE)
    sheet = (notebooks.ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as temporary:
        text = PAGE.format(title=escape(title[1] if title else name), sheet=sheet, slides=sections)
        Path(temporary).write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", help="a notebook, such as 03")
    options = parser.parse_args()
    chosen = [name for name in notebooks.names() if name.startswith(options.part)]
    if not options.part or len(chosen) != 1:
        sys.exit(f"{options.part!r} names {len(chosen)} notebooks: there are {', '.join(notebooks.names())}")
    out = notebooks.ROOT / "_build" / "slides" / f"{chosen[0]}.html"
    write(chosen[0], out)
    print(out.as_uri())


if __name__ == "__main__":
    main()
