"""How a command that is stopped ends: cleaned up, one line, and the exit status that shells know.

SIGTERM is taken as Ctrl-C is: an exception in the main thread, so that every `with` and `finally` does its work.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer


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


def stopped(stop: KeyboardInterrupt, kept: str = "") -> typer.Exit:
    """Say that the command was stopped, and what it kept; the exception to raise, with status 130 or 143."""
    terminated = isinstance(stop, Terminated)
    word = "terminated" if terminated else "interrupted"
    print(f"kws: {word}{kept and f': {kept}'}", file=sys.stderr)
    return typer.Exit(128 + (signal.SIGTERM if terminated else signal.SIGINT))
