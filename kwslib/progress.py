"""Progress bars, on standard error and only if that is a terminal; parallel work on all cores."""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import current_process
from typing import TypeVar

Item = TypeVar("Item")


def progress(items: Iterable[Item], description: str, total: int | None = None) -> Iterable[Item]:
    """`items` with a progress bar while they are consumed; silent when standard error is not a terminal."""
    from tqdm import tqdm

    return tqdm(items, desc=description, total=total, disable=None, leave=False)


Result = TypeVar("Result")


LOOK = 1.0  # seconds between two looks at the parent
UNFINISHED = (
    r"\d+ tasks (have been successfully executed +but not used|which were still being processed)"  # joblib
)


def over_cores(
    work: Callable[[Item], Result], items: Iterable[Item], what: str, *, threads: bool = False
) -> list[Result]:
    """`work(item)` for every item, one process per core, in the order of `items`, with a progress bar named `what`.

    Cores are those that this process may use, at most `$LOKY_MAX_CPU_COUNT`; with one there is no other process.
    threads: in this process, for work that is done in C and lets other threads run meanwhile.
    """
    from joblib import Parallel, cpu_count, delayed
    from tqdm import tqdm

    todo = list(items)
    jobs = max(1, min(len(todo), cpu_count()))
    parallel = Parallel(
        n_jobs=jobs,
        prefer="threads" if threads else "processes",
        return_as="generator",
        initializer=end_with,
        initargs=(os.getpid(),),
    )
    with warnings.catch_warnings():
        # that a worker which holds much memory is replaced by a fresh one
        warnings.filterwarnings("ignore", "A worker stopped while", UserWarning)
        warnings.filterwarnings("ignore", UNFINISHED, UserWarning)
        with ExitStack() as at_the_end:
            with _deaf():
                results = parallel(delayed(work)(item) for item in todo)
                at_the_end.callback(
                    results.close
                )  # ends the work if Ctrl-C is heard before anything asks for a result
            return list(tqdm(results, what, len(todo), disable=None, leave=False))


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
    with _deaf():
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
def _deaf() -> Iterator[None]:
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
