"""Sphinx extension: a figure that a reader changes, made while the book is built from recorded values.

    ```{widget} bits
    The caption.
    ```

The data and the still picture are those of book/_ext/widgets/bits.py, its behaviour that of web/bits.js (with what all
share, web/widget.js), written into the page: it works from disk, and where scripts are off the still picture stays.
One that is not there is an error. What `trade_off` reads is documented in its module.
"""

import importlib
import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from pictures.drawing import Drawing
from sphinx.addnodes import only
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kwslib.errors import KwsError
from kwslib.page.html import script


@dataclass(frozen=True)
class Widget:
    """`data` for the script; `base`, what never changes; `still`, what the script draws anew; HTML of the controls."""

    data: dict[str, Any]
    base: Drawing
    still: Drawing
    controls: str
    said: str  # by the still picture, in words


def load_widget(name: str, results: Path) -> Widget:
    """The widget `name` of the values in a folder. Raises LookupError where there is none."""
    try:
        module = importlib.import_module(f"widgets.{name}")
    except ModuleNotFoundError as error:
        raise LookupError(f"there is no widget {name!r} in book/_ext/widgets") from error
    return module.make(results)


def in_page(name: str, widget: Widget) -> str:
    """A widget as a piece of a page."""
    opening, inner = re.match(r"(<svg[^>]*>)(.*)</svg>$", widget.base.svg(), re.DOTALL).groups()  # type: ignore[union-attr]
    _, still = re.match(r"(<svg[^>]*>)(.*)</svg>$", widget.still.svg(), re.DOTALL).groups()  # type: ignore[union-attr]
    data = json.dumps(widget.data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<div class="widget" id="widget-{name}"><form class="widget-controls" hidden>{widget.controls}</form>'
        f'{opening}{inner}<g class="still">{still}</g><g class="live"></g></svg>'
        f'<p class="widget-said" role="status">{escape(widget.said)}</p>'
        f'<script type="application/json">{data}</script></div>'
        f'<script type="module">\n{script(("widget", name))}start(document.getElementById("widget-{name}"));\n</script>'
    )


class WidgetDirective(SphinxDirective):
    """{widget} name, with the caption as content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        name = self.arguments[0]
        try:
            widget = load_widget(name, Path(self.env.srcdir) / "book" / "results")
        except LookupError as error:
            raise self.error(str(error.args[0])) from error
        except KwsError as error:
            return [nodes.paragraph("", f"This figure waits: {error}", classes=["not-recorded"])]
        caption = nodes.container(classes=["picture-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        page = in_page(name, widget)
        still = re.sub(r"<form.*?</form>|<script.*?</script>", "", page, flags=re.DOTALL)  # on paper
        shown = [
            only("", nodes.raw("", html, format="html"), expr=where)
            for html, where in ((page, "builder_html"), (still, "not builder_html"))
        ]
        return [nodes.container("", *shown, caption, classes=["picture"])]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("widget", WidgetDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
