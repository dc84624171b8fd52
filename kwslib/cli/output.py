"""What every command shares: the JSON object on standard output, and progress only for people."""

import json
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

Item = TypeVar("Item")


def print_json(result: dict[str, Any]) -> None:
    """Print one JSON object and nothing else."""
    print(json.dumps(result, indent=2))


def progress(items: Iterable[Item], description: str, total: int | None = None) -> Iterable[Item]:
    """A progress bar on standard error; silent when that is not a terminal."""
    from tqdm import tqdm

    return tqdm(items, desc=description, total=total, disable=not sys.stderr.isatty(), leave=False)
