"""How a command that is stopped ends: cleaned up, one line, and the exit status that shells know.

SIGTERM is taken as Ctrl-C is: an exception in the main thread, so that every `with` and `finally` does its work.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


@contextmanager
def take_sigterm() -> Iterator[None]:
    """Within the block, SIGTERM raises `Terminated` in the main thread."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Stopped(Exception):
    """A command was stopped: what is to be said of it, and its exit status, 130 or 143."""

    def __init__(self, stop: KeyboardInterrupt, kept: str = "") -> None:
        terminated = isinstance(stop, Terminated)
        super().__init__(f"{'terminated' if terminated else 'interrupted'}{kept and f': {kept}'}")
        self.status = 128 + (signal.SIGTERM if terminated else signal.SIGINT)
