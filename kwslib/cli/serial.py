"""`kws serial`: the timings and trials in a board's log."""

import typer

from kwslib.cli.output import print_json
from kwslib.errors import KwsError


def read_board_log(
    source: str = typer.Argument(
        help="Serial port, such as /dev/ttyACM0, or a saved log.", metavar="PORT|FILE"
    ),
    seconds: float = typer.Option(60.0, help="How long to listen to a port."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Stage timings and the confusion matrix of spoken trials, from a sketch of firmware/arduino."""
    from kwslib.board.seriallog import read_serial

    if not seconds > 0:
        raise KwsError(f"--seconds {seconds}: use more than 0")
    log = read_serial(source, seconds)
    result = log.as_json()
    if as_json:
        print_json(result)
        return
    counts = f"{result['inferences']} inferences, {result['trials']} trials"
    print(f"{source}: {counts}, {result['broken_lines']} broken lines")
    for stage, ms in result["timings"].items():
        spread = f"sd {ms['sd_ms']:.3f}, {ms['min_ms']:.3f} to {ms['max_ms']:.3f}"
        print(f"  {stage:<10}{ms['mean_ms']:>9.3f} ms, {spread}")
    if result["trials"]:
        print(f"  {'said / answered':<16}" + "".join(f"{label:>10}" for label in log.labels))
        for label, row in zip(log.labels, result["confusion"], strict=True):
            print(f"  {label:<16}" + "".join(f"{count:>10}" for count in row))
        print(f"  accuracy {result['accuracy']:.0%}")
