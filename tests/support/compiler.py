"""A C compiler, and what it compiles."""

import shutil
import subprocess
from pathlib import Path

import pytest
from shared_work import made_once

from kwslib.features.ccore import source_folder

CORE = source_folder()
STRICT = ("-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def c_compiler() -> str:
    """A C compiler with sanitizers; the test is skipped where there is none."""
    for name in ("gcc", "clang"):
        if shutil.which(name):
            return name
    pytest.skip("no gcc or clang here")


def sanitized(factory: pytest.TempPathFactory, folder: Path, program: str) -> Path:
    """The C core under a program, with sanitizers that stop at the first finding; `folder` holds the model's header.

    No source of the core depends on the model, so they are compiled once for all tests.
    """
    command = [c_compiler(), *STRICT, *SANITIZERS]

    def compile_core(objects: Path) -> list[Path]:
        subprocess.run([*command, "-c", *CORE.glob("*.c")], cwd=objects, check=True)
        return list(objects.glob("*.o"))

    core = made_once(factory, "sanitized_core", compile_core)
    (folder / "program.c").write_text(program)
    places = (f"-I{folder}", f"-I{CORE}")
    subprocess.run([*command, *places, "-o", folder / "program", folder / "program.c", *core], check=True)
    return folder / "program"
