"""Sphinx extension: a page shows code from the package itself, so that the two cannot drift apart.

    ```{source} kwslib.networks.tinyconv.TinyConv
    ```

An object of kwslib by its dotted name, or a function of the C core by its name (`kws_decide`), with a line that names
file and lines and leads to them. `:from:` and `:to:` cut a stretch out of a long function: the first line that holds
the one text, and the first from there on that holds the other. `:folded:` closes the block until a reader opens it.
An object, file or text that is not there is an error, which fails the build.
"""

import ast
import re
import textwrap
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kwslib import __version__
from kwslib.features.ccore import source_folder

DEFINITION = r"^(?!(?:return|else)\b)[A-Za-z_][\w *]*?\b{name}\([^;{{}}]*\)\s*\{{.*?^\}}$"


@dataclass(frozen=True)
class Source:
    """A stretch of a file: its address in the repository, first and last line (from 1), text and language."""

    address: str
    first: int
    last: int
    text: str
    language: str


def find(name: str) -> Source:
    """Where an object is defined. Raises LookupError, which names it, for one that is nowhere."""
    return _python(name) if "." in name else _c(name)


def _python(name: str) -> Source:
    module, file, rest = "", None, name.split(".")
    while rest:
        try:
            spec = find_spec(f"{module}.{rest[0]}".lstrip("."))
        except ModuleNotFoundError:  # of a module that is no package: an object
            spec = None
        if spec is None or spec.origin is None:
            break
        module, file = spec.name, Path(spec.origin)
        rest.pop(0)
    if file is None or not module.startswith("kwslib"):
        raise LookupError(f"{name}: kwslib has no such module")
    text = file.read_text(encoding="utf-8")
    node: ast.AST = ast.parse(text)
    for part in rest:
        inside = [child for child in ast.iter_child_nodes(node) if getattr(child, "name", None) == part]
        if not inside:
            raise LookupError(f"{name}: {module} defines no {part}")
        node = inside[-1]
    if not isinstance(node, ast.ClassDef | ast.FunctionDef):
        raise LookupError(f"{name}: name a class or a function")
    first = min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    address = (
        Path(*module.split(".")[:-1]) / file.name if file.name != "__init__.py" else Path(module) / file.name
    )
    return Source(address.as_posix(), first, first + len(lines) - 1, "\n".join(lines), "python")


def _c(name: str) -> Source:
    pattern = re.compile(DEFINITION.format(name=re.escape(name)), re.DOTALL | re.MULTILINE)
    for file in sorted(source_folder().glob("*.[ch]")):
        text = file.read_text(encoding="utf-8")
        if found := pattern.search(text):
            first = text.count("\n", 0, found.start()) + 1
            return Source(f"firmware/core/{file.name}", first, first + found[0].count("\n"), found[0], "c")
    raise LookupError(f"{name}: the C core defines no such function")


def cut(source: Source, start: str | None, end: str | None) -> Source:
    """The lines from the one that holds `start` to the next that holds `end`. Raises LookupError without them."""
    lines, first, last = source.text.splitlines(), 0, None
    if start is not None:
        first = _line(lines, start, 0, source)
    if end is not None:
        last = _line(lines, end, first, source)
    kept = lines[first : None if last is None else last + 1]
    text = textwrap.dedent("\n".join(kept))
    return Source(
        source.address, source.first + first, source.first + first + len(kept) - 1, text, source.language
    )


def _line(lines: list[str], text: str, begin: int, source: Source) -> int:
    for number in range(begin, len(lines)):
        if text in lines[number]:
            return number
    raise LookupError(f"{source.address}: no line there holds {text!r}")


class SourceDirective(SphinxDirective):
    """{source} name: the definition of an object, with a link to it."""

    required_arguments = 1
    option_spec = {"folded": directives.flag, "from": directives.unchanged, "to": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        try:
            found = cut(find(name), self.options.get("from"), self.options.get("to"))
        except LookupError as error:
            raise self.error(str(error)) from error
        url = self.config.html_theme_options.get("repository_url", "")
        link = f"{url}/blob/v{__version__}/{found.address}#L{found.first}-L{found.last}"
        line = nodes.paragraph(classes=["source-of"])
        line += nodes.literal("", name.rpartition(".")[2])
        line += nodes.Text(" in ")
        line += nodes.reference("", f"{found.address}, lines {found.first} to {found.last}", refuri=link)
        block = nodes.literal_block(found.text, found.text, language=found.language)
        if "folded" not in self.options:
            return [nodes.container("", line, block, classes=["source"])]
        summary = f"<summary>Show <code>{name.rpartition('.')[2]}</code></summary>"
        opened = nodes.raw("", f'<details class="source">{summary}', format="html")
        return [opened, line, block, nodes.raw("", "</details>", format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("source", SourceDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
