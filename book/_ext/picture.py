"""Sphinx extension: an explanatory picture, drawn while the book is built.

    ```{picture} pipeline
    The caption.
    ```

The picture is that of book/_ext/pictures/pipeline.py, as SVG in the page. One that is not there is an error.
"""

import importlib
from pathlib import Path

from docutils import nodes
from pictures.drawing import Drawing
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kwslib.record.comparison import load_results


def values(results: Path) -> dict[str, float]:
    """Every recorded value of every part, {"part/name": value}."""
    parts = load_results(results) if results.is_dir() else {}
    return {
        f"{part}/{name}": entry["value"]
        for part, contents in parts.items()
        for name, entry in contents.get("values", {}).items()
    }


def drawn(name: str, recorded: dict[str, float]) -> Drawing:
    """The picture `name`. Raises LookupError where there is none."""
    try:
        module = importlib.import_module(f"pictures.{name}")
    except ModuleNotFoundError as error:
        raise LookupError(f"there is no picture {name!r} in book/_ext/pictures") from error
    return module.draw(recorded)


class Picture(SphinxDirective):
    """{picture} name, with the caption as content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        folder = Path(self.env.srcdir) / "book" / "results"
        try:
            picture = drawn(self.arguments[0], values(folder))
        except LookupError as error:
            raise self.error(str(error.args[0])) from error
        caption = nodes.container(classes=["picture-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        return [
            nodes.container("", nodes.raw("", picture.svg(), format="html"), caption, classes=["picture"])
        ]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
