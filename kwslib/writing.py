"""Files and folders that are written whole or not at all.

What is being written lies beside its place under a hidden name that says who writes it,
`.NAME.MACHINE-PROCESS-RANDOM.part`. A process that was killed leaves such a file or folder; the next one that writes
into the same folder removes it, and touches nothing of a process that still runs or of another machine.
"""

import errno
import functools
import hashlib
import os
import platform
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from kwslib.errors import KwsError
from kwslib.paths import absent, cache_path

# np.save tells of a full disk without a number
FULL = (None, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary path next to `path` that replaces it when the block succeeds, and is removed otherwise.

    Raises KwsError when there is no room, or nothing may be written there.
    """
    with atomic_files([path]) as (temporary,):
        yield temporary


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises KwsError as `atomic_write` does."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def atomic_files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Temporary paths that replace `paths` when the block succeeds: all of them or none.

    Raises KwsError as `atomic_write` does, and for a folder in the place of a file.
    """
    paths = [Path(path) for path in paths]
    with ExitStack() as stack:
        fresh = [stack.enter_context(_temporary(path)) for path in paths]
        yield fresh
        for path in paths:
            if path.is_dir():
                raise KwsError(f"{path} is a folder: remove it or choose another place")
        old = []
        if len(paths) > 1:
            old = [stack.enter_context(_temporary(path)) for path in paths]
            for path, kept in zip(paths, old, strict=True):
                if path.exists():
                    shutil.copy2(path, kept)
        try:
            for temporary, path in zip(fresh, paths, strict=True):
                temporary.replace(path)
        except BaseException:
            for path, kept in zip(paths, old, strict=False):
                if kept.exists():
                    kept.replace(path)
                else:
                    path.unlink(missing_ok=True)
            raise


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A temporary folder next to `path` that is renamed to it when the block succeeds, and is removed otherwise.

    A folder that has come to stand there meanwhile stays, and the temporary one vanishes. Raises KwsError as
    `atomic_write` does.
    """
    path = Path(path)
    with _temporary(path) as temporary:
        temporary.mkdir()
        yield temporary
        try:
            temporary.rename(path)
        except OSError:
            if not path.is_dir():
                raise


@contextmanager
def temporary_folder(parent: Path, name: str) -> Iterator[Path]:
    """A folder in `parent` for the length of the block."""
    with _temporary(Path(parent) / name) as folder:
        folder.mkdir()
        yield folder


def check_writable(path: Path, *read: Path) -> None:
    """Raises KwsError when nothing can be written at `path` (before the long work, not after), or when it is one of the
    files that are `read`; leaves nothing there.

    What would be made is made in a folder of its own, in the nearest one that is there.
    """
    _probe(path, path)
    if path.is_dir():
        raise KwsError(f"{path} is a folder: name a file in it")
    if any(path.exists() and each.exists() and path.samefile(each) for each in read):
        raise KwsError(f"{path} would be replaced by what is made of it: name another file")


def check_folder(folder: Path) -> None:
    """The same for a folder, into which files are to be written."""
    if os.path.lexists(folder) and not folder.is_dir():
        raise KwsError(f"{folder}: {absent(folder, 'folder')}: name another place")
    _probe(folder / "probe", folder)


def _probe(path: Path, named: Path) -> None:
    """Raises KwsError, about what was `named`, when nothing can be written at `path`."""
    there = next(folder for folder in path.parents if os.path.lexists(folder))
    probe = _beside(there / "probe")
    inner = probe / _beside(path).relative_to(there)
    try:
        inner.parent.mkdir(parents=True)
        inner.touch()
    except (OSError, ValueError) as error:
        raise KwsError(refusal(named, error)) from error
    finally:
        _remove(probe)


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A path beside `path` that nobody else uses; what lies there at the end of the block is removed."""
    with make_folder(path.parent, path):
        _remove_leftovers(path.parent.resolve())
        temporary = _beside(path)
        try:
            yield temporary
        except OSError as error:
            about = [str(name) for name in (error.filename, error.filename2) if name]
            if error.errno in FULL or any(name.startswith(str(temporary)) for name in about):
                raise KwsError(refusal(path, error)) from error
            raise
        finally:
            _remove(temporary)


def make_folder(folder: Path, wanted: Path) -> AbstractContextManager[None]:
    """Make a folder, and those above it, for the `wanted` path in it. When the block that is given back fails, those
    that were new and are still empty are removed. Raises KwsError where the folder cannot be made."""
    new = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KwsError(refusal(wanted, error)) from error
    return _unmade(new)


@contextmanager
def _unmade(new: Sequence[Path]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for place in new:
                place.rmdir()
        raise


def _beside(path: Path) -> Path:
    """A path beside `path` that nobody else uses, and that says who does."""
    owner = f"{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return path.with_name(f".{path.name}.{owner}.part{path.suffix}")


UNFINISHED = re.compile(  # a name of `_beside`, alone or in a line
    r"\.(?P<name>[^/\\]+?(?P<suffix>\.[^./\\]*)?)"
    r"\.(?P<machine>[0-9a-f]{6})-(?P<process>\d+)-[0-9a-f]{8}\.part(?(suffix)(?P=suffix))"
)


def finished(text: str) -> str:
    """A line with the files that it names as they will be called, not as they are while they are written."""
    return UNFINISHED.sub(r"\g<name>", text)


def refusal(path: Path, error: OSError | ValueError) -> str:
    """That nothing can be written at `path`, and the remedy."""
    full = isinstance(error, OSError) and error.errno in FULL
    remedy = "free some space or choose another place" if full else "choose another place"
    if path.is_relative_to(cache_path()):
        remedy = f"{remedy} for the cache {cache_path()} with KWS_CACHE"
    return finished(f"{path} cannot be written ({getattr(error, 'strerror', None) or error}): {remedy}")


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@functools.cache
def _machine() -> str:
    """Six hexadecimal digits for the machine, whose process numbers say nothing elsewhere."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


@functools.cache
def _remove_leftovers(folder: Path) -> None:
    """Remove what processes of this machine that are no more were writing into `folder`; once a process."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            found = UNFINISHED.fullmatch(entry.name)
            if found and found["machine"] == _machine() and not _runs(int(found["process"])):
                _remove(Path(entry.path))


def _runs(process: int) -> bool:
    """Whether some process has this number; on Windows, where asking would end it, always."""
    if os.name == "posix":
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        except (OSError, OverflowError):
            pass
    return True
