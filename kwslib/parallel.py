"""Pieces of work that do not hang on each other, side by side on the processor's cores."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def over_cores(
    run: Callable[[Item], Result], items: Iterable[Item], what: str, *, threads: bool = False
) -> list[Result]:
    """`run(item)` for every item, one process a core, in the order of `items`, with a progress bar called `what`.

    threads: in this process, for work that is done in C and lets other threads run meanwhile.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    todo = list(items)
    jobs = max(1, min(len(todo), os.cpu_count() or 1))
    parallel = Parallel(n_jobs=jobs, prefer="threads" if threads else "processes", return_as="generator")
    results = parallel(delayed(run)(item) for item in todo)
    return list(tqdm(results, what, len(todo), disable=not sys.stderr.isatty(), leave=False))
