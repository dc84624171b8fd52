"""Sphinx extension: the foot of a page says of which version and recording it is, its licence, and how to cite it."""

from html import escape
from typing import Any

from recorded import results
from sphinx.application import Sphinx

from kwslib import __version__

SHOWN = 8  # characters of a commit and of a content hash


def recording(parts: dict[str, dict[str, Any]], page: str) -> str:
    """Which commit recorded the numbers of a page, from which data: of its part, else of all parts."""
    part = page.removeprefix("notebooks/")
    found = [parts[part]] if part in parts else list(parts.values())
    commits = dict.fromkeys(str(each["commit"])[:SHOWN] for each in found if each.get("commit"))
    data = dict.fromkeys(str(each["data"]["content_hash"])[:SHOWN] for each in found if "data" in each)
    if not commits or not data:
        return "no recorded numbers"
    return f"numbers recorded at commit {', '.join(commits)} from data {', '.join(data)}"


def foot(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Put the lines into the theme's footer."""
    address = app.config.html_theme_options.get("repository_url", "")
    pathto = context["pathto"]
    links = {
        "How to cite": f"{address}/blob/v{__version__}/CITATION.cff",
        "Errata": f"{pathto('book/trust')}#errata",
        "Report an error": f"{address}/issues",
        "Licence of the recordings": pathto("_static/sound/LICENSE.txt", 1),
    }
    said = f"Version {__version__}; {recording(results(str(app.srcdir)), page)}. Text, figures and code: MIT licence."
    named = " · ".join(f'<a href="{escape(where)}">{what}</a>' for what, where in links.items())
    context["theme_extra_footer"] = f"<p>{escape(said)}</p><p>{named}</p>"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", foot, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
