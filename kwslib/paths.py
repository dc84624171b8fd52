"""Locations of files: the cache, lists of folders, what stands at a path."""

import os
from pathlib import Path

from kwslib.errors import KwsError


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
