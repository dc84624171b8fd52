"""Sphinx extension: what scrolls sideways can be reached and scrolled by keyboard, and a screen reader names it."""

import re
from html import escape, unescape
from itertools import count
from typing import Any

from sphinx.application import Sphinx

SCROLLS = re.compile(r'<div class="(table-scroll[^"]*)">(?=(.{0,2000}))', re.DOTALL)
CAPTION = re.compile(r"<caption>(.*?)</caption>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def reachable(body: str) -> str:
    """The page's HTML with every wide table's frame as a region that takes the focus, named by its caption."""

    numbers = count(1)

    def region(match: re.Match[str]) -> str:
        caption = CAPTION.search(match[2])
        label = unescape(TAG.sub("", caption[1])).strip() if caption else f"Wide table {next(numbers)}"
        return f'<div class="{match[1]}" tabindex="0" role="region" aria-label="{escape(label, quote=True)}">'

    return SCROLLS.sub(region, body)


def make_reachable(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    if "body" in context:
        context["body"] = reachable(context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", make_reachable, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
