"""Names in the code, as STYLE.md has them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from repository import REPOSITORY

PLACES = ("kwslib", "notebooks", "book", "benchmarks", "firmware/tools")


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Functions, classes, parameters, variables and attributes that a source defines, and the line of each."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno


def words_of_style() -> set[str]:
    """The words that STYLE.md names as no names."""
    (listed,) = re.findall(
        r"None of these alone: (.+?)\.", (REPOSITORY / "STYLE.md").read_text(encoding="utf-8")
    )
    return set(re.findall(r"`(\w+)`", listed))


@cache
def sources() -> list[tuple[Path, ast.Module]]:
    return [
        (path.relative_to(REPOSITORY), ast.parse(path.read_text(encoding="utf-8")))
        for place in PLACES
        for path in sorted((REPOSITORY / place).rglob("*.py"))
    ]


def test_no_name_is_one_of_the_words_that_say_nothing():
    words = words_of_style()
    assert {"at", "made", "narrow", "one"} <= words
    found = [
        f"{path}:{line}: {name}"
        for path, tree in sources()
        for name, line in names(tree)
        if name.strip("_") in words
    ]
    assert not found


def test_no_function_of_kwslib_is_called_run():
    """A notebook's `run` is its recording."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "run" and path.parts[0] != "book"
    ]
    assert not found
