"""A C compiler, and what it compiles."""

import shutil

import pytest

from kwslib.features.ccore import source_folder

CORE = source_folder()


def c_compiler() -> str:
    """A C compiler with sanitizers; the test is skipped where there is none."""
    for name in ("gcc", "clang"):
        if shutil.which(name):
            return name
    pytest.skip("no gcc or clang here")
