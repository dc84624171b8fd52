"""The two kinds of failure of a command, and their exit statuses."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class KwsError(Exception):
    """Bad usage or bad input: one line that names the culprit and the remedy (exit status 2)."""


class CheckFailed(Exception):
    """The work was done, but a check of its result failed (exit status 1)."""


@contextmanager
def naming(culprit: object) -> Iterator[None]:
    """Let each KwsError of the block begin with the file at fault, where what raises it does not know the file."""
    try:
        yield
    except KwsError as error:
        raise KwsError(f"{culprit}: {error}") from error


def listed(problems: Iterable[tuple[object, str]], most: int = 5) -> str:
    """One line for many (culprit, reason): those of one reason stand together, and at most `most` are named.

    "a.m4a, b.m4a and 8 more: a voice memo takes ffmpeg ...; c.wav: the file is empty ..."
    """
    by_reason: dict[str, list[str]] = {}
    for culprit, reason in problems:
        by_reason.setdefault(reason, []).append(str(culprit))
    lines = [_some(culprits, most) + f": {reason}" for reason, culprits in by_reason.items()]
    more = sum(len(culprits) for culprits in list(by_reason.values())[most:])
    return "; ".join(lines[:most]) + (f"; and {more} more files with other reasons" if more else "")


def _some(names: list[str], most: int) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
