"""The API reference names every module, and docstrings reach it as they are written."""

import pkgutil
import re

import pytest
from docutils.core import publish_doctree
from reference import as_rst, imported
from repository import REPOSITORY

import kwslib

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("0*.py"))


def listed() -> list[str]:
    """Modules of the reference, in the order of its pages."""
    pages = sorted((REPOSITORY / "book" / "api").glob("*.md"))
    return [
        name for page in pages for name in re.findall(r"^\.\. automodule:: (\S+)$", page.read_text(), re.M)
    ]


def test_every_module_but_the_command_line_is_listed_once():
    modules = [
        module.name for module in pkgutil.walk_packages(kwslib.__path__, "kwslib.") if not module.ispkg
    ]
    assert sorted(listed()) == sorted(
        name for name in modules if not name.startswith(("kwslib.cli.", "kwslib.__main__"))
    )


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_all_that_a_notebook_uses_is_in_it(notebook):
    used = imported(notebook.read_text(encoding="utf-8"))
    assert len(used) > 3
    assert set(used) <= set(listed())


@pytest.mark.parametrize(
    "text",
    [
        "`QuantizedLayer`s, |a - b|, 2 * 3 * n, name_ and kwslib\\x.",
        "`code over\ntwo lines` and *stars*.",
        "A grammar:\n\n    first   second\n    third\n\nand on.",
        "What follows is literal:\n    a | b\n  - c",
    ],
)
def test_docstrings_are_shown_as_written(text):
    shown = publish_doctree(
        "\n".join(as_rst(text.split("\n"))), settings_overrides={"report_level": 5, "halt_level": 2}
    )
    assert re.sub(r"\s+", "", shown.astext()) == re.sub(r"`|\s+", "", text)
