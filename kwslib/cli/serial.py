"""`kws serial`: the timings and trials in a board's log, beside the cycle model's on request."""

from pathlib import Path

import typer

from kwslib.cli.options import JSON
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError, naming

WEEK = 7 * 24 * 3600  # seconds


def read_board_log(
    source: str = typer.Argument(
        help="Serial port, such as /dev/ttyACM0, or a saved log.", metavar="PORT|FILE"
    ),
    labels: str | None = typer.Option(
        None,
        help="The classes, or the keywords alone, separated by commas [default: those that the log names].",
    ),
    seconds: float = typer.Option(60.0, help="How long to listen to a port, at most a week."),
    beside: Path | None = typer.Option(
        None, help="The .tflite that the board runs: print the cycle model's times next to the log's."
    ),
    as_json: bool = JSON,
) -> None:
    """Stage timings and the confusion matrix of spoken trials, from a sketch of firmware/arduino.

    Lines whose check fails are rejected and counted; lost lines are counted by the gaps in their numbers. In a log
    without checks, damaged lines are counted, and so are times more than three interquartile ranges outside the
    quartiles; neither are averaged.
    """
    from kwslib.board.seriallog import read_serial

    if not 0 < seconds <= WEEK:
        raise KwsError(f"--seconds {seconds}: use more than 0 and at most {WEEK}")
    words = [word.strip() for word in labels.split(",")] if labels is not None else None
    log = read_serial(source, seconds, words)
    result = log.as_json()
    if beside is not None:
        result["beside"] = _modelled(beside, result["timings"])
    if as_json:
        print_json(result)
        return
    counts = (
        f"{result['inferences']} inferences, {result['trials']} trials, {result['warming']} while warming up"
    )
    left_out = (
        f"of {result['lines']} lines {result['rejected']} rejected and {result['outlying_lines']} outlying"
    )
    print(one_line(f"{source}: {counts}; {left_out}"))
    known = {"lines lost": result["lost"], "overruns": result["overruns"], "resets": result["resets"]}
    print("  " + ", ".join(f"{name} {'unknown' if n is None else n}" for name, n in known.items()))
    if result["settings"]:
        print(one_line("  " + ", ".join(f"{name} {value}" for name, value in result["settings"].items())))
    for stage, ms in result["timings"].items():
        spread = f"sd {ms['sd_ms']:.3f}, {ms['min_ms']:.3f} to {ms['max_ms']:.3f}"
        print(f"  {stage:<10}{ms['mean_ms']:>9.3f} ms, {spread}")
    for stage, both in result.get("beside", {}).items():
        print(
            f"  {stage:<10}{both['ms']:>9.3f} ms by the cycle model, the board takes {both['ratio']:.2f} times that"
        )
    for stage, least in result["cycles"].items():
        cache = f"{least['cache_hits']} hits and {least['cache_misses']} misses of the instruction cache"
        print(f"  {stage:<10}{least['cycles']:>9} cycles at least, {cache}")
    if result["trials"]:
        print(f"  {'said / answered':<16}" + "".join(f"{label:>10}" for label in log.labels))
        for label, row in zip(log.labels, result["confusion"], strict=True):
            print(f"  {label:<16}" + "".join(f"{count:>10}" for count in row))
        print(f"  accuracy {result['accuracy']:.0%}")


def _modelled(model: Path, measured: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Mean milliseconds of each stage by the cycle model, and how many times that the log has.

    As in the log, the front end's is that of one frame. Raises KwsError for a log without times.
    """
    import numpy as np

    from kwslib.board.firmware import find_compiler
    from kwslib.board.streaming import StreamBoard
    from kwslib.deployment.core_sparse import compress
    from kwslib.features.frontend import HOP
    from kwslib.labels import CLIP_SAMPLES
    from kwslib.predictors import CorePredictor

    if not measured:
        raise KwsError(
            f"{model}: the log holds no times to set beside its own: log inferences, not trials alone"
        )
    noise = (
        np.random.default_rng(0).normal(0, 1000, 3 * CLIP_SAMPLES).astype(np.int16)
    )  # a room is never silent
    predictor = CorePredictor(model)
    find_compiler()  # whose lack is not the model's fault
    with naming(predictor.path):
        board = StreamBoard(compress(predictor.network), predictor.labels, predictor.settings)
    found = {
        stage: cost["ms_mean"] / (HOP if stage == "frontend" else 1)
        for stage, cost in board.profile(noise).stages().items()
    }
    return {
        stage: {"ms": found[stage], "ratio": row["mean_ms"] / found[stage]}
        for stage, row in measured.items()
        if stage in found
    }
