"""The words that a reader of the book meets: pages, notebooks' prose, captions, descriptions of pictures."""

import re
from collections.abc import Iterator
from pathlib import Path

import jupytext
import yaml
from repository import REPOSITORY

NUMBER = re.compile(r"(?<![\w.,−-])[−-]?\d[\d,.]*\d|(?<![\w.,−-])[−-]?\d")
NOT_PROSE = (
    re.compile(r"^(```+|~~~+).*?^\1\s*$", re.MULTILINE | re.DOTALL),  # code, directives
    re.compile(r"<!-- headline.*?<!-- /headline -->", re.DOTALL),
    re.compile(r"<!--.*?-->|<[^>]+>", re.DOTALL),
    re.compile(r"^---\n.*?^---\n", re.MULTILINE | re.DOTALL),
    re.compile(r"^    .*$", re.MULTILINE),  # indented code
    re.compile(r"\{[\w:]+\}`[^`]*`"),  # recorded values, citations, references
    re.compile(r"`[^`]*`"),
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"\$[^$]+\$"),
    re.compile(r"^ *\d+\. ", re.MULTILINE),  # of lists
    re.compile(r"\]\([^)]*\)"),
    re.compile(r"https?://\S+"),
)


def without_code(markdown: str) -> str:
    """The prose alone; what is left out leaves its line breaks."""
    for pattern in NOT_PROSE:
        markdown = pattern.sub(lambda found: "\n" * found.group().count("\n") or " ", markdown)
    return markdown


def pages() -> dict[str, str]:
    """{file: its prose} of the README, the pages and the notebooks, captions and descriptions included."""
    found = {"README.md": without_code((REPOSITORY / "README.md").read_text(encoding="utf-8"))}
    for page in sorted((REPOSITORY / "book").glob("*.md")):
        found[f"book/{page.name}"] = without_code(page.read_text(encoding="utf-8"))
    for script in sorted((REPOSITORY / "notebooks").glob("*.py")):
        found[f"notebooks/{script.name}"] = "\n\n".join(_texts(script))
    return found


def _texts(script: Path) -> Iterator[str]:
    for cell in jupytext.read(script).cells:
        if cell.cell_type == "markdown":
            yield without_code(cell.source)
        else:
            yield from figure_texts(cell.metadata)
            yield from captions(cell.source)


def figure_texts(metadata: dict) -> Iterator[str]:
    """The caption and the description of a cell's figure."""
    options = metadata.get("mystnb", {})
    yield from filter(None, (options.get("figure", {}).get("caption"), options.get("image", {}).get("alt")))


def captions(code: str) -> Iterator[str]:
    """Captions of tables in a cell's code."""
    for match in re.finditer(r"caption = \(?((?:\s*\"[^\"]*\")+)", code):
        yield "".join(re.findall(r"\"([^\"]*)\"", match[1]))


def numbers(text: str) -> Iterator[tuple[str, str]]:
    """(number, the words around it) of every number in a text."""
    words = " ".join(text.split())
    for match in NUMBER.finditer(words):
        yield match.group(), words[max(0, match.start() - 40) : match.end() + 40]


def load(name: str) -> dict:
    """A YAML file of the book's tests."""
    return yaml.safe_load((REPOSITORY / "tests" / "book" / name).read_text(encoding="utf-8"))
