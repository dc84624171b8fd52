"""JSON of files that others may have written."""

import json
import re
from typing import Any

DEEPEST = 100  # brackets within brackets: no file of ours comes near

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def parse_json(text: str | bytes) -> Any:
    """The value that `text` (UTF-8) holds. Raises ValueError where it is not JSON, or nested too deep to be read.

    The depth is checked first: Python's reader recurses in C, and where a library has raised the recursion limit, as
    PyTorch's exporter does, a file of brackets would end the process with a segmentation fault.
    """
    text = text.decode("utf-8") if isinstance(text, bytes) else text
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} brackets within each other")
    return json.loads(text)
