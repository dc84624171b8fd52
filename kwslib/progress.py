"""Progress bars, on standard error and only if that is a terminal: of a loop, and of work on all cores."""

import os
import warnings
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import TypeVar

from kwslib.processes import deaf, end_with

Item = TypeVar("Item")
Result = TypeVar("Result")

UNFINISHED = (
    r"\d+ tasks (have been successfully executed +but not used|which were still being processed)"  # joblib
)


def progress(items: Iterable[Item], description: str, total: int | None = None) -> Iterable[Item]:
    """`items` with a progress bar while they are consumed; silent when standard error is not a terminal."""
    from tqdm import tqdm

    return tqdm(items, desc=description, total=total, disable=None, leave=False)


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
            with deaf():
                results = parallel(delayed(work)(item) for item in todo)
                at_the_end.callback(
                    results.close
                )  # ends the work if Ctrl-C is heard before anything asks for a result
            return list(tqdm(results, what, len(todo), disable=None, leave=False))
