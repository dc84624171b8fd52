"""Sphinx extension that halves the time of rendering: on Linux, pages are read and written on all cores, for which
jupyter-book has no option; and the garbage collector, which would search millions of nodes every time, runs seldom.

An extension that does not say whether pages may be read beside each other makes Sphinx read one after another. Of
jupyter-book's, two do not say: one numbers sections after all pages are read, the other is for LaTeX.
"""

import gc
import os
import sys

from joblib import cpu_count
from sphinx.application import Sphinx
from sphinx.config import Config

SILENT = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")


def allow(app: Sphinx, _: Config) -> None:
    """Speak for them."""
    for name in SILENT:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True


def setup(app: Sphinx) -> dict[str, bool]:
    gc.set_threshold(500_000, 1_000)
    if sys.platform == "linux":
        app.parallel = cpu_count()
        os.environ["LOKY_MAX_CPU_COUNT"] = "1"  # a process that reads would wait for idle ones of its own
        app.connect("config-inited", allow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
