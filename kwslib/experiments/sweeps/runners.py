"""Runners of points: processes on this machine through joblib, or the workers of a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kwslib.errors import KwsError
from kwslib.experiments.sweeps.points import Outcome, Task, code_fingerprint, run_task

PATIENCE = 30  # seconds that a scheduler and its first worker may take to answer

Runner = Callable[[Sequence[Task]], Iterator[Outcome]]


def local(jobs: int) -> Runner:
    """Run points in `jobs` processes on this machine. A thread waits for each, and has a warm process to fork from."""

    def run_tasks(tasks: Sequence[Task]) -> Iterator[Outcome]:
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=jobs, backend="threading", return_as="generator_unordered")
        yield from parallel(delayed(run_task)(task) for task in tasks)

    return run_tasks


def cluster(address: str) -> Runner:
    """Run points on the workers of the Dask scheduler at `address`; those of a lost worker run on another.

    Raises KwsError when the scheduler cannot be reached, has no worker, or a worker has different sources of kwslib.
    """

    def run_tasks(tasks: Sequence[Task]) -> Iterator[Outcome]:
        from distributed import Client, KilledWorker, as_completed

        try:
            client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as reason:
            raise KwsError(
                f"{address}: no Dask scheduler answers ({reason}): start one with `dask scheduler`"
            ) from reason
        with client:
            _check_workers(client, address)
            by_key = {f"kws-point-{task.key}": task for task in tasks}
            futures = client.map(run_task, tasks, key=list(by_key), pure=False)
            for future, result in as_completed(
                futures, loop=client.loop, with_results=True, raise_errors=False
            ):
                if future.status == "finished":
                    yield result
                    continue
                error = result[1] if isinstance(result, tuple) else result
                if isinstance(error, KwsError):
                    raise error
                if not isinstance(error, KilledWorker):
                    raise KwsError(f"{address}: {by_key[future.key].name}: {error}") from None
                task = by_key[future.key]
                yield Outcome(task, None, task.notebook, traceback=f"its workers were lost: {error}\n")

    return run_tasks


def _check_workers(client: Any, address: str) -> None:
    """Every worker must run the sources that the sweep is counted by."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
        found = client.run(code_fingerprint)
    except TimeoutError:
        raise KwsError(f"{address}: no worker: start some with `dask worker {address}`") from None
    except ImportError as error:
        raise KwsError(f"{address}: a worker lacks kwslib ({error}): install it there") from None
    if others := sorted(worker for worker, code in found.items() if code != code_fingerprint()):
        workers = ", ".join(others)
        raise KwsError(
            f"{workers}: runs other sources or packages: install this commit and lock there, restart it"
        )
