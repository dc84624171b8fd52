"""What every command's output shares: one JSON object, or lines that nothing in a name breaks."""

import json
import re
from typing import Any

from kwslib.errors import KwsError

LONG = re.compile(r"\S{300,}")  # a word, or a path, that nobody reads to its end


def print_json(result: dict[str, Any]) -> None:
    """Print one JSON object on standard output, and nothing else. Raises KwsError for numbers that JSON lacks."""
    try:
        text = json.dumps(result, indent=2, allow_nan=False)
    except ValueError:
        raise KwsError("the result holds numbers that are not finite: check the model's weights") from None
    print(text)


def one_line(text: object) -> str:
    """`text` with newlines and all else that is not printable escaped, and words of 300 letters or more shortened."""
    line = "".join(char if char.isprintable() else _escaped(char) for char in str(text))
    return LONG.sub(lambda word: f"{word[0][:120]}...{word[0][-60:]}", line)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte of a name that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()
