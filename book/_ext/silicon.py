"""Sphinx extension: {silicon} is book/silicon.yml as a table: cycles measured on chips, beside the cycle model's."""

from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HEAD = ("function", "source", "measured (cycles)", "manual alone", "error (%)", "all rules, error (%)")


def rows(path: Path) -> list[tuple[str, ...]]:
    """A row for each entry, in order: its function, source, cycles measured and counted, errors."""
    quoted = yaml.safe_load(path.read_text(encoding="utf-8"))
    sources = {key: "; ".join(source.values()) for key, source in quoted["sources"].items()}
    return [
        (e["name"], sources[e["source"]], e["measured"], e["model"], e["error"], e["rules"])
        for e in quoted["functions"]
    ]


class Silicon(SphinxDirective):
    """{silicon}"""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / "book" / "silicon.yml"
        self.env.note_dependency(str(path))
        table, group = nodes.table(classes=["measured", "silicon"]), nodes.tgroup(cols=len(HEAD))
        group += [nodes.colspec(colwidth=width) for width in (28, 26, 14, 14, 9, 9)]
        head, body = nodes.thead(), nodes.tbody()
        for section, cells in ((head, [HEAD]), (body, rows(path))):
            for row in cells:
                section += nodes.row("", *[nodes.entry("", nodes.paragraph("", text)) for text in row])
        group += [head, body]
        table += group
        return [nodes.container("", table, classes=["table-scroll"])]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("silicon", Silicon)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
