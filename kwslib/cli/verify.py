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
    """Test the recorded models again, train one again, run the board again, check every part's claims.

    Exit status 1 where a number changed or a claim no longer holds.
    """
    from kwslib.record.claims import check, load_claims
    from kwslib.record.comparison import load_results, recorded_folder
    from kwslib.report.verify import count, verify

    stream = sys.stderr if as_json else sys.stdout
    checks = count(verify(data, results, retrain), lambda line: print(line, file=stream, flush=True))
    failed = [each for each in checks if not each.passed]
    recorded, folder = load_results(results), results or recorded_folder()
    claimed = check(load_claims(), recorded, folder and folder / "sweeps")
    for claim in claimed:
        print(claim, file=stream, flush=True)
    wrong = [claim for claim in claimed if not claim.holds]
    if as_json:
        name = recorded["03_training"]["data"]["name"]  # the checks ended well on its content
        found = [asdict(each) | {"passed": each.passed} for each in checks]
        claims = [
            {"part": c.claim.part, "says": c.claim.says, "shown": c.shown, "holds": c.holds} for c in claimed
        ]
        print_json({"data": name, "checks": found, "claims": claims})
    if failed:
        raise CheckFailed(f"{len(failed)} of {len(checks)} recorded numbers did not come out again")
    if wrong:
        raise CheckFailed(f"{len(wrong)} of {len(claimed)} claims no longer hold: change these sentences")
    print(f"{len(checks)} recorded numbers came out again, {len(claimed)} claims hold", file=stream)
