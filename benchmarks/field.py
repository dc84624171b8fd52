"""How much depends on the seed of a training for the field: Part 8's networks, and four more of each by other seeds.

    python benchmarks/field.py [ARCH ...] [--write]

Every network is trained by the same recipe on the same sound, exported, given the threshold and smoothing that
validation chooses for it, and counted as Part 8 counts: test trials, ten hours without a keyword, and the long file.
Those in book/results/models are taken as they are; what is trained goes there with --write, else to _build/results:
hours a network on two cores, a quarter of an hour for several side by side on a GPU.
Means over the seeds, with Student's intervals; with --write they are kept in book/results/95_field.json.
"""

import numpy as np
import typer

from kwslib.cli.main import script
from kwslib.errors import KwsError
from kwslib.experiments.zoo_field import Heard, hear, trained_for_field
from kwslib.field.stream import open_network
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.report.part8.field import HERE, TITLES
from kwslib.statistics import mean_interval, mean_share

ARCHS, SEEDS = HERE["report"], (0, 1, 2, 3, 4)


def measure(run: Run, arch: str) -> None:
    """Hear a network of every seed; record means."""
    title, found = TITLES[f"{arch}_field"], []
    for seed in run.seeds:
        heard = hear(run, open_network(trained_for_field(run, arch, seed)))
        print(f"{title}, seed {seed}: {told(heard)}", flush=True)
        found.append(heard)
    for name, shares in {
        "trials right": [heard.trials.accuracy for heard in found],
        "missed at its threshold": [heard.chosen.reject_rate for heard in found],
        "missed at one false accept an hour": [
            heard.within.reject_rate for heard in found if heard.within is not None
        ],
    }.items():
        mean, *ci95 = mean_share(shares)
        run.record(f"{title}: {name}", mean, "fraction", ci95, n=len(shares))
    for name, counts in {
        "false accepts an hour": [heard.chosen.per_hour for heard in found],
        "misses of the long file's 50": [heard.long.as_json()["misses"] for heard in found],
    }.items():
        mean, low, high = mean_interval(counts)
        run.record(f"{title}: {name}", mean, ci95=(max(low, 0.0), high), n=len(counts))


def told(heard: Heard) -> str:
    """The results of one network in a line."""
    point = heard.chosen
    return (
        f"{heard.trials.accuracy:.1%} of trials right; threshold {point.threshold:.3f}: {point.reject_rate:.1%} missed,"
        f" {point.per_hour:.1f} false accepts an hour; {heard.long.as_json()['misses']} of the long file's missed"
    )


def main(
    archs: list[str] = typer.Argument(list(ARCHS), help="Networks that Part 8 trains for the field."),
    write: bool = typer.Option(False, "--write", help="Keep values and networks in book/results."),
) -> None:
    if unknown := [arch for arch in archs if arch not in ARCHS]:
        raise KwsError(f"Part 8 trains no {', '.join(unknown)} for the field: name one of {', '.join(ARCHS)}")
    run = recording.start("95_field", "report", results=recorded_folder() if write else None, seeds=SEEDS)
    for arch in archs:
        measure(run, arch)
    for name, value in run.values.items():
        low, high = value.get("ci95", (np.nan, np.nan))
        print(f"{name:70}{value['value']:8.3f} ({low:.3f} to {high:.3f})")
    if write:
        run.finish()


if __name__ == "__main__":
    script(main)
