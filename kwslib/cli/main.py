"""`kws`: the command line over kwslib.

Exit status 0 done, 1 a check failed, 2 bad usage or bad input. Errors are one line on standard error;
`--json` prints one JSON object on standard output and nothing else there.
"""

import sys

import typer

from kwslib import __version__
from kwslib.cli import data
from kwslib.cli.board import run_on_board
from kwslib.cli.classify import classify
from kwslib.cli.compare import compare_values
from kwslib.cli.eval import evaluate_model
from kwslib.cli.export import export_model
from kwslib.cli.field import run_field_test
from kwslib.cli.profile import profile_model
from kwslib.cli.serial import read_board_log
from kwslib.cli.sweep import run_a_sweep
from kwslib.cli.train import train as train_network
from kwslib.cli.verify import verify_recorded
from kwslib.errors import CheckFailed, KwsError

app = typer.Typer(
    name="kws",
    help="Keyword spotting from raw audio to a microcontroller: train, compress, export, run on the virtual board.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


app.command("board")(run_on_board)
app.command("classify")(classify)
app.command("compare")(compare_values)
app.command("eval")(evaluate_model)
app.command("export")(export_model)
app.command("field")(run_field_test)
app.command("profile")(profile_model)
app.command("serial")(read_board_log)
app.command("sweep")(run_a_sweep)
app.command("train")(train_network)
app.command("verify")(verify_recorded)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command line; turn our own errors into one line and an exit status."""
    try:
        app()
    except KwsError as error:
        print(f"kws: {error}", file=sys.stderr)
        sys.exit(2)
    except CheckFailed as error:
        print(f"kws: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
