"""`kws`: the command line over kwslib.

Exit status 0 done, 1 a check failed, 2 bad usage or bad input. Errors are one line on standard error;
`--json` prints one JSON object on standard output and nothing else there.
"""

import contextlib
import inspect
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from kwslib import __version__
from kwslib.cli import data
from kwslib.cli.board import run_on_board
from kwslib.cli.classify import classify
from kwslib.cli.compare import compare_values
from kwslib.cli.eval import evaluate_model
from kwslib.cli.export import export_model
from kwslib.cli.field import run_field_test
from kwslib.cli.interruption import Stopped, take_signals
from kwslib.cli.keyword import make_keyword
from kwslib.cli.listen import listen_live
from kwslib.cli.output import one_line
from kwslib.cli.problems import explain, is_explained, output_fails
from kwslib.cli.profile import profile_model
from kwslib.cli.prune import prune_model
from kwslib.cli.quantize import quantize_model
from kwslib.cli.serial import read_board_log
from kwslib.cli.sweep import run_a_sweep
from kwslib.cli.train import train as train_network
from kwslib.cli.verify import verify_recorded
from kwslib.errors import CheckFailed, KwsError
from kwslib.writing import finished

USAGE_ERROR: Any = typer.BadParameter.__mro__[1]  # click's UsageError, whichever click typer brings


class Commands(TyperGroup):
    """The commands of an app, ended as `_ended` says."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command, ended as `_ended` says."""
        with _ended():
            return super().invoke(ctx)


class Script(TyperCommand):
    """A command that is an app of its own, ended as `_ended` says."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command, ended as `_ended` says."""
        with _ended():
            return super().invoke(ctx)


@contextlib.contextmanager
def _ended() -> Iterator[None]:
    """A stopped command ends as `Stopped` says; an EOFError is a file that ends too early (click: the input)."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise Stopped(stop) from None
    except EOFError as error:
        raise KwsError(explain(error)) from error


app = typer.Typer(
    name="kws",
    cls=Commands,
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
app.command("keyword")(make_keyword)
app.command("listen")(listen_live)
app.command("profile")(profile_model)
app.command("prune")(prune_model)
app.command("quantize")(quantize_model)
app.command("serial")(read_board_log)
app.command("sweep")(run_a_sweep)
app.command("train")(train_network)
app.command("verify")(verify_recorded)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command line; turn our own errors, and the machine's, into one line and an exit status."""
    _end(app, "kws")


def script(command: Callable[..., object]) -> None:
    """Run a function as a command line of its own, with its parameters as options, and errors as those of `kws`."""
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(cls=Script, help=inspect.getdoc(inspect.getmodule(command)))(command)
    _end(alone, Path(sys.argv[0]).name)


def _end(commands: typer.Typer, name: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a sign that the terminal lacks ends no command
    status = _run(commands, name)
    if output_fails() and isinstance(sys.stdout, io.TextIOWrapper):  # nor may Python try again as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _run(commands: typer.Typer, name: str) -> int:
    try:
        Path.cwd()  # where it was deleted, libraries fail in ways of their own
        _check_filled(sys.argv[1:])
        with take_signals(name):
            status = commands(standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except CheckFailed as error:
        return _fail(name, error, 1)
    except Stopped as error:
        return _fail(name, error, error.status) if str(error) else error.status
    except KwsError as error:
        return _fail(name, error)
    except USAGE_ERROR as error:
        if "\n" in (message := error.format_message()):  # the help of a command that was given nothing
            print(message, file=sys.stderr)
            return 2
        command = error.ctx.command_path if error.ctx else name
        return _fail(name, f"{message} (see {command} --help)")
    except BrokenPipeError:
        return 1
    except Exception as error:
        if not is_explained(error):
            raise
        return _fail(name, explain(error))
    return status if isinstance(status, int) else 0


def _check_filled(given: Sequence[str]) -> None:
    """Raises KwsError for an empty argument, such as a shell's variable that is not set: as a path it would be the
    working directory."""
    for before, argument in pairwise(["", *given]):
        option, sign, value = argument.partition("=")
        if not argument or (option.startswith("--") and sign and not value):
            named = option or (f"what follows {before}" if before.startswith("-") else "an argument")
            raise KwsError(f"{named} is empty: give it a value, or leave it out")


def _fail(name: str, message: object, status: int = 2) -> int:
    with contextlib.suppress(OSError):  # standard error may be full, too
        print(f"{name}: {one_line(finished(str(message)))}", file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    main()
