"""Sphinx extension: {sweepcosts} tabulates what the recorded sweeps took, and what 1,000 points on 100 workers would.

The rows come from the sweeps' tables and, where `benchmarks/sweeps.py --write` has run, from its recorded values.
"""

import csv
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kwslib.report.comparison import format_value, load_results

POINTS, WORKERS = 1_000, 100
BENCHMARK = {
    "points_per_minute_1": "points a minute on one Dask worker (half of them PTQ, half QAT at 8 bits)",
    "points_per_minute_2": "points a minute on two Dask workers",
    "ptq_seconds": "a PTQ point, forked from a warm process",
    "ptq_seconds_fresh_kernel": "the same in a Jupyter kernel of its own",
}


def costs(results: Path) -> list[tuple[str, str]]:
    """(what, how much) of every recorded sweep, then of the benchmark."""
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
    measured = load_results(results).get("90_sweeps", {}).get("values", {})
    rows += [
        (what, format_value(measured[name]["value"], measured[name]["unit"]))
        for name, what in BENCHMARK.items()
        if name in measured
    ]
    return rows


class SweepCosts(SphinxDirective):
    """{sweepcosts}"""

    def run(self) -> list[nodes.Node]:
        table, group = nodes.table(), nodes.tgroup(cols=2)
        group += [nodes.colspec(colwidth=width) for width in (75, 25)]
        body = nodes.tbody()
        for row in costs(Path(self.env.srcdir) / "book" / "results"):
            body += nodes.row("", *[nodes.entry("", nodes.paragraph("", text)) for text in row])
        if not body.children:
            return [nodes.paragraph("", "No sweep is recorded here.")]
        group += body
        table += group
        return [nodes.container("", table, classes=["table-scroll"])]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("sweepcosts", SweepCosts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
