"""The rendered book."""

from pathlib import Path

import build
import pytest
from book_pages import copy_of_the_book
from shared_work import made_once


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the rendered pages; rendering fails on any warning, unresolved reference or broken cell.

    A file stands for the printed book, which takes a browser.
    """

    def render(folder: Path) -> Path:
        printed = copy_of_the_book(folder) / build.PDF
        printed.parent.mkdir()
        printed.write_bytes(b"%PDF-")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LOKY_MAX_CPU_COUNT", "2")  # pages are read beside each other, as `make book` does
            return build.render(folder).parent

    return made_once(tmp_path_factory, "book", render)
