"""The book's pages, and a copy of what they are rendered from."""

import shutil
from pathlib import Path

import yaml
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
