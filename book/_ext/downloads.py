"""Sphinx extension: what a page can be taken away as.

Every notebook's page ends with its files: the notebook, its script, its recorded values, its sweeps, its models.

    {downloads} sweeps      list: the recorded tables of the sweeps, and the notebooks of all their points
    {downloads} pdf         the book as one file, where `make pdf` has printed it
"""

from pathlib import Path

from docutils import nodes
from sphinx.addnodes import download_reference
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kwslib.experiments.sweeps import OF_NOTEBOOK

PDF = Path("_build", "kwslib.pdf")  # printed by book/build.py
MODELS = {"04_deployment": ("tinyconv.tflite",), "03_training": ("tinyconv.pt",)}


def files_of(root: Path, part: str) -> list[tuple[str, Path]]:
    """(what, file) of everything that belongs to a part and is there."""
    results = root / "book" / "results"
    listed = [
        ("the notebook", root / "notebooks" / f"{part}.ipynb"),
        ("its script", root / "notebooks" / f"{part}.py"),
        ("recorded values", results / f"{part}.json"),
        *((f"the network {name}", results / "models" / name) for name in MODELS.get(part, ())),
        *(pair for sweep in OF_NOTEBOOK.get(part, ()) for pair in files_of_sweep(root, sweep)),
    ]
    return [(what, path) for what, path in listed if path.is_file()]


def files_of_sweep(root: Path, sweep: str) -> list[tuple[str, Path]]:
    """The table of a sweep, and its notebooks."""
    folder = root / "book" / "results" / "sweeps"
    listed = [
        (f"the points of the sweep over {sweep}", folder / f"{sweep}.csv"),
        ("the notebook of each of them", folder / f"{sweep}.zip"),
    ]
    return [(what, path) for what, path in listed if path.is_file()]


def file_list(files: list[tuple[str, Path]], docname: str, root: Path) -> nodes.bullet_list:
    """A list of links that download."""
    items = nodes.bullet_list(classes=["downloads"])
    for what, path in files:
        target = "/" + path.relative_to(root).as_posix()
        link = download_reference("", "", nodes.literal("", path.name), reftarget=target, refdoc=docname)
        items += nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f" {what}")))
    return items


class Downloads(SphinxDirective):
    """{downloads} sweeps, {downloads} pdf"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        if self.arguments[0] == "pdf":
            printed = root / PDF
            files = [("the whole book, to print or to read without a network", printed)]
            return [file_list(files, self.env.docname, root)] if printed.is_file() else []
        files = [
            pair
            for sweeps in OF_NOTEBOOK.values()
            for sweep in sweeps
            for pair in files_of_sweep(root, sweep)
        ]
        if not files:
            return [nodes.paragraph("", "No sweep is recorded here.")]
        return [file_list(files, self.env.docname, root)]


def append_downloads(app: Sphinx, doctree: nodes.document) -> None:
    """The files of a notebook at the end of its page."""
    docname = app.env.docname
    if not docname.startswith("notebooks/"):
        return
    root = Path(app.srcdir)
    section = nodes.section("", nodes.title("", "Downloads"), ids=["downloads"], names=["downloads"])
    section += file_list(files_of(root, docname.partition("/")[2]), docname, root)
    pages = [node for node in doctree.children if isinstance(node, nodes.section)]
    (pages[-1] if pages else doctree).append(section)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("downloads", Downloads)
    app.connect("doctree-read", append_downloads, priority=100)  # before Sphinx collects what to copy
    return {"parallel_read_safe": True, "parallel_write_safe": True}
