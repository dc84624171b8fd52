"""Progress bars for people: on standard error, and only when that is a terminal."""

import sys
from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def progress(items: Iterable[Item], description: str, total: int | None = None) -> Iterable[Item]:
    """`items` with a progress bar while they are consumed; silent when standard error is not a terminal."""
    from tqdm import tqdm

    return tqdm(items, desc=description, total=total, disable=not sys.stderr.isatty(), leave=False)
