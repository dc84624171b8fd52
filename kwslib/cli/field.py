"""`kws field`: a model in simulated rooms, or on one's own recordings."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.corpus import corpus_of
from kwslib.cli.field_hours import LEAST, MOST, print_hours
from kwslib.cli.field_long import print_long
from kwslib.cli.options import DATA, JSON, OWN, PROFILE, SEED_MAX
from kwslib.cli.output import one_line, print_confusion, print_json
from kwslib.errors import KwsError

if TYPE_CHECKING:
    from kwslib.data.corpus import Corpus
    from kwslib.deployment.decision import DecisionSettings
    from kwslib.field.conditions import Field
    from kwslib.field.evaluate import FieldResult, Stage
    from kwslib.field.stream import StreamNetwork


OF_TRIALS = (
    *("trials", "seed", "data", "profile", "hard", "snr", "distance", "rt60", "rooms", "trial"),
    *("save_wav", "own"),
)
EXCLUDED = {  # by what takes the place of trials: options that it does not take, and why
    "hours": (
        ("trials", "trial", "recordings", "listen", "long", "save_wav"),
        "it counts false accepts in sound of its own",
    ),
    "recordings": (OF_TRIALS, "these are for simulated trials"),
    "listen": ((*OF_TRIALS, "recordings"), "it hears one recording"),
    "long": (
        ("trials", "seed", "trial", "recordings", "listen"),
        "the file says what is in the stream",
    ),
}


def run_field_test(
    context: typer.Context,
    model: Path = typer.Argument(help="FILE.tflite, int8, or FILE.pt."),
    trials: int = typer.Option(400, min=1, max=100_000, help="Number of trials; the classes alternate."),
    seed: int = typer.Option(0, min=0, max=SEED_MAX, help="Seed of all random draws."),
    data: Path | None = DATA,
    profile: str | None = PROFILE,
    hard: bool = typer.Option(
        False, "--hard", help="Halve the signal-to-noise ratios (in dB), double the distances."
    ),
    snr: str | None = typer.Option(
        None, help="Another signal-to-noise ratio, dB: LOW:HIGH.", metavar="LOW:HIGH"
    ),
    distance: str | None = typer.Option(None, help="Another distance, m.", metavar="LOW:HIGH"),
    rt60: str | None = typer.Option(None, help="Another reverberation time, s.", metavar="LOW:HIGH"),
    rooms: Path | None = typer.Option(
        None, help="Folder of measured impulse responses; of several channels, the first is used."
    ),
    recordings: Path | None = typer.Option(
        None, help="Folder of your own recordings, one folder for each class, in place of trials."
    ),
    long: Path | None = typer.Option(
        None,
        metavar="SPEC.json",
        help="One long stream in place of trials, as the file says: "
        '{"seconds": 1200, "keywords": 50, "others": 150, "split": "testing", "seed": 0}, all of them optional;'
        ' "keywords" may list {"word": "yes", "at": 12.5}.',
    ),
    hours: float | None = typer.Option(
        None,
        min=LEAST,
        max=MOST,
        help="Hours of sound without a keyword in place of trials: count false accepts, by kind of sound.",
    ),
    threshold: float | None = typer.Option(
        None, min=0, max=1, help="Smoothed posterior that reports a word [default: the model's, else 0.7]."
    ),
    smoothing: int | None = typer.Option(None, help="Inferences averaged [default: the model's, else 10]."),
    trial: int | None = typer.Option(None, min=0, max=SEED_MAX, help="Run only this trial."),
    save_wav: Path | None = typer.Option(
        None, help="Folder for the sound of the trials and the list of draws."
    ),
    listen: Path | None = typer.Option(
        None, help="A long recording in place of trials: list every report with its time."
    ),
    own: list[str] = OWN,
    as_json: bool = JSON,
) -> None:
    """Test the deployed chain in a simulated field: distance, rooms, background noise, the board's microphone."""
    _check_options(context)
    from kwslib.field.rooms import setting
    from kwslib.field.stream import open_network
    from kwslib.writing import check_folder

    if save_wav is not None:
        check_folder(save_wav)
    network = open_network(model)
    settings = _settings(network, threshold, smoothing)
    if listen is not None:
        _listen(model, network, listen, settings, as_json)
        return
    if recordings is not None:
        _recordings(model, network, recordings, settings, as_json)
        return
    field = _field(hard, {"snr": snr, "distance": distance, "rt60": rt60})
    corpus = corpus_of(model, network.labels[2:], data, profile, own)
    if long is not None:
        print_long(model, network, long, corpus, field, rooms, settings, save_wav, as_json)
        return
    where = _stage(corpus, network.labels, field, seed, rooms)
    heard = {"data": corpus.name, "synthetic": corpus.synthetic, "seed": seed}
    heard |= setting(where.rooms, field, rooms)
    if hours is not None:
        print_hours(model, network, where, hours, settings, corpus.title, heard, as_json)
        return
    indices = [trial] if trial is not None else list(range(trials))
    _trials(model, network, where, indices, settings, save_wav, corpus.title, heard, as_json)


def _settings(network: "StreamNetwork", threshold: float | None, smoothing: int | None) -> "DecisionSettings":
    """The network's own settings, else the sketch's, with what the command line changes."""
    from kwslib.deployment.decision import DecisionSettings

    settings = network.settings or DecisionSettings(classes=len(network.labels))
    if threshold is not None:
        settings = replace(settings, threshold=threshold)
    if smoothing is not None:
        settings = replace(settings, smoothing=smoothing)
    return settings


def _stage(
    corpus: "Corpus", labels: tuple[str, ...], field: "Field", seed: int, rooms: Path | None
) -> "Stage":
    """The stage of trials or hours; says of which clips and rooms it is."""
    from kwslib.field.evaluate import stage
    from kwslib.field.rooms import describe, measured_rooms

    print(one_line(corpus.describe()), file=sys.stderr)
    measured = measured_rooms(rooms, field) if rooms else None
    where = stage(corpus, labels, field, seed=seed, rooms=measured)
    print(one_line(describe(where.rooms, field, rooms)), file=sys.stderr)
    return where


def _trials(
    model: Path,
    network: "StreamNetwork",
    where: "Stage",
    indices: list[int],
    settings: "DecisionSettings",
    save_wav: Path | None,
    source: str,
    heard: dict[str, Any],
    as_json: bool,
) -> None:
    from kwslib.field.evaluate import run_stage
    from kwslib.field.listing import save_trials

    outcome = run_stage(network, where, indices, settings)
    if save_wav is not None:
        answers = [network.labels[answer] for answer in outcome.answers]
        save_trials(where, dict(zip(indices, answers, strict=True)), save_wav)
    _print_outcome(model, network, outcome, settings, source, heard, as_json)


def _recordings(
    model: Path, network: "StreamNetwork", folder: Path, settings: "DecisionSettings", as_json: bool
) -> None:
    from kwslib.field.recordings import read_recordings, reasons, run_recordings

    found, refused = read_recordings(folder, network.labels)
    for recording in refused:
        print(one_line(f"{recording.path}: {recording.reason}"), file=sys.stderr)
    outcome = run_recordings(network, found, settings)
    heard = {
        "data": folder.name,
        "synthetic": False,
        "recordings": str(folder),
        "refused": len(refused),
        "refused_because": reasons(refused),
    }
    _print_outcome(model, network, outcome, settings, folder.name, heard, as_json)


def _print_outcome(
    model: Path,
    network: "StreamNetwork",
    outcome: "FieldResult",
    settings: "DecisionSettings",
    source: str,
    heard: dict[str, Any],
    as_json: bool,
) -> None:
    """What came of trials or recordings from `source`, which is described by `heard`."""
    from kwslib.board.chip import deployable
    from kwslib.deployment.core_sparse import compress

    chain = deployable(compress(network.core) if network.core else None, network.labels)
    result = {"model": str(model)} | heard
    result |= {"threshold": settings.threshold, "smoothing": settings.smoothing} | outcome.as_json()
    result |= chain.as_json()
    if as_json:
        print_json(result)
        return
    low, high = outcome.ci95
    right = f"{outcome.accuracy:.1%} of {outcome.n} (95 % interval {low:.1%} to {high:.1%})"
    print(one_line(f"{model}: {right}, {source}"))
    print_confusion(outcome.labels, result["confusion"])
    if "refused" in heard:
        print(f"  refused: {heard['refused']}")
    print(f"  {outcome.false_accepts} false accepts in {60 * outcome.hours:.1f} minutes")
    if chain.reason:
        print(one_line(f"  {chain.reason}"))


def _listen(
    model: Path, network: "StreamNetwork", wav: Path, settings: "DecisionSettings", as_json: bool
) -> None:
    from kwslib.keyword.hearing import listen_to
    from kwslib.statistics import poisson_rate

    reports, seconds = listen_to(network, wav, settings)
    per_hour, (low, high) = 3600 * len(reports) / seconds, poisson_rate(len(reports), seconds / 3600)
    if as_json:
        result = {"model": str(model), "recording": str(wav), "seconds": seconds}
        result |= {"threshold": settings.threshold, "smoothing": settings.smoothing}
        result |= {"reports": [vars(report) for report in reports]}
        print_json(result | {"reports_per_hour": per_hour, "reports_per_hour_ci95": [low, high]})
        return
    for report in reports:
        print(one_line(f"{int(report.time) // 60:>4}:{report.time % 60:05.2f}  {report.label}"))
    rate = f"{per_hour:.1f} an hour (95 % interval {low:.1f} to {high:.1f})"
    print(one_line(f"{wav}: {len(reports)} reports in {seconds / 60:.1f} minutes, {rate}"))


def _check_options(context: typer.Context) -> None:
    """Raises KwsError for options on the command line of which one excludes others."""
    for option, (excluded, reason) in EXCLUDED.items():
        if context.params[option] is not None and (named := _named_options(context, excluded)):
            raise KwsError(f"--{option} takes no {', '.join(named)}: {reason}")


def _named_options(context: typer.Context, names: Iterable[str]) -> list[str]:
    """Those options of `names` that stand on the command line, as they are written there."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return [
        f"--{name.replace('_', '-')}"
        for name, source in sources.items()
        if source and source.name == "COMMANDLINE"
    ]


def _field(hard: bool, changed: dict[str, str | None]) -> "Field":
    """The default field, or the hard one, with ranges changed. Raises KwsError for what is no range."""
    from kwslib.field.conditions import HARD, Field

    ranges = {}
    for name, text in changed.items():
        if text is not None:
            try:
                low, _, high = text.partition(":")
                ranges[name] = (float(low), float(high or low))
            except ValueError:
                raise KwsError(f"--{name} {text}: give LOW:HIGH, such as 5:30") from None
    return replace(HARD if hard else Field(), **ranges)  # type: ignore[arg-type]
