"""Sphinx extension: each part's page ends with what the part claims, beside the value, interval and test that carry it.

    {claims} 3      table: the claims of Part 3, wherever it is wanted

A claim that the recorded values no longer carry is a warning that names its sentence, so the book does not build.
"""

from pathlib import Path

from docutils import nodes
from recorded import results
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from kwslib.record.claims import ClaimOutcome, check, load_claims

TITLE = "What this part claims"
LEAD = (
    "Each claim is listed with the recorded value and the test that support it. ",
    " and the book’s build run these tests: when a new recording contradicts a claim, they name the sentence that "
    "must change.",
)


def outcomes(source: Path, part: int) -> list[ClaimOutcome]:
    """The claims of a part as the recorded values of the book in `source` have it; none of quick numbers."""
    found = results(str(source))
    if any(contents.get("profile") != "report" for contents in found.values()):
        return []
    claims = [claim for claim in load_claims() if claim.part == part]
    return check(claims, found, source / "book" / "results" / "sweeps")


def table(found: list[ClaimOutcome]) -> nodes.Node:
    """Claim, what carries it, and by which test."""
    head, widths = ("Claim", "Recorded", "Test"), (46, 30, 24)
    shown, group = nodes.table(classes=["claims"]), nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in widths]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *[_row((each.claim.says, each.shown, each.rule)) for each in found])
    shown += group
    return nodes.container("", shown, classes=["table-scroll"])


def _row(cells: tuple[str, ...]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", nodes.paragraph(text=cell)) for cell in cells])


def warn(found: list[ClaimOutcome]) -> None:
    """Name every sentence that must change."""
    for each in found:
        if not each.holds:
            logging.getLogger(__name__).warning("%s", each)


class Claims(SphinxDirective):
    """{claims} 3"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        found = outcomes(Path(self.env.srcdir), int(self.arguments[0]))
        warn(found)
        return [table(found)] if found else []


def append_claims(app: Sphinx, doctree: nodes.document) -> None:
    """The claims of a part at the end of its page."""
    kind, _, part = app.env.docname.partition("/")
    if kind != "notebooks":
        return
    found = outcomes(Path(app.srcdir), int(part[:2]))
    warn(found)
    if found:
        section = nodes.section("", nodes.title("", TITLE), ids=["claims"], names=["claims"])
        section += [
            nodes.paragraph(
                "", "", nodes.Text(LEAD[0]), nodes.literal(text="kws verify"), nodes.Text(LEAD[1])
            ),
            table(found),
        ]
        pages = [node for node in doctree.children if isinstance(node, nodes.section)]
        (pages[-1] if pages else doctree).append(section)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("claims", Claims)
    app.connect("doctree-read", append_claims, priority=90)  # before the downloads
    return {"parallel_read_safe": True, "parallel_write_safe": True}
