"""Sphinx extension: what a search engine or a message shows of a link to a page: title, description, picture."""

import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 200  # characters of a description
PICTURE = "_static/headline.png"


def description(doctree: nodes.document) -> str:
    """The first paragraph of a page's text, whole sentences as far as they fit."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if isinstance(paragraph.parent, nodes.section) and len(text) > 40:
            sentences = re.split(r"(?<=[.?!]) ", text)
            kept = sentences.pop(0)
            while sentences and len(kept) + 1 + len(sentences[0]) <= LONGEST:
                kept += f" {sentences.pop(0)}"
            return kept if len(kept) <= LONGEST else kept[:LONGEST].rpartition(" ")[0] + " …"
    return ""


def head(app: Sphinx, _page: str, _template: str, context: dict[str, Any], doctree: Any) -> None:
    """Add the description and the Open Graph lines to a page's head."""
    if doctree is None:
        return
    about, base = description(doctree), app.config.html_baseurl
    lines = {"og:title": context["title"], "og:type": "article", "og:site_name": app.config.html_title}
    lines |= {"og:url": context["pageurl"], "og:image": f"{base}{PICTURE}"} if base else {}
    lines |= {"og:description": about} if about else {}
    text = "".join(
        f'<meta property="{name}" content="{escape(re.sub("<[^>]+>", "", str(value)))}"/>\n'
        for name, value in lines.items()
    )
    text += f'<meta name="description" content="{escape(about)}"/>\n' if about else ""
    context["metatags"] = context.get("metatags", "") + text


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", head, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
