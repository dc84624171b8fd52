"""`kws sweep`: a grid of notebook runs, here or on a Dask cluster."""

from dataclasses import asdict
from pathlib import Path

import typer

from kwslib.cli.interruption import Stopped
from kwslib.cli.options import JSON, PROFILE, SEED_MAX
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError
from kwslib.writing import check_folder


def run_a_sweep(
    sweep: str = typer.Argument(help="bits, sparsity or channels."),
    out: Path = typer.Option(
        ..., "--out", help="Folder of the sweep; a sweep that was interrupted resumes there."
    ),
    jobs: int = typer.Option(
        0, min=0, max=1024, help="Points that run at once [default: the processor's cores]."
    ),
    scheduler: str | None = typer.Option(None, help="Address of a Dask scheduler, such as tcp://HOST:8786."),
    figure: bool = typer.Option(False, "--figure", help="Only the points of the report's figure."),
    seeds: str | None = typer.Option(None, help="Seeds, separated by commas [default: the profile's]."),
    profile: str | None = PROFILE,
    data: Path | None = typer.Option(None, help="Folder of clips in Speech Commands' layout."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only list the points and count them."),
    as_json: bool = JSON,
) -> None:
    """Run Part 5 (bits) or 6 (sparsity, channels) once for each point; write the notebooks, the rows and their table.

    Exit status 1 when a point failed: its notebook and traceback are in OUT/failed, and the others are complete.
    """
    import contextlib
    import os
    import sys

    from kwslib.data.corpus import open_corpus
    from kwslib.experiments.sweeps.grids import grid
    from kwslib.experiments.sweeps.runners import cluster, local
    from kwslib.experiments.sweeps.sweep import run_sweep, tasks
    from kwslib.profiles import get_profile

    try:
        chosen = [int(seed) for seed in seeds.split(",")] if seeds else None
    except ValueError:
        raise KwsError(f"--seeds {seeds}: give whole numbers separated by commas") from None
    if not all(0 <= seed <= SEED_MAX for seed in chosen or ()):
        raise KwsError(f"--seeds {seeds}: give numbers from 0 to {SEED_MAX}")
    points = grid(sweep, chosen or get_profile(profile).seeds, figure)
    if dry_run:
        _list_points([point.name for point in points], as_json)
        return
    check_folder(out)
    if data is None and get_profile(profile).synthetic and os.environ.get("KWS_DATA"):
        data = Path(os.environ["KWS_DATA"])  # the report profile's points find it where they run
    corpus = open_corpus(data, profile)
    print(one_line(corpus.describe()), file=sys.stderr)
    runner = cluster(scheduler) if scheduler else local(jobs or os.cpu_count() or 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            chosen_tasks = tasks(sweep, out, profile, data, chosen, figure)
            report = run_sweep(sweep, chosen_tasks, out, runner)
    except KeyboardInterrupt as stop:
        raise Stopped(stop, f"{out} holds what is finished; run again to go on") from None
    if as_json:
        data_fields = {"data": corpus.name, "synthetic": corpus.synthetic}
        print_json(data_fields | asdict(report) | {"table": str(report.table)})
    else:
        finished = f"{report.points - len(report.failed)} of {report.points} points, {report.computed} new"
        print(one_line(f"{report.table}: {finished}, {corpus.title}"))
        if report.overhead is not None:
            print(
                f"  {report.seconds:.0f} s; {report.overhead:.0%} of the points' time outside their longest cell"
            )
        for name in report.failed:
            print(f"  failed: {name}, see {out / 'failed' / name}.ipynb and .txt", file=sys.stderr)
    if report.failed:
        raise typer.Exit(1)


def _list_points(names: list[str], as_json: bool) -> None:
    if as_json:
        print_json({"points": len(names), "names": names})
        return
    for name in names:
        print(name)
    print(f"{len(names)} points")
