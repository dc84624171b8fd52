"""Sphinx extension: which clips the recorded numbers were made from, as Part 3 recorded it.

{clips}`all`                clips of all splits together
{clips}`folders`            their names, as those of the corpus; `content` begins the hash of what they hold
{clips}`training`           clips of one split; `training/keywords`, `training/others` for yes and no, or not
{words}`untrained`          words that have no clip in training; `rare` those that have a few there
{words_table}               table: clips of each word by split
"""

from docutils import nodes
from recorded import MISSING, results
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

PART = "03_training"
KEYWORDS = ("yes", "no")
FEW = 10  # clips: a word with fewer is called rare
SPLITS = ("training", "validation", "testing")


def clips(source: str) -> dict[str, dict[str, int]]:
    """{split: {word: clips}} of the recorded Part 3; empty where it is not recorded."""
    found: dict[str, dict[str, int]] = results(source).get(PART, {}).get("data", {}).get("clips", {})
    return found


def count(found: dict[str, dict[str, int]], wanted: str) -> int:
    """Clips of `all`, of a split, or of its keywords or other words."""
    split, _, which = wanted.partition("/")
    words = [item for name in SPLITS if split in (name, "all") for item in found[name].items()]
    if which:
        words = [(word, n) for word, n in words if (word in KEYWORDS) == (which == "keywords")]
    return sum(n for _, n in words)


def rare(found: dict[str, dict[str, int]], wanted: str) -> list[str]:
    """Words with no clip in training, or with a few."""
    trained = found["training"]
    return sorted(word for word, n in trained.items() if (n == 0 if wanted == "untrained" else 0 < n < FEW))


class ClipsRole(SphinxRole):
    """{clips}`training/others`"""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found = results(str(self.env.srcdir)).get(PART, {}).get("data", {})
        if not found:
            return [nodes.emphasis(text=MISSING, classes=["not-recorded"])], []
        named = {"folders": found["name"], "content": found["content_hash"][:12]}
        text = named.get(self.text) or f"{count(found['clips'], self.text):,}"
        return [nodes.inline(text=text, classes=["recorded"])], []


class WordsRole(SphinxRole):
    """{words}`rare`"""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found = clips(str(self.env.srcdir))
        if not found:
            return [nodes.emphasis(text=MISSING, classes=["not-recorded"])], []
        return [nodes.inline(text=", ".join(rare(found, self.text)) or "none", classes=["recorded"])], []


class WordsTable(SphinxDirective):
    """{words_table}"""

    def run(self) -> list[nodes.Node]:
        found = clips(str(self.env.srcdir))
        if not found:
            return [nodes.paragraph("", "", nodes.emphasis(text=MISSING, classes=["not-recorded"]))]
        table, group = nodes.table(classes=["words"]), nodes.tgroup(cols=1 + len(SPLITS))
        group += [nodes.colspec(colwidth=1) for _ in range(1 + len(SPLITS))]
        group += nodes.thead("", _row(["word", *SPLITS]))
        words = sorted(found["training"], key=lambda word: (-found["training"][word], word))
        rows = [[word, *(f"{found[split][word]:,}" for split in SPLITS)] for word in words]
        group += nodes.tbody("", *map(_row, rows))
        table += group
        return [nodes.container("", table, classes=["table-scroll"])]


def _row(cells: list[str]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", nodes.paragraph(text=cell)) for cell in cells])


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_role("clips", ClipsRole())
    app.add_role("words", WordsRole())
    app.add_directive("words_table", WordsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
