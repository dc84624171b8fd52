"""Other processes of ours: they end with this one, however it ends, and leave Ctrl-C to it."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import current_process

LOOK = 1.0  # seconds between two looks at the parent


@contextmanager
def beside(work: Callable[..., object], *arguments: object) -> Iterator[Callable[[], None]]:
    """Call `work(*arguments)` in another process, on half of the cores, for what it leaves in the cache; yields a
    function that waits for its end, which the end of the block does not.

    All of these are pickled. The process gives way to this one, and nothing of it is shown: who needs its work finds
    out that it failed. With one core, or in a daemonic process, there is no other.
    """
    from joblib import cpu_count
    from joblib.externals.loky.backend import get_context  # its processes do not import the main module

    if cpu_count() < 2 or current_process().daemon:
        yield lambda: None
        return
    process = get_context("loky").Process(target=_unseen, args=(os.getpid(), work, arguments))
    with deaf():
        process.start()
    try:
        yield process.join
    finally:
        process.terminate()
        process.join()


def _unseen(parent: int, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    from joblib import cpu_count
    from joblib.externals.loky import get_reusable_executor
    from tqdm import tqdm

    end_with(parent)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that what it holds is given back
    if hasattr(os, "nice"):
        os.nice(5)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for shown in (1, 2):  # the caller's standard output may be one JSON object
        os.dup2(nowhere, shown)
    os.environ["LOKY_MAX_CPU_COUNT"] = str(cpu_count() // 2)
    tqdm.set_lock(threading.RLock())  # its own is among processes, and would be left behind
    try:
        work(*arguments)
    finally:  # else this process would wait for the minutes after which idle ones of its own end
        get_reusable_executor(reuse=True).shutdown(kill_workers=True)


@contextmanager
def deaf() -> Iterator[None]:
    """Hold Ctrl-C and a hangup back while the block starts processes, which never hear them then: they are this one's,
    and the others may be importing yet. On Windows they ignore Ctrl-C from `end_with` on."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        ensure_running()  # else it is started below, and Python 3.11 lets Ctrl-C through after that
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with(parent: int) -> None:
    """End this process, a child of `parent`, soon after that is no more, however it ended. Ctrl-C is left to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
