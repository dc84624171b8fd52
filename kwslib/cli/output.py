"""What every command's output shares: one JSON object, or lines that nothing in a name breaks."""

import re
from collections.abc import Sequence
from typing import Any

from kwslib.strict_json import json_text

LONG = re.compile(r"\S{300,}")  # a word, or a path, that nobody reads to its end


def print_json(result: dict[str, Any]) -> None:
    """Print one JSON object on standard output, and nothing else. Raises KwsError for numbers that JSON lacks."""
    print(json_text(result, indent=2))


def print_confusion(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> None:
    """A row for each class said, a column for each that was heard."""
    print(one_line(f"  {'said / answered':<16}" + "".join(f"{label:>10}" for label in labels)))
    for label, row in zip(labels, confusion, strict=True):
        print(one_line(f"  {label:<16}" + "".join(f"{count:>10}" for count in row)))


def which_second(second: float) -> str:
    """Which second of a longer recording a model heard, as the end of a line."""
    return f", in the second from {second:.2f} s on" if second else ""


def one_line(text: object) -> str:
    """`text` with newlines and all else that is not printable escaped, and words of 300 letters or more shortened."""
    line = "".join(char if char.isprintable() else _escaped(char) for char in str(text))
    return LONG.sub(lambda word: f"{word[0][:120]}...{word[0][-60:]}", line)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte of a name that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()
