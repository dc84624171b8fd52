"""A sweep from its grid to its table: finished points are kept, the others are run, failures are reported.

A sweep that was killed and restarted finds its rows by their content keys and runs the remaining points.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kwslib.experiments.bases import base_models
from kwslib.experiments.sweeps import notebook as notebooks
from kwslib.experiments.sweeps.grids import grid
from kwslib.experiments.sweeps.points import Task, code_fingerprint, content_key
from kwslib.experiments.sweeps.runners import Runner
from kwslib.experiments.sweeps.store import Store
from kwslib.record import recording
from kwslib.record.comparison import repository


@dataclass(frozen=True)
class SweepReport:
    """Summary of a sweep. `overhead` is the share of the points' time outside their longest cell, 0..1."""

    points: int
    computed: int
    failed: tuple[str, ...]
    table: Path
    seconds: float
    overhead: float | None


def tasks(
    sweep: str,
    folder: Path,
    profile: str | None = None,
    data: Path | None = None,
    seeds: Sequence[int] | None = None,
    figure: bool = False,
) -> list[Task]:
    """The points of a sweep as tasks. They start from Part 3's networks, or from ones trained and saved in
    `folder`/base.

    Raises KwsError for an unknown sweep or profile, and outside a clone.
    """
    import nbformat

    run = recording.start(f"kws sweep {sweep}", profile, data, folder / "base", seeds)
    points = grid(sweep, run.seeds, figure)
    print(f"{len(points)} points; first the networks that they start from", flush=True)
    scripts = (repository() or Path.cwd()) / "notebooks"
    empty = {
        name: notebooks.point_notebook(scripts / f"{name}.py", "") for name in {p.notebook for p in points}
    }
    code, data_hash = code_fingerprint(), run.corpus.content_hash
    networks = {seed: {path.name: path.read_bytes()} for seed, path in base_models(run).items()}
    data_parameters = {"profile": run.profile.name} | ({"data": str(run.corpus.root)} if data else {})
    listed = []
    for point in points:
        trained = networks[point.parameters["seed"]]
        key = content_key(
            empty[point.notebook], code, point.parameters | {"profile": run.profile.name}, data_hash, trained
        )
        text = nbformat.writes(notebooks.point_notebook(scripts / f"{point.notebook}.py", point.name))
        listed.append(
            Task(point.name, key, code, data_hash, text, point.parameters | data_parameters, trained)
        )
    return listed


def run_sweep(sweep: str, tasks: Sequence[Task], folder: Path, runner: Runner) -> SweepReport:
    """Run the unfinished ones of `tasks`, store their results in `folder`, and write the table of all."""
    from tqdm import tqdm

    store, begin = Store(folder), time.monotonic()
    todo = [task for task in tasks if store.row(task.key) is None]
    failed: list[str] = []
    done, has_bar = len(tasks) - len(todo), sys.stderr.isatty()
    print(f"{len(todo)} points to run, {done} done before", file=sys.stderr, flush=True)
    wall = longest = 0.0
    bar = tqdm(
        total=len(tasks),
        initial=done,
        desc=f"sweep {sweep}",
        unit="point",
        disable=not has_bar,
    )
    with bar:
        for outcome in runner(todo) if todo else ():
            store.keep(outcome)
            if outcome.row is None:
                failed.append(outcome.task.name)
            else:
                wall += outcome.row["wall_s"]
                longest += outcome.row["longest_cell_s"]
            bar.update()
            done += 1
            if not has_bar:  # in a log a line a point stands for the bar
                outcome_text = f"{outcome.row['wall_s']:.0f} s" if outcome.row else "failed"
                print(
                    f"{done} of {len(tasks)}: {outcome.task.name}, {outcome_text}",
                    file=sys.stderr,
                    flush=True,
                )
    overhead = 1 - longest / wall if wall else None
    written = store.write_table(sweep, tasks)
    return SweepReport(len(tasks), len(todo), tuple(failed), written, time.monotonic() - begin, overhead)
