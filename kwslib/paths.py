"""Locations of files, and atomic writing.

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

# np.save tells of a full disk without a number
FULL = (None, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def cache_dir() -> Path:
    """`cache_path`, created if missing. Raises KwsError if it cannot be created."""
    folder = cache_path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KwsError(
            f"{folder} cannot hold the cache ({error.strerror}): name another folder in KWS_CACHE"
        ) from error
    return folder


def cache_path() -> Path:
    """`$KWS_CACHE`, else the user's cache folder, which need not exist."""
    import platformdirs

    return expand(os.environ.get("KWS_CACHE") or platformdirs.user_cache_dir("kwslib"))


def stamp(path: Path) -> tuple[int, int, int, int]:
    """Changes whenever the file does: size, times of change of the content and of the file itself, inode.

    What copies (`cp -p`, `rsync -t`, an unpacker) may set size and time of the content alike, but never the rest.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def expand(path: Path | str) -> Path:
    """`path` with a leading ~ or ~user as that user's home. Raises KwsError when there is no such user."""
    try:
        return Path(path).expanduser()
    except (RuntimeError, ValueError):  # the latter for a name that no user can have
        raise KwsError(f"{path}: no such user: write the whole path") from None


def absent(path: Path, wanted: str) -> str:
    """What stands at `path` instead of the `wanted` "file" or "folder", for an error."""
    if os.path.isdir(path):
        return "a folder, not a file"
    if os.path.isfile(path):
        return "a file, not a folder"
    if os.path.exists(path):
        return f"a pipe or a device, not a {wanted}"
    return f"a link to nothing, not a {wanted}" if os.path.islink(path) else f"no such {wanted}"


def folders(named: Path | str) -> list[Path]:
    """The folders in a list separated as in PATH; an existing folder with the separator in its name is a single folder.

    Raises KwsError where nothing stands before, between or after separators.
    """
    if expand(named).is_dir():
        return [Path(named)]
    parts = str(named).split(os.pathsep)
    if not all(parts):
        raise KwsError(f"{named}: an empty name in this list of folders: take a {os.pathsep!r} out")
    return [Path(part) for part in parts]


def files_within(folder: Path) -> list[Path]:
    """What is in a folder and in the folders within it, sorted, hidden things aside: files, and links to folders or to
    nothing, pipes and devices. Raises OSError for a folder that cannot be read."""

    def refuse(error: OSError) -> None:
        raise error

    found: list[Path] = []
    for place, inner, files in os.walk(folder, onerror=refuse):
        linked = [name for name in inner if os.path.islink(Path(place, name))]
        found += [Path(place, name) for name in (*files, *linked) if name[0] != "."]
        inner[:] = [name for name in inner if name[0] != "."]
    return sorted(found, key=lambda path: path.parts)  # paths on Windows compare without regard to case


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary path next to `path` that replaces it when the block succeeds, and is removed otherwise.

    Raises KwsError when there is no room, or nothing may be written there.
    """
    with atomic_files([path]) as (temporary,):
        yield temporary


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
