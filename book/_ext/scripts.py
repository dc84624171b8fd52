"""Sphinx extension: a page loads each script once. sphinx-thebe declares its constants twice, which is an error."""

from typing import Any

from sphinx.application import Sphinx


def once(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Drop scripts that are on the page's list already."""
    kept: dict[str, Any] = {}
    for script in context.get("script_files", []):
        body = getattr(script, "attributes", {}).get("body")
        kept.setdefault(body or str(getattr(script, "filename", script)), script)
    context["script_files"] = list(kept.values())


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", once, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
