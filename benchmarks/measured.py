"""Networks in measured rooms and in simulated ones: the same words, levels, noises and ratios, trial by trial.

    python benchmarks/measured.py FOLDER [--write]

FOLDER holds measured impulse responses, one WAV or FLAC file each; book/methods.md names those of the recorded values
and the packages that have them. A trial is right as in Part 8, by the sketch's threshold. Differences are measured
minus simulated, paired by trial, with the wider of the intervals over trials and over rooms; with --write the values
are kept in book/results/97_measured.json.
"""

from pathlib import Path

import numpy as np
import typer

from kwslib.cli.main import script
from kwslib.deployment.decision import DecisionSettings
from kwslib.experiments.zoo_field import effort
from kwslib.field.conditions import DEFAULT
from kwslib.field.evaluate import Stage, run_stage, stage
from kwslib.field.rooms import measured_rooms, room_bank
from kwslib.field.stream import StreamNetwork, open_network
from kwslib.labels import class_labels
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.report.part8.field import listeners
from kwslib.statistics import MeanInterval, mean_interval, wilson


def right(network: StreamNetwork, where: Stage, trials: int) -> np.ndarray:
    """Whether the answer to each trial is right, (n,) bool."""
    result = run_stage(network, where, range(trials), DecisionSettings(classes=len(network.labels)))
    return result.answers == result.said


def difference(measured: np.ndarray, simulated: np.ndarray, rooms: list[str]) -> MeanInterval:
    """Measured minus simulated (n,), with the wider interval: over trials, or over the rooms of the trials."""
    gain = measured.astype(float) - simulated
    by_room = [gain[[name == room for name in rooms]].mean() for room in sorted(set(rooms))]
    over_trials, over_rooms = mean_interval(gain), mean_interval(by_room)
    half = max((each.high - each.low) / 2 for each in (over_trials, over_rooms))
    return MeanInterval(over_trials.mean, over_trials.mean - half, over_trials.mean + half)


def main(
    folder: Path = typer.Argument(help="Measured impulse responses."),
    write: bool = typer.Option(False, "--write", help="Keep the values in book/results."),
) -> None:
    bank = measured_rooms(folder, DEFAULT)
    run = recording.start("97_measured", "report", results=recorded_folder() if write else None)
    trials, labels = effort(run).trials, class_labels()
    simulated = stage(run.corpus, labels, rooms=room_bank(DEFAULT, "testing", effort(run).rooms))
    measured = stage(run.corpus, labels, rooms=bank)
    rooms = [bank[measured.trial(number).room].name for number in range(trials)]
    times = {room.name: room.rt60 for room in bank}
    for listener in listeners(run):
        network = open_network(listener.path)
        answers = {
            "simulated rooms": right(network, simulated, trials),
            "measured rooms": right(network, measured, trials),
        }
        for name, correct in answers.items():
            share, ci95 = correct.mean(), wilson(int(correct.sum()), trials)
            run.record(f"{listener.title}: {name}", share, "fraction", ci95, n=trials)
            print(f"{listener.title}, {name}: {share:.1%} ({ci95[0]:.1%} to {ci95[1]:.1%})", flush=True)
        gap = difference(answers["measured rooms"], answers["simulated rooms"], rooms)
        points = [100 * value for value in (gap.mean, gap.low, gap.high)]
        run.record(f"{listener.title}: difference (points)", points[0], "", points[1:], n=trials)
        print("  measured minus simulated {:+.1f} ({:+.1f} to {:+.1f}) points".format(*points))
        for name, seconds in sorted(times.items()):
            here = answers["measured rooms"][[room == name for room in rooms]]
            print(f"  {name:24} {seconds:5.2f} s {here.mean():7.1%} of {len(here)}")
    if write:
        run.finish()


if __name__ == "__main__":
    script(main)
