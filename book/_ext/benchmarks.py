"""Sphinx extension: what was measured about the book's own making, as tables.

{benchmark} 90_sweeps   the values that a script of benchmarks/ recorded with --write, by the names it gave them
{sweepcosts}            what the recorded sweeps took, and what 1,000 points on 100 workers would
"""

import csv
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kwslib.record.comparison import load_results
from kwslib.record.units import format_value

POINTS, WORKERS = 1_000, 100
Rows = list[tuple[str, str]]


def measured(results: Path, benchmark: str) -> Rows:
    """(what, value with its interval) of everything in <benchmark>.json, in its order."""
    values = load_results(results).get(benchmark, {}).get("values", {})
    return [(name, format_value(v["value"], v["unit"], v.get("ci95"))) for name, v in values.items()]


def costs(results: Path) -> Rows:
    """(what, how much) of every recorded sweep."""
    rows = []
    for path in sorted((results / "sweeps").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            points = list(csv.DictReader(file))
        wall = sum(float(point["wall_s"]) for point in points)
        longest = sum(float(point["longest_cell_s"]) for point in points)
        name, each = f"sweep over {path.stem}", wall / len(points)
        rows += [
            (f"{name}: points", f"{len(points)}"),
            (f"{name}: seconds of a point, mean", f"{each:.1f} s"),
            (f"{name}: time outside the points' longest cell", format_value(1 - longest / wall, "fraction")),
            (
                f"{name}, computed: {POINTS:,} such points on {WORKERS} workers",
                f"{POINTS / WORKERS * each / 60:.1f} min",
            ),
        ]
    return rows


def crossed(rows: Rows) -> list[tuple[str, ...]]:
    """Rows of names "case: measure" as a matrix with a head, a column a case, or a row where there are more cases than
    measures; empty where they do not fill one."""
    cells = {tuple(name.split(": ", 1)): text for name, text in rows}
    cases, measures = (list(dict.fromkeys(name[part] for name in cells if len(name) == 2)) for part in (0, 1))
    if len(cases) < 2 or len(cells) != len(cases) * len(measures):
        return []
    matrix = [("", *cases), *[(what, *[cells[case, what] for case in cases]) for what in measures]]
    return matrix if len(cases) <= len(measures) else list(zip(*matrix, strict=True))


def table(rows: Rows) -> nodes.Node:
    """The rows as a table, crossed where their names allow it, or a line that says there are none."""
    if not rows:
        return nodes.paragraph("", "Nothing is recorded here.")
    matrix = crossed(rows)
    widths = [28] + [72 // (len(matrix[0]) - 1)] * (len(matrix[0]) - 1) if matrix else [70, 30]
    measured, group = nodes.table(classes=["measured"]), nodes.tgroup(cols=len(widths))
    group += [nodes.colspec(colwidth=width) for width in widths]
    if matrix:
        group += nodes.thead("", _row(matrix[0]))
    group += nodes.tbody("", *map(_row, matrix[1:] or rows))
    measured += group
    return nodes.container("", measured, classes=["table-scroll"])


def _row(texts: tuple[str, ...]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", nodes.paragraph("", text)) for text in texts])


class Benchmark(SphinxDirective):
    """{benchmark} NAME"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [table(measured(Path(self.env.srcdir) / "book" / "results", self.arguments[0]))]


class SweepCosts(SphinxDirective):
    """{sweepcosts}"""

    def run(self) -> list[nodes.Node]:
        return [table(costs(Path(self.env.srcdir) / "book" / "results"))]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("benchmark", Benchmark)
    app.add_directive("sweepcosts", SweepCosts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
