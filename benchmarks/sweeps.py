"""What a sweep costs: points per minute on one and on two Dask workers, and a point in a fresh Jupyter kernel.

    python benchmarks/sweeps.py [--write]

Points are of `kws sweep bits` in the report profile: half of them PTQ (short), half QAT at 8 bits. Six points make a
round, and the intervals are over rounds. Run it on a quiet machine; with --write the page on sweeps shows the new
numbers (book/results/90_sweeps.json).
"""

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import papermill
import typer
from distributed import LocalCluster

from kwslib.cli.main import script
from kwslib.experiments.sweeps.points import Task
from kwslib.experiments.sweeps.runners import cluster
from kwslib.experiments.sweeps.sweep import run_sweep, tasks
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.statistics import mean_interval

ROUNDS = 3
RATE, OVERHEAD = "points a minute", "time outside the points' longest cell"
WORKERS = {1: "one Dask worker", 2: "two Dask workers"}


def chosen(folder: Path) -> list[Task]:
    """Three short and three long points."""
    by_name = {task.name: task for task in tasks("bits", folder, "report", seeds=[0, 1, 2], figure=True)}
    return [by_name[f"{kind}_8bit_seed{seed}"] for seed in range(3) for kind in ("ptq", "qat")]


def rates(some: list[Task], folder: Path, workers: int) -> tuple[list[float], list[float]]:
    """Of each round: points per minute, and the share of the points' time outside their longest cell; warm workers."""
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
    ) as local:
        run = cluster(local.scheduler_address)
        run_sweep("bits", some[:workers], folder / "warm", run)
        reports = [run_sweep("bits", some, folder / f"{workers}_{i}", run) for i in range(ROUNDS)]
    return [60 * r.points / r.seconds for r in reports], [
        r.overhead for r in reports if r.overhead is not None
    ]


def fresh_kernel(task: Task, folder: Path) -> float:
    """Seconds of a point whose notebook gets a Jupyter kernel of its own."""
    (folder / "fresh" / "models").mkdir(parents=True)
    for name, content in task.networks.items():
        (folder / "fresh" / "models" / name).write_bytes(content)
    begin = time.monotonic()
    papermill.execute_notebook(
        nbformat.reads(task.notebook, as_version=4),
        None,
        task.parameters | {"results": str(folder / "fresh")},
        progress_bar=False,
        kernel_name="python3",
    )
    return time.monotonic() - begin


def main(write: bool = typer.Option(False, "--write", help="Keep the values in book/results.")) -> None:
    with TemporaryDirectory(prefix="kws-benchmark-") as temporary:
        folder = Path(temporary)
        some = chosen(folder)
        run = recording.start("90_sweeps", "report", results=recorded_folder(), seeds=[0, 1, 2])
        for workers, where in WORKERS.items():
            per_minute, outside = rates(some, folder, workers)
            for what, measured, unit in ((RATE, per_minute, ""), (OVERHEAD, outside, "fraction")):
                mean, *ci95 = mean_interval(measured)
                run.record(f"{what}, {where}", mean, unit, ci95, n=ROUNDS)
        warm = [
            row["wall_s"]
            for path in folder.glob("1_*/rows/*.json")
            if (row := json.loads(path.read_text(encoding="utf-8")))["method"] == "ptq"
        ]
        run.record("a PTQ point, forked from a warm process", sum(warm) / len(warm), "s", n=len(warm))
        run.record("the same in a Jupyter kernel of its own", fresh_kernel(some[0], folder), "s", n=1)
    for name, value in run.values.items():
        print(f"{name:60}{value['value']:10.3f} {value['unit']}")
    if write:
        run.finish()


if __name__ == "__main__":
    script(main)
