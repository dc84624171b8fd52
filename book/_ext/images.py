"""Sphinx extension: a page's images load when a reader comes near them."""

from typing import Any

from sphinx.application import Sphinx


def load_late(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    if "body" in context:
        context["body"] = context["body"].replace("<img ", '<img loading="lazy" ')


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", load_late, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
