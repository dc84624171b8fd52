"""Libraries in C that write to standard error on their own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

_LOCK = Lock()  # two threads at once would put each other's silence back


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what C and C++ write to standard error, where LiteRT announces its delegate amid a notebook's page."""
    with _LOCK:
        saved = os.dup(2)
        try:
            with Path(os.devnull).open("wb") as null:
                os.dup2(null.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
