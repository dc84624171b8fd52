"""The rendered book."""

from pathlib import Path

import build
import pytest
from book_pages import copy_of_the_book
from shared_work import made_once


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the rendered pages; rendering fails on any warning, unresolved reference or broken cell."""
    return made_once(tmp_path_factory, "book", lambda folder: build.render(copy_of_the_book(folder)).parent)
