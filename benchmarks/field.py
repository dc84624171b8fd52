"""What depends on network and seed in training for the field: Part 8's networks, and four more of each by another seed.

    python benchmarks/field.py [--write | --validation]

Every network is trained by the same recipe on the same sound, exported, given the threshold and smoothing that
validation chooses for it, and counted as Part 8 counts: test trials, ten hours without a keyword, and the long file.
Those in book/results/models are taken as they are; what is trained goes there with --write, else to _build/results:
five to twenty minutes a network on one core, after ten for the sound on two.
Means over the seeds, and differences seed by seed, with Student's intervals; with --write they are kept in
book/results/95_field.json. With --validation it prints only what validation misses at the settings chosen there.
"""

from pathlib import Path

import numpy as np
import typer

from kwslib.cli.main import script
from kwslib.errors import KwsError
from kwslib.experiments.zoo_field import Heard, choose_settings, field_effort, hear, train_zoo_for_field
from kwslib.field.stream import open_network
from kwslib.progress import over_cores
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.statistics import mean_interval, mean_share, paired_difference

SEEDS = (0, 1, 2, 3, 4)
SMALL, UNPADDED, WIDE = NETWORKS = {
    "tinyconv_valid": "TinyConv, unpadded",
    "tenet_valid": "tenet, unpadded",
    "tenet_wide": "tenet, wide",
}
SHARES = ("trials right", "missed at its threshold", "missed at one false accept an hour")
COUNTS = ("false accepts an hour", "misses of the long file's 50")

Found = dict[str, list[float]]  # by what is measured, in the order of the seeds


def measure(run: Run, arch: str, paths: list[Path]) -> Found:
    """Hear a network of every seed; record means."""
    title = NETWORKS[arch]

    def results(path: Path) -> list[float]:
        heard = hear(run, open_network(path))
        print(f"{path.stem}: {told(heard)}", flush=True)
        if heard.within is None:
            raise KwsError(f"{path}: more than one false accept an hour at every threshold: train it anew")
        shares = heard.trials.accuracy, heard.chosen.reject_rate, heard.within.reject_rate
        return [*shares, heard.chosen.per_hour, heard.long.as_json()["misses"]]

    by_seed = over_cores(results, paths, title)
    found = dict(zip((*SHARES, *COUNTS), map(list, zip(*by_seed, strict=True)), strict=True))
    for name in SHARES:
        mean, *ci95 = mean_share(found[name])
        run.record(f"{title}: {name}", mean, "fraction", ci95, n=len(run.seeds))
    for name in COUNTS:
        mean, low, high = mean_interval(found[name])
        run.record(f"{title}: {name}", mean, ci95=(max(low, 0.0), high), n=len(run.seeds))
    return found


def compare(run: Run, title: str, more: Found, less: Found) -> None:
    """Record how much more one kind of network has than another on the same test, seed by seed."""
    for name, values in more.items():
        mean, *ci95 = paired_difference(values, less[name])
        run.record(f"{title}: {name}", mean, "fraction" if name in SHARES else "", ci95, n=len(values))


def told(heard: Heard) -> str:
    """The results of one network in a line."""
    point = heard.chosen
    return (
        f"{heard.trials.accuracy:.1%} of trials right; threshold {point.threshold:.3f}: {point.reject_rate:.1%} missed,"
        f" {point.per_hour:.1f} false accepts an hour; {heard.long.as_json()['misses']} of the long file's missed"
    )


def validate(run: Run, arch: str, paths: list[Path]) -> None:
    """Print what a network of every seed misses on validation."""
    for seed, path in zip(run.seeds, paths, strict=True):
        network = open_network(path)
        point = choose_settings(network, run.corpus, field_effort(run)).point
        print(f"{NETWORKS[arch]}, seed {seed}: {point.rejects} of {point.keywords} missed on validation")


def main(
    write: bool = typer.Option(False, "--write", help="Keep values and networks in book/results."),
    validation: bool = typer.Option(False, "--validation", help="Count misses on validation; do not test."),
) -> None:
    if write and validation:
        raise KwsError("--validation tests nothing that --write could keep: leave one of them out")
    run = recording.start("95_field", "report", results=recorded_folder() if write else None, seeds=SEEDS)
    trained = {arch: train_zoo_for_field(run, [(arch, seed) for seed in run.seeds]) for arch in NETWORKS}
    if validation:
        for arch in NETWORKS:
            validate(run, arch, trained[arch])
        return
    found = {arch: measure(run, arch, trained[arch]) for arch in NETWORKS}
    compare(run, "tenet, unpadded, minus TinyConv, unpadded", found[UNPADDED], found[SMALL])
    compare(run, "tenet, wide, minus tenet, unpadded", found[WIDE], found[UNPADDED])
    for name, value in run.values.items():
        low, high = value.get("ci95", (np.nan, np.nan))
        print(f"{name:70}{value['value']:8.3f} ({low:.3f} to {high:.3f})")
    if write:
        run.finish()


if __name__ == "__main__":
    script(main)
