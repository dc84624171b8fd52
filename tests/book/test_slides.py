"""Slides: one for each section, with every figure and picture of the part, in one file that fetches nothing."""

import re

import nbformat
import pytest
import slides
from bs4 import BeautifulSoup

import notebooks


@pytest.fixture(scope="module", params=["02_size_estimation", "03_training"])
def made(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("slides") / "part.html"
    slides.write(request.param, out)
    notebook = nbformat.read(notebooks.FOLDER / f"{request.param}.ipynb", as_version=4)
    return notebook, BeautifulSoup(out.read_text(encoding="utf-8"), "html.parser")


def test_every_section_has_its_slide(made):
    notebook, page = made
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(
        r"^##? (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    assert [section.find(["h1", "h2"]).text for section in page.select("section")] == headings


def test_every_figure_is_there_with_caption_and_description(made):
    notebook, page = made
    wanted = [
        cell.metadata["mystnb"]["image"]["alt"]
        for cell in notebook.cells
        if "image" in cell.metadata.get("mystnb", {}) and cell.outputs
    ]
    drawn = page.select("img, .vector svg")
    assert [image.get("alt") or image["aria-label"] for image in drawn] == wanted
    assert all(caption.text for caption in page.select("figcaption"))
    assert page.select(".picture svg")


def test_no_markup_of_the_book_is_left_and_nothing_is_fetched(made):
    _, page = made
    assert not re.search(r"\{\w+\}`|```", page.text)
    assert not page.select('link, [src^="http"], script[src]')


def test_an_unknown_part_is_named(monkeypatch):
    monkeypatch.setattr("sys.argv", ["slides.py", "9"])
    with pytest.raises(SystemExit, match="'9' names 0 notebooks"):
        slides.main()
