"""The pages in a real browser: headless Chromium through Playwright, for the PDF and for the tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--allow-file-access-from-files")


def chromium() -> str | None:
    """Path of an installed Chromium: `$CHROMIUM`, else from the search path; None where there is none."""
    found = (shutil.which(name) for name in NAMES)
    return os.environ.get("CHROMIUM") or next((path for path in found if path), None)


@contextmanager
def browser(*more: str) -> Iterator[Any]:
    """A running Chromium, with `more` of its options. Raises RuntimeError where none is installed."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        raise RuntimeError(
            "no Chromium here: install it (apt-get install chromium), or set CHROMIUM to its path"
        )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *more])
        yield started
        started.close()


def print_pdf(page: Path, pdf: Path) -> None:
    """Print an HTML page, as it is for a light screen, on A4 with page numbers."""
    footer = '<div style="font-size:8px;width:100%;text-align:center"><span class="pageNumber"></span></div>'
    with browser() as started:
        tab = started.new_page(color_scheme="light")
        tab.goto(page.as_uri(), wait_until="load", timeout=300_000)
        tab.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
        tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        tab.pdf(
            path=str(pdf),
            format="A4",
            print_background=True,
            scale=0.72,  # the widest tables fit
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=footer,
            margin={"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
        )
