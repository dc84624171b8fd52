"""Networks in measured rooms and in simulated ones: the same words, levels, noises and ratios, trial by trial.

    python benchmarks/measured.py FOLDER [--write]

FOLDER holds measured impulse responses, one WAV or FLAC file each; book/methods.md names those of the recorded values
and the packages that have them. Files of one room share the first word of their names. A trial is right as in Part 8,
by the sketch's threshold. Differences are measured minus simulated, and the wide network minus each other, paired by
trial, in measured rooms with the wider of the intervals over trials and over rooms; with --write the values are kept in
book/results/97_measured.json.
"""

from pathlib import Path

import numpy as np
import typer

from kwslib.cli.main import script
from kwslib.deployment.decision import DecisionSettings
from kwslib.experiments.zoo_field import field_effort
from kwslib.field.conditions import DEFAULT
from kwslib.field.evaluate import Stage, run_stage, stage
from kwslib.field.rooms import ROOMS, measured_rooms, room_bank
from kwslib.field.stream import StreamNetwork, open_network
from kwslib.labels import class_labels
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.report.part8.field import TITLES, listeners
from kwslib.statistics import MeanInterval, mean_interval, widest_interval, wilson


def right(network: StreamNetwork, where: Stage, trials: int) -> np.ndarray:
    """Whether the answer to each trial is right, (n,) bool."""
    result = run_stage(network, where, range(trials), DecisionSettings(classes=len(network.labels)))
    return result.answers == result.said


def mean_gain(gain: np.ndarray, rooms: list[str]) -> tuple[MeanInterval, int]:
    """Mean of a gain by trial (n,) with the wider of two intervals, over trials or over their rooms, and how many these
    are."""
    by_room = [gain[[name == room for name in rooms]].mean() for room in sorted(set(rooms))]
    return widest_interval(gain, by_room)


def main(
    folder: Path = typer.Argument(help="Measured impulse responses."),
    write: bool = typer.Option(False, "--write", help="Keep the values in book/results."),
) -> None:
    bank = measured_rooms(folder, DEFAULT, ROOMS)  # as many as simulated ones, for the same draws
    run = recording.start("97_measured", "report", results=recorded_folder() if write else None)
    trials, labels = field_effort(run).trials, class_labels()
    simulated = stage(run.corpus, labels, rooms=room_bank(DEFAULT, "testing", ROOMS))
    measured = stage(run.corpus, labels, rooms=bank)
    files = [bank[measured.trial(number).room].name for number in range(trials)]
    rooms = [name.split("_")[0] for name in files]
    inside, outside = {}, {}
    for listener in listeners(run):
        network, title = open_network(listener.path), listener.title
        outside[title] = right(network, simulated, trials).astype(float)
        inside[title] = right(network, measured, trials).astype(float)
        for name, correct in (("simulated rooms", outside[title]), ("measured rooms", inside[title])):
            share, ci95 = correct.mean(), wilson(int(correct.sum()), trials)
            run.record(f"{title}: {name}", share, "fraction", ci95, n=trials)
            print(f"{title}, {name}: {share:.1%} ({ci95[0]:.1%} to {ci95[1]:.1%})", flush=True)
        note(run, f"{title}: difference", *mean_gain(inside[title] - outside[title], rooms))
        for name in sorted(set(files)):
            answers = inside[title][[file == name for file in files]]
            print(f"  {name:24} {answers.mean():7.1%} of {len(answers)}")
    best = TITLES["tenet_wide_field"]
    for title in [each for each in inside if each != best]:
        leads = outside[best] - outside[title], inside[best] - inside[title]
        name = f"{best}, minus {title}"
        note(run, f"{name}: simulated rooms", mean_interval(leads[0]), trials)
        note(run, f"{name}: measured rooms", *mean_gain(leads[1], rooms))
        note(run, f"{name}: difference", *mean_gain(leads[1] - leads[0], rooms))
    if write:
        run.finish()


def note(run: Run, name: str, gap: MeanInterval, n: int) -> None:
    mean, low, high = (100 * value for value in gap)
    run.record(name, mean, "points", [low, high], n=n)
    print(f"  {name}: {mean:+.1f} ({low:+.1f} to {high:+.1f})", flush=True)


if __name__ == "__main__":
    script(main)
