"""`kws verify`: the recorded numbers, found again."""

import sys
from dataclasses import asdict
from pathlib import Path

import typer

from kwslib.cli.options import JSON
from kwslib.cli.output import print_json
from kwslib.errors import CheckFailed


def verify_recorded(
    data: Path | None = typer.Option(
        None,
        envvar="KWS_DATA",
        help="Folder of clips in Speech Commands' layout; or several, separated as in PATH.",
    ),
    results: Path | None = typer.Option(None, help="Folder of recorded values [default: book/results]."),
    retrain: bool = typer.Option(True, help="Also train TinyConv once more (about a minute)."),
    as_json: bool = JSON,
) -> None:
    """Test the recorded models again, train one again, run the board again, check every part's claims.

    A part is tested on the clips that it was recorded from: all folders of --data together, or one of them.
    Exit status 1 when a number changed, a part's clips are missing, or a claim no longer holds.
    """
    from kwslib.data.corpus import open_corpus
    from kwslib.record.claims import check, load_claims
    from kwslib.record.comparison import load_results, recorded_folder
    from kwslib.report.recordings import not_at_hand, recordings_of
    from kwslib.report.verify import REPORT, check_installed, count, recorded_parts, verify

    check_installed()
    stream = sys.stderr if as_json else sys.stdout

    def say(line: object) -> None:
        print(line, file=stream, flush=True)

    folder = results or recorded_folder()
    parts = recorded_parts(folder)
    assert folder is not None
    corpus = open_corpus(data, REPORT)
    at_hand = recordings_of(parts, corpus)
    missing = not_at_hand(parts, at_hand)
    for line in missing:
        say(f"NOT  {line}")
    checks = count(verify(folder, parts, at_hand, retrain), say)
    failed = [each for each in checks if not each.passed]
    claimed = check(load_claims(), load_results(results), folder / "sweeps")
    for claim in claimed:
        say(claim)
    wrong = [claim for claim in claimed if not claim.holds]
    if as_json:
        heard = {part: clips.name for part, clips in at_hand.items()}
        found = [asdict(each) | {"passed": each.passed} for each in checks]
        claims = [
            {"part": c.claim.part, "says": c.claim.says, "shown": c.shown, "holds": c.holds} for c in claimed
        ]
        print_json(
            {
                "data": corpus.name,
                "recorded_from": heard,
                "not_verified": missing,
                "checks": found,
                "claims": claims,
            }
        )
    if failed:
        raise CheckFailed(f"{len(failed)} of {len(checks)} recorded numbers did not come out again")
    if missing:
        raise CheckFailed(f"{len(missing)} of {len(parts)} parts not verified: their recordings are missing")
    if wrong:
        raise CheckFailed(f"{len(wrong)} of {len(claimed)} claims no longer hold: change these sentences")
    say(f"{len(checks)} recorded numbers came out again, {len(claimed)} claims hold")
