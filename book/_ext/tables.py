"""Sphinx extension: the tables that cells show are numbered by part, their captions in sight; {tables} lists them all.

What belongs together in a cell stays on one line: an interval, a short entry. A table's caption stands above the box in
which a wide table scrolls, so that it does not scroll along.
"""

import re
from html import unescape

from docutils import nodes
from recorded import part_of
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SHOWN = re.compile(r'<div class="table-scroll">(<table.*?>)<caption>(.*?)</caption>(.*?)</div>', re.DOTALL)
CELL = re.compile(r"(<td>|<th>)([^<]+)(?=</t[dh]>)")
INTERVAL = re.compile(r"\([^()]* to [^()]*\)")
FILE = re.compile(r"(?<=\w/)|(?=_nohash)")  # where the name of a clip may break
MANY = 8  # columns that need smaller type
LONG = 12  # characters of a row's name that need a wide column
SHORT = 13  # characters that stay on one line: "+0.7 to +1.9"
FIRST = re.compile(r"<tr>\s*<th[^>]*>([^<]*)")  # what a row begins with
NUMBERED = re.compile(
    r'<figure class="numbered-table[^"]*" id="(.*?)">.*?</span>(.*?)</figcaption>', re.DOTALL
)


class table_list(nodes.General, nodes.Element):
    """Stands where the list of tables goes, until all pages are known."""


class TableList(SphinxDirective):
    """{tables}"""

    def run(self) -> list[nodes.Node]:
        return [table_list()]


def kept_together(table: str) -> str:
    """The table's HTML with spaces that do not break within intervals and within short entries that hold a digit."""

    def unbroken(text: str) -> str:
        return text.replace(" ", "\xa0")

    def cell(found: re.Match[str]) -> str:
        tag, text = found.groups()
        if len(text) <= SHORT and any(letter.isdigit() for letter in text):
            return tag + unbroken(text)
        text = FILE.sub("<wbr>", text) if text.endswith(".wav") else text
        return tag + INTERVAL.sub(lambda interval: unbroken(interval[0]), text)

    return CELL.sub(cell, table)


def number_tables(app: Sphinx, doctree: nodes.document) -> None:
    """Number the captioned tables of a notebook's page: Table 5.1, Table 5.2, ..."""
    part, count = part_of(app.env.docname), 0
    if part is None:
        return

    def numbered(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        table, caption, rest = found.groups()
        name = f"table-{part}-{count}"
        head, _, rows = rest.partition("</thead>")
        wide = " many-columns" if head.partition("</tr>")[0].count("<th") > MANY else ""
        wide += " long-names" if any(len(row) > LONG for row in FIRST.findall(rows)) else ""
        return (
            f'<figure class="numbered-table{wide}" id="{name}"><figcaption id="{name}-caption">'
            f'<span class="caption-number">Table {part}.{count}. </span>{caption}</figcaption>'
            f'<div class="table-scroll" role="region" tabindex="0" aria-labelledby="{name}-caption">'
            f"{kept_together(table + rest)}</div></figure>"
        )

    for raw in doctree.findall(nodes.raw):
        if "html" in raw.get("format", ""):
            text = SHOWN.sub(numbered, raw.astext())
            raw.clear()
            raw += nodes.Text(text)


def list_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the list of tables where it was asked for."""
    for place in list(doctree.findall(table_list)):
        items = nodes.bullet_list(classes=["table-list"])
        for page in sorted(name for name in app.env.found_docs if name.startswith("notebooks/")):
            shown = "\n".join(raw.astext() for raw in app.env.get_doctree(page).findall(nodes.raw))
            for name, caption in NUMBERED.findall(shown):
                address = f"{app.builder.get_relative_uri(docname, page)}#{name}"
                number = "Table " + name.removeprefix("table-").replace("-", ".")
                link = nodes.reference("", number, internal=True, refuri=address)
                items += nodes.list_item(
                    "", nodes.paragraph("", "", link, nodes.Text(f". {unescape(caption)}"))
                )
        place.replace_self(items)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_node(table_list)
    app.add_directive("tables", TableList)
    app.connect("doctree-read", number_tables)
    app.connect("doctree-resolved", list_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
