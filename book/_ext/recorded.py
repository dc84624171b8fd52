"""Sphinx extension: pages take their numbers from book/results and book/original.yml; figures keep theirs.

    {recorded}`03_training/accuracy_testing`    a recorded value with its unit
    {interval}`03_training/accuracy_testing`    its 95 % interval
    {original}`accuracy_testing`                a value of the original report
    {headline}                                  table: the headline values, original, ours, verdict, where
    {comparison} 3                              table: all values that Part 3 of the original states

A value that is not recorded is shown as such. When a part was not recorded in the report profile, a banner on
every page says so. Figures are numbered by part: Figure 5.2 is the second of Part 5. One whose name is
`fig-12` answers Figure 12 of the original, and its caption says so.
"""

import re
from functools import cache
from pathlib import Path
from string import ascii_uppercase

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from kwslib.record import headline
from kwslib.record.comparison import compare, load_original, load_results
from kwslib.record.units import format_value

MISSING = "not yet recorded"
VERDICTS = {
    "better": "✓\xa0better",
    "worse": "✗\xa0worse",
    "same": "=\xa0same",
}
BANNER = "Quick profile: computed on a small synthetic corpus in minutes. These are not the recorded numbers."


@cache
def results(source: str) -> dict[str, dict]:
    """Recorded parts of the book that is being built from folder `source`."""
    folder = Path(source) / "book" / "results"
    return load_results(folder) if folder.is_dir() else {}


def notebook_pages(env: BuildEnvironment) -> dict[str, str]:
    """{"03": "notebooks/03_training", ...}"""
    return {name.split("/")[1][:2]: name for name in env.found_docs if name.startswith("notebooks/")}


def in_prose(value: float, unit: str) -> str:
    """A value with no more digits than its error leaves: times of the cycle model have two, points one decimal."""
    if unit == "points":
        return f"{value:.1f} points"
    return format_value(value, unit, significant=2 if unit == "ms" else 4)


class RecordedRole(SphinxRole):
    """{recorded}`part/name`: the value; {interval}`part/name`: its 95 % interval."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        part, _, name = self.text.partition("/")
        entry = results(str(self.env.srcdir)).get(part, {}).get("values", {}).get(name)
        if entry is None or (self.name == "interval" and "ci95" not in entry):
            return [nodes.emphasis(text=MISSING, classes=["not-recorded"])], []
        if self.name == "interval":
            low, high = (in_prose(bound, entry["unit"]) for bound in entry["ci95"])
            return [nodes.inline(text=f"{low} to {high}", classes=["recorded"])], []
        return [nodes.inline(text=in_prose(entry["value"], entry["unit"]), classes=["recorded"])], []


class OriginalRole(SphinxRole):
    """{original}`key`: a value of the original report, to the digit."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        entry = load_original().get(self.text)
        if entry is None:
            message = self.inliner.reporter.error(f"original.yml has no {self.text!r}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return [nodes.inline(text=entry.text, classes=["original"])], []


class ComparisonTable(SphinxDirective):
    """Original beside ours: {headline} for the marked values, {comparison} N for all of Part N."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        found = results(str(self.env.srcdir))
        if self.name == "headline":
            rows = headline.rows(found)
        else:
            rows = [headline.row(each) for each in compare(found)]
            rows = [row for row in rows if row.part == int(self.arguments[0])]
        return [_table([self._cells(row) for row in rows])]

    def _cells(self, row: headline.HeadlineRow) -> list[nodes.Node]:
        if row.ours is None:
            ours, verdict = nodes.emphasis(text=MISSING, classes=["not-recorded"]), ""
        else:
            ours = nodes.inline(text=row.ours)
            verdict = VERDICTS.get(row.verdict, row.verdict) + (f": {row.reason}" if row.reason else "")
        where = f"Part {row.part}" + ("" if row.where in ("", "text") else f", {row.where}")
        where = where.replace(" ", "\xa0").replace(",\xa0", ", ")
        page = notebook_pages(self.env).get(f"{row.part:02}")
        place: nodes.Node = nodes.inline(text=where)
        if page:
            place = pending_xref(
                "",
                place,
                refdomain="std",
                reftype="doc",
                refdoc=self.env.docname,
                reftarget=f"/{page}",
                refexplicit=True,
            )
        return [
            nodes.inline(text=row.gist),
            nodes.inline(text=row.original),
            ours,
            nodes.inline(text=verdict),
            place,
        ]


def _table(rows: list[list[nodes.Node]]) -> nodes.Node:
    head = ["What", "Original (95 % interval)", "Ours (95 % interval)", "Verdict", "Where"]
    table, group = nodes.table(classes=["comparison"]), nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in (28, 17, 20, 20, 15)]
    group += nodes.thead("", _row([nodes.inline(text=text) for text in head]))
    group += nodes.tbody("", *[_row(row) for row in rows])
    table += group
    return nodes.container("", table, classes=["table-scroll"])


def _row(cells: list[nodes.Node]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells])


def number_figures(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Figures of a part are 5.1, 5.2, ...; those of other pages, in the order of the contents, A, B, ..."""
    others = iter(ascii_uppercase)
    for page, kinds in env.toc_fignumbers.items():  # pages in the order of the table of contents
        for number, name in enumerate(kinds.get("figure", {}), 1):
            shown = f"{part_of(page)}.{number}" if part_of(page) else next(others)
            kinds["figure"][name] = (shown,)  # type: ignore[assignment]
    return []


def part_of(page: str) -> int | None:
    """The part whose notebook a page is."""
    match = re.match(r"notebooks/(\d+)_", page)
    return int(match[1]) if match else None


def name_originals(_app: Sphinx, doctree: nodes.document) -> None:
    """Say in a caption which figure of the original it answers."""
    for figure in doctree.findall(nodes.figure):
        caption = figure.next_node(nodes.caption)
        for name in figure["ids"]:
            if caption is not None and (match := re.fullmatch(r"fig-0*(\d+)", name)):
                caption += nodes.inline(
                    "", f" Answers the original\u2019s Figure\xa0{match[1]}.", classes=["answers"]
                )


def announce_profile(app: Sphinx, config) -> None:
    """A banner on every page when the numbers are not the recorded ones; light or dark as the reader's system."""
    results.cache_clear()
    config.html_context = {"default_mode": "auto"} | config.html_context
    if any(part.get("profile") != "report" for part in results(str(app.srcdir)).values()):
        config.html_theme_options = config.html_theme_options | {"announcement": BANNER}


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_role("recorded", RecordedRole())
    app.add_role("interval", RecordedRole())
    app.add_role("original", OriginalRole())
    app.add_directive("headline", ComparisonTable)
    app.add_directive("comparison", ComparisonTable)
    app.connect("doctree-read", name_originals)
    app.connect("config-inited", announce_profile)
    app.connect("env-get-updated", number_figures, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
