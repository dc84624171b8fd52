"""What fewer bits cost the networks beyond TinyConv: weights of 8, 4 and 2 bits, activations of 8.

    python benchmarks/bits.py [ARCH ...] [--write]

Part 8's trained networks, three seeds each, are quantized with Part 5's recipe, but for the activations, which stay on
eight bits: after training (PTQ), and trained further on the grid (QAT, for as many epochs as TinyConv there).
Accuracies are means on the test split, in floating point on the grid; differences from the networks before quantization
are seed by seed. Bytes and times are those of the first seed's packed layers in a stream on the virtual board. With
--write they are kept in book/results/94_bits.json, which Part 8's page shows.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from kwslib.board.chip import chip_costs
from kwslib.checkpoints import load_checkpoint
from kwslib.cli.main import script
from kwslib.deployment.core_packed import packed_network
from kwslib.errors import KwsError
from kwslib.experiments.quantization import METHODS, QuantizedPoint, run_points, weights_alone
from kwslib.labels import class_labels
from kwslib.networks.recipes import setup, training_splits
from kwslib.networks.training import score
from kwslib.quantization.integer import integer_network
from kwslib.record import names, recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.report.part8.networks import TITLES
from kwslib.statistics import mean_share, paired_difference

ARCHS, BITS, SEEDS = ("tenet_valid", "tenet_wide"), (8, 4, 2), (0, 1, 2)


def measure(run: Run, arch: str) -> None:
    """Quantize a network at every point; record a row of the table for each width."""
    bases = {seed: recorded_folder() / "models" / names.seed_checkpoint(seed, arch) for seed in SEEDS}
    if missing := [path.name for path in bases.values() if not path.is_file()]:
        raise KwsError(f"Part 8 has not recorded {', '.join(missing)}: name one of {', '.join(ARCHS)}")
    splits = training_splits(run.corpus, setup(arch, run.profile.epochs))
    before = [score(load_checkpoint(path)[0], splits["testing"])[1] for path in bases.values()]
    points = [
        QuantizedPoint(bits, method, "ours", weights_alone(bits), seed)
        for bits in BITS
        for method in METHODS
        for seed in SEEDS
    ]
    with TemporaryDirectory(prefix="kws-bits-") as temporary:
        folder = Path(temporary)
        rows = run_points(points, bases, splits, run.profile.epochs, folder)
        for (bits, method), found in rows.groupby(["bits", "method"], sort=False):
            case, right = f"{TITLES[arch]}, {bits} bits", found["testing"].tolist()
            note(run, f"{case}: {method.upper()}", "fraction", *mean_share(right))
            more = paired_difference(right, before)
            note(run, f"{case}: {method.upper()} minus floating point", "fraction", *more)
            if method == "qat":
                model = load_checkpoint(folder / names.quantized_checkpoint(bits, method))[0]
                chip = chip_costs(packed_network(integer_network(model)), class_labels())
                if chip:
                    note(run, f"{case}: flash", "B", chip.flash)
                    note(run, f"{case}: network in a hop", "ms", chip.network_us / 1000)


def note(
    run: Run, name: str, unit: str, value: float, low: float | None = None, high: float | None = None
) -> None:
    """Record and print a value, a mean over the seeds where it has an interval from `low` to `high`."""
    known = {} if low is None or high is None else {"ci95": (low, high), "n": len(SEEDS)}
    run.record(name, value, unit, **known)
    print(f"{name:60}{value:12.4f} {unit} {known.get('ci95', '')}", flush=True)


def main(
    archs: list[str] = typer.Argument(list(ARCHS), help="Networks that Part 8 has recorded."),
    write: bool = typer.Option(False, "--write", help="Keep the values in book/results."),
) -> None:
    run = recording.start("94_bits", "report", results=recorded_folder(), seeds=SEEDS)
    for arch in archs:
        measure(run, arch)
        if write:
            run.finish()


if __name__ == "__main__":
    script(main)
