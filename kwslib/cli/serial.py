"""`kws serial`: the timings and trials in a board's log."""

import typer

from kwslib.cli.options import JSON
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError

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
    as_json: bool = JSON,
) -> None:
    """Stage timings and the confusion matrix of spoken trials, from a sketch of firmware/arduino.

    Lines whose check fails are rejected and counted, lost ones are counted by the gaps in their numbers. In a log
    without checks, lines that are broken are counted, and so are those with a time that lies more than three times the
    distance between the quartiles outside of them: neither is averaged.
    """
    from kwslib.board.seriallog import read_serial

    if not 0 < seconds <= WEEK:
        raise KwsError(f"--seconds {seconds}: use more than 0 and at most {WEEK}")
    words = [word.strip() for word in labels.split(",")] if labels is not None else None
    log = read_serial(source, seconds, words)
    result = log.as_json()
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
    for stage, least in result["cycles"].items():
        cache = f"{least['cache_hits']} hits and {least['cache_misses']} misses of the instruction cache"
        print(f"  {stage:<10}{least['cycles']:>9} cycles at least, {cache}")
    if result["trials"]:
        print(f"  {'said / answered':<16}" + "".join(f"{label:>10}" for label in log.labels))
        for label, row in zip(log.labels, result["confusion"], strict=True):
            print(f"  {label:<16}" + "".join(f"{count:>10}" for count in row))
        print(f"  accuracy {result['accuracy']:.0%}")
