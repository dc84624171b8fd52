"""Sphinx extension: the API reference, from docstrings, and each notebook's links into it.

Docstrings of kwslib are plain text with `code` in backticks. What reStructuredText would read otherwise in them is
escaped on the way to the page, and what is indented stays as it is written.
"""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

CODE = re.compile(r"`([^`]+)`")
SPECIAL = re.compile(r"[*|\\]|(?<=\w)_(?=\W|$)")
INDENTED = "    "


def as_rst(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText that shows them as they are."""
    result: list[str] = []
    paragraph: list[str] = []

    def end() -> None:
        result.extend(_escaped("\n".join(paragraph)).split("\n") if paragraph else [])
        paragraph.clear()

    literal = False
    for line in lines:
        indented = line.startswith(INDENTED)
        if indented and not literal:
            end()
            result.extend(["", ".. code-block:: text", ""])
        elif literal and line.strip() and not indented:
            result.append("")
        literal = indented or (literal and not line.strip())
        if literal:
            result.append(line)
        elif line.strip():
            paragraph.append(line)
        else:
            end()
            result.append("")
    end()
    return result


def _escaped(text: str) -> str:
    parts = CODE.split(text)  # plain, code, plain, ...
    plain = [SPECIAL.sub(r"\\\g<0>", part) for part in parts[::2]]
    code = [rf"\ ``{' '.join(part.split())}``\ " for part in parts[1::2]]  # letters may stand right beside
    return "".join(a + b for a, b in zip(plain, [*code, ""], strict=True))


def convert(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    lines[:] = as_rst(lines)


def imported(script: str) -> dict[str, list[str]]:
    """What a notebook's script takes from kwslib: names by module, in order."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(script)):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("kwslib."):
            continue
        for name in (alias.name for alias in node.names):
            if find_spec(str(node.module)).submodule_search_locations:  # type: ignore[union-attr]
                found.setdefault(f"{node.module}.{name}", [])  # a module out of a room
            elif name not in (names := found.setdefault(str(node.module), [])):
                names.append(name)
    return dict(sorted(found.items()))


def append_links(app: Sphinx, doctree: nodes.document) -> None:
    """What a notebook uses of the package, at the end of its page."""
    docname = app.env.docname
    script = Path(app.srcdir) / f"{docname}.py"
    if not docname.startswith("notebooks/") or not script.is_file():
        return
    items = nodes.bullet_list()
    for module, names in imported(script.read_text(encoding="utf-8")).items():
        line = nodes.paragraph("", "", _link(docname, module))
        line += nodes.Text(f": {', '.join(names)}" if names else "")
        items += nodes.list_item("", line)
    section = nodes.section("", nodes.title("", "From the package"), ids=["api"], names=["api"])
    section += items
    pages = [node for node in doctree.children if isinstance(node, nodes.section)]
    (pages[-1] if pages else doctree).append(section)


def _link(docname: str, module: str) -> pending_xref:
    text = nodes.literal("", module)
    return pending_xref(
        "", text, refdomain="py", reftype="mod", reftarget=module, refdoc=docname, refwarn=True
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", convert)
    app.connect("doctree-read", append_links, priority=90)  # before the downloads
    return {"parallel_read_safe": True, "parallel_write_safe": True}
