"""The book as one file, printed from the pages that all tests of the book share.

Chromium starts once more here, so not beside the pages' tests, whose browser stays open.
"""

import re
from collections import Counter

import browser
import build
import pytest
from bs4 import BeautifulSoup

pytestmark = pytest.mark.slow


def test_the_pdf_holds_the_whole_book_with_the_same_numbers(book):
    if browser.chromium() is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    source = book.parent.parent
    printed = build.print_book(source, read=True).read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 30
    whole = BeautifulSoup((source / "_build" / "singlehtml" / "index.html").read_text(), "html.parser")
    numbers = Counter(tag.text for tag in whole.select(".recorded"))
    wanted = re.findall(
        r"\{recorded\}`([\w/]+)`", "".join(p.read_text() for p in (source / "book").glob("*.md"))
    )
    assert sum(numbers.values()) >= len(wanted)
    for title in ("Part 1", "Part 6", "Methods", "References"):
        assert any(title in heading.text for heading in whole.select("h1, h2"))
    assert "The spotter runs in the book’s pages for a browser." in whole.text
    assert not whole.select(".picture form, .picture script")
    missing = [
        image["src"]
        for image in whole.select("img")
        if not (source / "_build" / "singlehtml" / image["src"]).exists()
    ]
    assert not missing
