"""Sphinx extension: under the page that is open, the sidebar lists its sections, which the theme leaves out.

What folds and unfolds pages there has a name, so that a screen reader says more than that it is a button.
"""

from collections.abc import Callable
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx


def with_sections(navigation: Any, contents: str) -> Any:
    """The sidebar's soup with the sections of `contents` (Sphinx's local contents of a page) under the current page."""
    current = navigation.select("li.current > a.current, li.current > a[href='#']")
    listed = BeautifulSoup(contents, "html.parser").select("ul > li > ul > li")
    sections = [item for item in listed if len(item.find_parents("ul")) == 2]
    if not current or not sections or current[-1].find_next_sibling(("details", "ul")):
        return navigation
    block = navigation.new_tag("ul", attrs={"class": "page-sections"})
    for item in sections:
        for inner in item.find_all("ul"):
            inner.decompose()
        item["class"] = "page-section"
        block.append(item)
    current[-1].insert_after(block)
    return navigation


def with_named_toggles(navigation: Any) -> Any:
    """The sidebar's soup with a name on each toggle: of the page whose pages it shows."""
    for toggle in navigation.select("details > summary"):
        toggle["aria-label"] = f"Pages of {toggle.parent.find_previous_sibling('a').get_text(strip=True)}"
    return navigation


def list_sections(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Let the theme's function for the sidebar list sections too."""
    toctree: Callable[..., Any] | None = context.get("generate_toctree_html")
    if toctree is not None:
        context["generate_toctree_html"] = lambda **how: with_named_toggles(
            with_sections(toctree(**how), context.get("toc") or "")
        )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", list_sections, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
