"""What takes long to make and is only read: made once in a run of the tests, for all of pytest-xdist's workers."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

import pytest

from kwslib.locks import alone

Result = TypeVar("Result")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Result]) -> Result:
    """What `make` returned for an empty folder: the first worker that asks makes it, others wait and read it."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    folder.mkdir(exist_ok=True)
    result = folder.with_suffix(".pickle")
    with alone(folder, name):
        if not result.exists():
            content = pickle.dumps(make(Path(mkdtemp(dir=folder))))  # after a failure, in another one
            result.write_bytes(content)
        return pickle.loads(result.read_bytes())
