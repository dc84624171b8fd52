"""The book's pages, and a copy of what they are rendered from."""

import shutil
from io import StringIO
from pathlib import Path

import yaml
from bs4 import BeautifulSoup
from repository import REPOSITORY

PAGES = [
    chapter["file"]
    for part in yaml.safe_load((REPOSITORY / "book" / "_toc.yml").read_text())["parts"]
    for chapter in part["chapters"]
] + ["book/intro"]


def copy_of_the_book(folder: Path) -> Path:
    """What the book is rendered from: its prose, its recorded values, its notebooks."""
    shutil.copytree(
        REPOSITORY / "book", folder / "book", ignore=shutil.ignore_patterns("models", "__pycache__")
    )
    shutil.copytree(
        REPOSITORY / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*", "*.failed.*")
    )
    shutil.copy(REPOSITORY / "_config.yml", folder)
    return folder


def render_page(
    folder: Path, text: str, extensions: list[str], strict: bool = False, **configuration: object
) -> BeautifulSoup:
    """The page of this MyST text, rendered in `folder` with these extensions of the book; `strict`: a warning raises.

    Nothing of it stays behind: docutils' nodes and roles are the process's, and a second Sphinx warns of the first's.
    """
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    (folder / "index.md").write_text(text, encoding="utf-8")
    out, trees = folder / "out", folder / "trees"
    configuration = {"extensions": ["myst_parser", *extensions], **configuration}
    with docutils_namespace():
        app = Sphinx(
            folder,
            None,
            out,
            trees,
            "html",
            configuration,
            status=None,
            warning=StringIO(),
            warningiserror=strict,
        )
        app.build()
    return BeautifulSoup((out / "index.html").read_text(encoding="utf-8"), "html.parser")
