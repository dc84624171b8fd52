"""`kws sweep`: a grid of notebook runs, here or on a Dask cluster."""

from dataclasses import asdict
from pathlib import Path

import typer

from kwslib.cli.output import print_json
from kwslib.errors import KwsError
from kwslib.paths import check_writable


def run_a_sweep(
    sweep: str = typer.Argument(help="bits, sparsity or channels."),
    out: Path = typer.Option(
        ..., "--out", help="Folder of the sweep; started again, it goes on where it stopped."
    ),
    jobs: int = typer.Option(0, help="Points at a time [default: the processor's cores]."),
    scheduler: str | None = typer.Option(None, help="Address of a Dask scheduler, such as tcp://HOST:8786."),
    figure: bool = typer.Option(False, "--figure", help="Only the points of the report's figure."),
    seeds: str | None = typer.Option(None, help="Seeds, separated by commas [default: the profile's]."),
    profile: str | None = typer.Option(None, help="quick (synthetic corpus) or report (Speech Commands)."),
    data: Path | None = typer.Option(None, help="Folder of clips in Speech Commands' layout."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Run Part 5 (bits) or 6 (sparsity, channels) once for each point; leave notebooks, rows and their table.

    Exit status 1 when a point failed: its notebook and traceback lie in OUT/failed, the others are done.
    """
    import contextlib
    import os
    import sys

    from kwslib.sweeps.runners import cluster, local
    from kwslib.sweeps.sweep import run_sweep, tasks

    try:
        chosen = [int(seed) for seed in seeds.split(",")] if seeds else None
    except ValueError:
        raise KwsError(f"--seeds {seeds}: give whole numbers separated by commas") from None
    if jobs < 0:
        raise KwsError(f"--jobs {jobs}: use 1 or more")
    check_writable(out / "rows" / "probe")
    runner = cluster(scheduler) if scheduler else local(jobs or os.cpu_count() or 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            made = tasks(sweep, out, profile, data, chosen, figure)
            report = run_sweep(sweep, made, out, runner)
    except KeyboardInterrupt:
        print(f"kws: interrupted: {out} holds what is finished; run again to go on", file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print_json(asdict(report) | {"table": str(report.table)})
    else:
        print(
            f"{report.table}: {report.points - len(report.failed)} of {report.points} points, {report.computed} new"
        )
        if report.overhead is not None:
            print(
                f"  {report.seconds:.0f} s; {report.overhead:.0%} of the points' time outside their longest cell"
            )
        for name in report.failed:
            print(f"  failed: {name}, see {out / 'failed' / name}.ipynb and .txt", file=sys.stderr)
    if report.failed:
        raise typer.Exit(1)
