"""Sphinx extension: a page loads each script once, and none for its icons, which the theme's font draws as well.

sphinx-thebe declares its constants twice, which is an error. The theme's icon script alone weighs more than a page.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ICONS = Path("_static", "scripts", "fontawesome.js")


def once(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Drop scripts that are on the page's list already."""
    kept: dict[str, Any] = {}
    for script in context.get("script_files", []):
        body = getattr(script, "attributes", {}).get("body")
        kept.setdefault(body or str(getattr(script, "filename", script)), script)
    context["script_files"] = list(kept.values())


def without_icon_script(app: Sphinx, error: Exception | None) -> None:
    """Empty the script that replaces icons of the font by drawings of the same."""
    script = Path(app.outdir) / ICONS
    if error is None and script.is_file():
        script.write_text("// the icons are in the theme's font\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", once, priority=900)
    app.connect("build-finished", without_icon_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
