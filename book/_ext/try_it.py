"""Sphinx extension: {try_it}, the spotter that runs in the page (kwslib/page), with the networks of book/try_it.yml.

Where the core cannot be compiled the page says why, and in one printed file that it needs a browser.
"""

from pathlib import Path

import yaml
from docutils import nodes
from sphinx.addnodes import only
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kwslib.errors import KwsError
from kwslib.page.clips import field_clips, spoken_clips
from kwslib.page.html import page
from kwslib.page.networks import page_network
from kwslib.record.comparison import load_original, recorded_folder
from kwslib.statistics import wilson

TRIALS = range(2, 4)  # of the simulated field: a "yes" and a "no"


def try_it(listed: Path) -> str:
    """The page's HTML. Raises KwsError where a part of it is missing."""
    models = (recorded_folder() or Path()) / "models"
    entries = yaml.safe_load(listed.read_text(encoding="utf-8"))
    networks = [page_network(models / entry["model"], entry["title"], entry["about"]) for entry in entries]
    labels = networks[0].labels
    counts = load_original()
    correct, trials = int(counts["field_correct"].value), int(counts["field_trials"].value)
    low, high = (round(100 * bound) for bound in wilson(correct, trials))
    original = f"The original's {trials} trials: {correct} right (95 % interval {low} to {high} %)."
    return page(networks, [*spoken_clips(labels[2:]), *field_clips(labels, TRIALS)], original)


class TryIt(SphinxDirective):
    """{try_it}"""

    def run(self) -> list[nodes.Node]:
        listed = Path(self.env.srcdir) / "book" / "try_it.yml"
        self.env.note_dependency(str(listed))
        elsewhere = nodes.paragraph("", "The spotter runs in the book's pages for a browser.")
        try:
            spotter: nodes.Node = nodes.raw("", try_it(listed), format="html")
        except KwsError as error:
            sentence = f"The spotter could not be built into this page: {error}"
            spotter = nodes.paragraph("", sentence, classes=["not-recorded"])
        return [only("", spotter, expr="builder_html"), only("", elsewhere, expr="not builder_html")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("try_it", TryIt)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
