"""What the machine has to say (files, disk, memory, encodings) as a line with the path and the remedy."""

import errno
import os
import sys
import tempfile
from concurrent.futures import BrokenExecutor
from pathlib import Path

from kwslib.errors import KwsError

EXPLAINED = (OSError, MemoryError, UnicodeError, EOFError, BrokenExecutor, ModuleNotFoundError)

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
REMEDIES = {
    errno.ENOENT: "check the name",
    errno.EACCES: "change its permissions or name another",
    errno.EPERM: "change its permissions or name another",
    errno.EROFS: "name a place that can be written",
    errno.ENOSPC: "free some space or name another place",
    errno.EDQUOT: "free some space or name another place",
    errno.EISDIR: "name a file",
    errno.ENOTDIR: "name a path whose folders are folders",
    errno.EEXIST: "move it away or name another",
    errno.ENOTEMPTY: "move it away or name another",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.ELOOP: "remove the circle of links",
    errno.EMFILE: "close other programs or raise the limit (ulimit -n)",
    errno.ENOMEM: "close other programs or take a machine with more memory",
    errno.EIO: "check the disk",
}


def explain(error: BaseException) -> str:
    """What happened, where, and what to do about it. `error`: one of EXPLAINED."""
    if isinstance(error, OSError):
        return _os_error(error)
    if isinstance(error, MemoryError):
        problem = f"not enough memory ({error})" if str(error) else "not enough memory"
        return f"{problem}: use fewer or shorter recordings, or a machine with more"
    if isinstance(error, UnicodeEncodeError):
        problem = f"{error.object!r} cannot be written in {error.encoding}"
        return f"{problem}: use another name, or a UTF-8 locale such as LC_ALL=C.UTF-8"
    if isinstance(error, UnicodeError):
        return f"a text file is not UTF-8 ({error}): save it as UTF-8"
    if isinstance(error, ModuleNotFoundError):
        return f"the Python module {error.name} is not installed: install kwslib with all of its extras"
    if isinstance(error, BrokenExecutor):
        return "a worker process was killed, as happens when memory runs out: free some and run again"
    return f"a file ends too early ({error}): copy or make it again"


def is_explained(error: BaseException) -> bool:
    """Whether the machine is at fault; a module of ours that is missing is our own error."""
    ours = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "kwslib"
    return isinstance(error, EXPLAINED) and not ours


def output_fails(probe: bytes = b"") -> bool:
    """Whether standard output takes no more, what is left in its buffer and `probe`: a full disk, a closed pipe."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
            os.write(sys.stdout.fileno(), probe)
    except OSError:
        return True
    return False


def _os_error(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    remedy = REMEDIES.get(error.errno or 0, "check the path")
    path = error.filename2 if error.filename2 is not None else error.filename
    if path is None:
        if error.errno in NO_SPACE and output_fails(
            probe=b"\n"
        ):  # the buffer was lost with the first failure, so ask again
            return f"standard output: {reason}: {remedy}"
        if error.errno == errno.ENOENT and _working_directory_is_gone():
            return "the working directory was deleted: change to one that exists"
        return f"{reason}: {remedy}" if error.errno in REMEDIES else reason
    place = os.fsdecode(path) if isinstance(path, bytes | str | os.PathLike) else str(path)
    if place.startswith(str(Path(tempfile.gettempdir(), "kws-"))):
        return f"{tempfile.gettempdir()}: {reason}: {remedy} in TMPDIR"
    if _is_in_the_cache(place):
        remedy += "; KWS_CACHE names the cache's folder"
    return f"{place}: {reason}: {remedy}"


def _working_directory_is_gone() -> bool:
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def _is_in_the_cache(path: str) -> bool:
    from kwslib.paths import cache_path

    try:
        return Path(path).is_relative_to(cache_path())
    except KwsError:  # KWS_CACHE names no place at all
        return False
