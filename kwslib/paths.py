"""Where things are kept, and how files are written: whole or not at all."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kwslib.errors import KwsError


def cache_dir() -> Path:
    """`$KWS_CACHE`, else the user's cache folder; made when missing."""
    import pooch

    folder = expand(os.environ.get("KWS_CACHE") or pooch.os_cache("kwslib"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KwsError(
            f"{folder} cannot hold the cache ({error.strerror}): name another folder in KWS_CACHE"
        ) from error
    return folder


def expand(path: Path | str) -> Path:
    """`path` with a leading ~ or ~user as that user's home. Raises KwsError when there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise KwsError(f"{path}: no such user: write the whole path") from None


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and vanishes when not."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.filename is None:  # a full disk is told by the write, which knows no name
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Make the folder of `path`; KwsError when nothing can be written there (before the long work, not after)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise KwsError(f"{path} cannot be written ({error.strerror}): choose another place") from error
    if path.is_dir():
        raise KwsError(f"{path} is a folder: name a file in it")
