"""How a command that is stopped ends: one line at once, cleaned up, and the exit status that shells know.

A signal is an exception in the main thread, so that every `with` and `finally` does its work. What comes meanwhile, as
when Ctrl-C is pressed twice, stops none of that.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
if hasattr(signal, "SIGHUP"):  # not on Windows
    SAID[signal.SIGHUP] = "hung up"  # its terminal closed
PATIENCE = 10.0  # s that cleaning up may take before another signal is heard


class Signalled(KeyboardInterrupt):
    """A signal came, and standard error says so."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = 128 + number


@contextmanager
def take_signals(name: str) -> Iterator[None]:
    """Within the block, the signals of SAID raise `Signalled` in the main thread, and are told of as the command
    `name`; one that is ignored remains so. After a block that was stopped all are ignored: the process ends. What other
    threads run into from then on, such as joblib's that give out work, is not said.

    Raises Stopped when a block ends otherwise than it was stopped, since C code, as of a module that is imported, can
    swallow an exception and go on with half of its work."""
    taken, last = 0.0, None  # when, and what it raised

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal taken, last
        if last and time.monotonic() - taken < PATIENCE:
            return
        taken, last = time.monotonic(), Signalled(number)
        with suppress(OSError):
            os.write(2, f"{name}: {SAID[signal.Signals(number)]}\n".encode())
        threading.excepthook = lambda _: None
        raise last

    heard = [number for number in SAID if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
        if last:
            raise Stopped(last)
    except Exception as error:
        if last and not isinstance(error, Stopped):
            raise Stopped(last) from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if last else handler)


class Stopped(Exception):
    """A command was stopped: what is to be said of what it leaves, if anything, which `stop` may know; and its exit
    status, 128 and the signal's number."""

    def __init__(self, stop: KeyboardInterrupt, kept: str = "") -> None:
        super().__init__(kept or str(stop))
        self.status = stop.status if isinstance(stop, Signalled) else 128 + signal.SIGINT
