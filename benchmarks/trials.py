"""Pairs of recorded networks on the same trials of the simulated field: how many trials only one of them gets right.

    python benchmarks/trials.py [--write]

The trials are those that Parts 6 and 8 count. McNemar's test takes these numbers (book/methods.md); with --write they
are kept in book/results/96_trials.json.
"""

from pathlib import Path

import numpy as np
import typer

from kwslib.cli.main import script
from kwslib.deployment.decision import DecisionSettings
from kwslib.experiments.zoo_field import field_effort
from kwslib.field.evaluate import run_trials
from kwslib.field.rooms import room_bank
from kwslib.labels import DEFAULT_KEYWORDS
from kwslib.record import names, recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.report.part6.field import TRIALS
from kwslib.statistics import mcnemar

EIGHT, FOUR = (names.pruned_tflite(names.channels(left)) for left in (8, 4))
TENET, SMALL, UNPADDED, WIDE = (
    names.field_tflite(arch) for arch in ("tenet", "tinyconv_valid", "tenet_valid", "tenet_wide")
)
PAIRS = ((WIDE, TENET), (WIDE, UNPADDED), (UNPADDED, TENET), (UNPADDED, SMALL), (EIGHT, FOUR))


def right(run: Run, network: Path, trials: int) -> np.ndarray:
    """Whether a network's answer to each trial is right (n,) bool."""
    rooms = room_bank(field_effort(run).where, "testing", field_effort(run).rooms)
    settings = DecisionSettings(classes=len(DEFAULT_KEYWORDS) + 2)  # the sketch's, as there
    result = run_trials(network, trials, corpus=run.corpus, settings=settings, rooms=rooms)
    return result.answers == result.said


def main(write: bool = typer.Option(False, "--write", help="Keep values in book/results.")) -> None:
    run = recording.start("96_trials", "report", results=recorded_folder() if write else None)
    answers: dict[str, np.ndarray] = {}
    for pair in PAIRS:
        trials = TRIALS["report"] if EIGHT in pair else field_effort(run).trials
        for name in pair:
            if name not in answers:
                answers[name] = right(run, run.model(name), trials)
        only = [int((answers[first] & ~answers[other]).sum()) for first, other in (pair, pair[::-1])]
        for name, count in zip(pair, only, strict=True):
            run.record(f"{Path(pair[0]).stem}, {Path(pair[1]).stem}: only {Path(name).stem}", count, n=trials)
        shares = ", ".join(f"{Path(name).stem} {answers[name].mean():.1%}" for name in pair)
        print(f"{shares}: only one right {only[0]} and {only[1]}, p = {mcnemar(*only):.2g}", flush=True)
    if write:
        run.finish()


if __name__ == "__main__":
    script(main)
