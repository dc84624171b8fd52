"""`kws verify`: the recorded numbers, found again."""

import sys
from dataclasses import asdict
from pathlib import Path

import typer

from kwslib.cli.options import DATA, JSON
from kwslib.cli.output import print_json
from kwslib.errors import CheckFailed


def verify_recorded(
    data: Path | None = DATA,
    results: Path | None = typer.Option(None, help="Folder of recorded values [default: book/results]."),
    retrain: bool = typer.Option(True, help="Also train TinyConv once more (about a minute)."),
    as_json: bool = JSON,
) -> None:
    """Test the recorded models again, train one again, run the board again; exit status 1 where a number changed."""
    from kwslib.record.comparison import load_results
    from kwslib.report.verify import count, verify

    stream = sys.stderr if as_json else sys.stdout
    checks = count(verify(data, results, retrain), lambda line: print(line, file=stream, flush=True))
    failed = [check for check in checks if not check.passed]
    if as_json:
        name = load_results(results)["03_training"]["data"]["name"]  # the checks ended well on its content
        print_json({"data": name, "checks": [asdict(check) | {"passed": check.passed} for check in checks]})
    if failed:
        raise CheckFailed(f"{len(failed)} of {len(checks)} recorded numbers did not come out again")
    print(f"{len(checks)} recorded numbers came out again", file=stream)
