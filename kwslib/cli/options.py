"""The options that commands share."""

import typer

from kwslib.profiles import get_profile

SEED_MAX = 2**31 - 1  # what PyTorch's, NumPy's and eSpeak's generators all take

DATA = typer.Option(
    None,
    envvar="KWS_DATA",
    help="Folder of clips in Speech Commands' layout; several, separated as in PATH, are "
    "read as one corpus; or the corpus.json of `kws keyword`, or its folder.",
)


def _known(profile: str | None) -> str | None:
    """Raises KwsError for an unknown profile, also with --data, where it decides only the amount of work."""
    get_profile(profile)
    return profile


PROFILE = typer.Option(
    None,
    callback=_known,
    help="Amount of work and, without --data, the corpus: quick (synthetic) or report (Speech Commands).",
)
OWN = typer.Option([], help="Your own recordings of a word, as WORD=FOLDER; may be repeated.")
JSON = typer.Option(False, "--json", help="Print one JSON object.")
