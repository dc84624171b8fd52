"""Cache of arrays and files that take long to compute, under a key of everything that they depend on."""

import ast
import functools
import hashlib
import os
import shutil
import struct
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import current_process
from pathlib import Path

import numpy as np

from kwslib.errors import KwsError
from kwslib.paths import cache_dir, cache_path, files_within
from kwslib.writing import atomic_write, temporary_folder

PACKAGE = "kwslib"
ROOT = Path(__file__).parent
NUMBER_OF_ENTRIES = struct.Struct("<10xH10x")  # in the record that ends a zip archive
NO_VALUES = (
    "cache",
    "errors",
    "locks",
    "paths",
    "processes",
    "progress",
    "quiet",
    "worker",
    "writing",
)  # modules that no sample depends on

Arrays = dict[str, np.ndarray]
_unwritten: set[Path] = set()


def cached(folder: str, key: str, make: Callable[[], Arrays]) -> Arrays:
    """The result of the first call of `make` under this key; computed again if the cached file is damaged, or could
    not be written: the main process says so once for each folder, in a line on standard error."""
    path = cache_path() / folder / f"{key}.npz"
    kept = _read(path)
    if kept is None:
        kept = make()
        try:
            with atomic_write(path) as temporary:
                np.savez(temporary, **kept)
        except KwsError as error:
            if path.parent not in _unwritten and current_process().name == "MainProcess":
                print(f"going on without the cache: {error}", file=sys.stderr, flush=True)
            _unwritten.add(path.parent)
    return kept


def cached_file(folder: str, key: str, suffix: str, make: Callable[[Path], None]) -> Path:
    """Path of the file that `make` wrote where it was told to when this was first called under this key.

    The file's name ends with the hash of its bytes: a damaged one, which could end a process that loads it, is not
    taken, and is made anew.
    """
    place = cache_dir() / folder
    for path in place.glob(f"{key}-*{suffix}"):
        if path == _by_content(place, key, suffix, path.read_bytes()):
            return path
        path.unlink(missing_ok=True)
    with temporary_folder(place, key) as temporary:
        make(temporary / f"file{suffix}")
        content = (temporary / f"file{suffix}").read_bytes()
    path = _by_content(place, key, suffix, content)
    with atomic_write(path) as fresh:
        fresh.write_bytes(content)
    return path


def _by_content(place: Path, key: str, suffix: str, content: bytes) -> Path:
    return place / f"{key}-{hashlib.sha256(content).hexdigest()[:24]}{suffix}"


def cached_folder(name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` made where it was told to when this was first called under this name.

    Its name ends with the hash of its files, as with `cached_file`: one in which a file is damaged, missing or new is
    removed and made again. Hidden files and folders do not count.
    """
    for path in cache_dir().glob(f"{name}-*"):
        if path.name == f"{name}-{_hash_of_files(path)}":
            return path
        shutil.rmtree(path, ignore_errors=True)
    with temporary_folder(cache_dir(), name) as temporary:
        make(temporary / "made")
        path = cache_dir() / f"{name}-{_hash_of_files(temporary / 'made')}"
        try:
            (temporary / "made").rename(path)
        except OSError:
            if path.name != f"{name}-{_hash_of_files(path)}":  # it is not that a process was faster
                raise
    return path


def _hash_of_files(folder: Path) -> str:
    """24 hexadecimal digits of the names and bytes of a folder's files; "" where something in it cannot be read."""
    found = hashlib.sha256()
    try:
        for path in files_within(folder):
            if not path.is_file():  # a pipe would be read without end
                return ""
            found.update(os.fsencode(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n"))
            found.update(path.read_bytes())
    except OSError:  # of the disk, or since another process removes the folder
        return ""
    return found.hexdigest()[:24]


def _read(path: Path) -> Arrays | None:
    if not os.path.exists(path):  # which does not raise where no such file can be
        return None
    try:
        with np.load(path) as file:  # each array has a check sum, and its name stands there twice
            arrays = dict(file)
        return arrays if len(arrays) == _number_of_entries(path) else None
    except Exception:  # noqa: BLE001 - of zipfile, zlib and numpy, a dozen kinds
        return None


def _number_of_entries(path: Path) -> int:
    """How many arrays the archive says it holds: a damaged length in its directory makes zipfile skip one."""
    with path.open("rb") as file:
        file.seek(-NUMBER_OF_ENTRIES.size, os.SEEK_END)
        (number,) = NUMBER_OF_ENTRIES.unpack(file.read())
    return int(number)


def digest(*parts: object) -> str:
    """A key: 24 hexadecimal digits of plain values (text, bytes, numbers, tuples and dataclasses of these)."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


@functools.cache
def code(module: str) -> str:
    """Digest of a module's source, of all modules of kwslib that it imports in turn, and of the versions of the
    other packages that they import: what a module computes changes only when this does."""
    sources: dict[str, bytes] = {}
    packages: set[str] = set()
    todo = [module]
    while todo:
        name = todo.pop()
        path = _file(name)
        if name in sources or path is None:
            continue
        sources[name] = path.read_bytes()
        for found in _imports(sources[name]):
            first, _, rest = found.partition(".")
            if first != PACKAGE:
                packages.add(first)
            elif rest not in NO_VALUES:
                todo.append(found)
    return digest(sorted(sources.items()), [(name, package_version(name)) for name in sorted(packages)])


@functools.cache  # many keys are made of the same modules
def _imports(source: bytes) -> tuple[str, ...]:
    """Modules that a source imports, and the names that it takes from them, anywhere in it."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


def _file(module: str) -> Path | None:
    """The source of a module of kwslib; None where the name is a function's or a class's."""
    base = ROOT.joinpath(*module.split(".")[1:])
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def package_version(package: str) -> str:
    """What is installed of a package; empty for one that is not installed under this name."""
    try:
        return version(package)
    except PackageNotFoundError:  # of the standard library, or under another name
        return ""
