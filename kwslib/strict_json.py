"""Standard JSON: written without NaN and infinity, and safely read from untrusted files."""

import json
import math
import re
from typing import Any, TypeGuard

from kwslib.errors import KwsError

DEEPEST = 100  # brackets within brackets: no file of ours comes near

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def json_text(value: Any, **layout: Any) -> str:
    """`value` as JSON; layout: `indent` and the like of json.dumps. Raises KwsError for numbers that JSON lacks."""
    try:
        return json.dumps(value, allow_nan=False, **layout)
    except ValueError:
        raise KwsError(
            "the result holds numbers that are not finite: check the model's weights and the parameters given"
        ) from None


def parse_json(text: str | bytes) -> Any:
    """The value that `text` (UTF-8) holds. Raises ValueError where it is not JSON, is nested too deep to be read, or
    gives a name twice.

    The depth is checked first: Python's reader recurses in C, and where a library has raised the recursion limit, as
    PyTorch's exporter does, a file of brackets would end the process with a segmentation fault.
    """
    text = text.decode("utf-8") if isinstance(text, bytes) else text
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} brackets within each other")
    return json.loads(text, object_pairs_hook=_object)


def _object(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a file. Raises ValueError for a name that is given twice, of which a reader would take either."""
    found = dict(entries)
    if len(found) < len(entries):
        names = [name for name, _ in entries]
        raise ValueError(f"{next(name for name in found if names.count(name) > 1)!r} is given twice")
    return found


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value out of a file is a whole number; True and 1.0, which Python calls equal to 1, are not."""
    return type(value) is int


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value out of a file is a finite number, which True is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def is_format(value: object, known: int) -> bool:
    """Whether a file says that it is of this format."""
    return is_whole(value) and value == known
