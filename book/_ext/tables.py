"""Sphinx extension: {tables} lists every captioned table of the notebooks, each a link to the section that shows it."""

import re
from html import unescape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

CAPTION = re.compile(r"<caption>(.*?)</caption>", re.DOTALL)


class table_list(nodes.General, nodes.Element):
    """Stands where the list of tables goes, until all pages are known."""


class TableList(SphinxDirective):
    """{tables}"""

    def run(self) -> list[nodes.Node]:
        return [table_list()]


def captions(doctree: nodes.document) -> list[tuple[str, str]]:
    """(anchor of the section, caption) of every table that a cell showed, in order and once."""
    found: dict[tuple[str, str], None] = {}
    for raw in doctree.findall(nodes.raw):
        section = raw
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if "html" in raw.get("format", "") and section is not None:
            for caption in CAPTION.findall(raw.astext()):
                found[section["ids"][0], unescape(caption)] = None
    return list(found)


def list_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the list of tables where it was asked for."""
    for place in list(doctree.findall(table_list)):
        items = nodes.bullet_list(classes=["table-list"])
        for page in sorted(name for name in app.env.found_docs if name.startswith("notebooks/")):
            for anchor, caption in captions(app.env.get_doctree(page)):
                address = f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
                link = nodes.reference("", f"Part {int(page[10:12])}", internal=True, refuri=address)
                items += nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f": {caption}")))
        place.replace_self(items)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_node(table_list)
    app.add_directive("tables", TableList)
    app.connect("doctree-resolved", list_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
