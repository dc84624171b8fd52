"""Names of modules and files in strings, comments, docstrings and pages: each is of something that exists."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

from repository import REPOSITORY

NAME = re.compile(r"(?<![\w/.-])kwslib(?:\.(?!pdf\b)[A-Za-z_]\w*)+")
FILE = re.compile(
    r"(?<![\w/.-])(?:kwslib|firmware|notebooks|book|tests|benchmarks)/[\w/-]+\.(?:py|c|h|S|md|yml)\b"
)
TEXTS = {".py", ".md", ".h", ".c", ".S", ".ino", ".yml", ".toml"}
INSIDE = {
    "test_names.py",
    "test_notebooks.py",
    "test_book.py",
    "test_source.py",
}  # these make up names to look at


def texts() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=True
    ).stdout
    paths = [REPOSITORY / name for name in listed.split("\0") if name]
    return [path for path in paths if path.suffix in TEXTS and path.name not in INSIDE and path.is_file()]


@cache
def defined(module: Path) -> set[str]:
    """Names at the top of a module, imported ones too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def exists(name: str) -> bool:
    """Whether a dotted name is a package, a module, or something that one of them defines."""
    place = REPOSITORY
    for word in name.split("."):
        if (place / word).is_dir():
            place /= word
        elif (place / f"{word}.py").is_file():
            place /= f"{word}.py"
        elif word.startswith("__"):
            return True
        elif place.suffix == ".py":
            return word in defined(place)
        else:
            return word in defined(place / "__init__.py")
    return True


def test_every_named_module_exists():
    unknown = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in texts()
        for name in NAME.findall(path.read_text(encoding="utf-8"))
        if not exists(name)
    ]
    assert not unknown


def test_every_named_file_exists():
    shipped = {
        f"kwslib/_book/{name}.yml" for name in ("original", "published_models", "comparability", "claims")
    }
    elsewhere = shipped | {"notebooks/NN_name.py", "book/_ext/pictures/NAME.py", "book/_ext/widgets/NAME.py"}
    unknown = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in texts()
        for name in FILE.findall(path.read_text(encoding="utf-8"))
        if not any((folder / name).is_file() for folder in (REPOSITORY, path.parent))
        and name not in elsewhere
    ]
    assert not unknown


def test_a_name_that_is_gone_is_found():
    assert exists("kwslib.report.part4.board.board_values")
    assert not exists("kwslib.audio.read_audio")
    assert not exists("kwslib.report.nothing")
