"""One process at a time: a folder that is locked while it is worked on."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from kwslib.writing import make_folder


@contextmanager
def alone(folder: Path, work: str) -> Iterator[bool]:
    """Let one process at a time into the block for a folder, which is made where there is none; others that ask for the
    same folder wait, and say on standard error that another process is busy with `work`. Yields whether this one did.

    The folder itself is locked, so nothing is left in it; the lock ends with the process, however that ends. The block
    may remove the folder: who waits for it makes it anew. Where the system or the file system has no such locks, nobody
    waits. Raises KwsError where the folder cannot be made.
    """
    held, waited = None, False
    while held is None:
        created = make_folder(folder, folder)
        held, busy = _lock(folder, work)
        waited |= busy
    with held, created:
        yield waited


def _lock(folder: Path, work: str) -> tuple[ExitStack | None, bool]:
    """What ends the lock of a folder when it is closed, None where the folder was removed meanwhile; and whether it had
    to be waited for."""
    with ExitStack() as stack:
        busy = False
        try:
            import fcntl
        except ImportError:  # Windows
            return stack.pop_all(), busy
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            return None, busy
        stack.callback(os.close, descriptor)
        with suppress(OSError):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                busy = True
                print(f"waiting for another process that is busy with {work}", file=sys.stderr, flush=True)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        there = os.path.isdir(folder) and os.path.samestat(folder.stat(), os.fstat(descriptor))
        return (stack.pop_all() if there else None), busy
