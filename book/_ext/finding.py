"""Sphinx extension: the search ranks the parts above tables and reference (scorer.js), and knows British spelling."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

AMERICAN = re.compile(r"\b([a-z]{3,})iz(e|ed|er|ers|es|ing|ation|ations)\b")


def british(text: str) -> list[str]:
    """Words of a text that end in -ize and the like, as they are spelt with an s, once each."""
    words = (f"{begin}is{end}" for begin, end in AMERICAN.findall(text.lower()))
    return sorted(set(words))


def spell(_app: Sphinx, doctree: nodes.document) -> None:
    """Let a page be found by the other spelling of its words."""
    if words := british(doctree.astext()):
        doctree += nodes.meta(name="keywords", content=", ".join(words))


def use_scorer(_app: Sphinx, config: Config) -> None:
    config.html_search_scorer = str(Path(__file__).with_name("scorer.js"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", use_scorer)
    app.connect("doctree-read", spell)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
