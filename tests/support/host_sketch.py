"""Compiles a sketch of firmware/arduino for this machine, with the board of tests/sketches/board.cpp."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from repository import REPOSITORY

from kwslib.features.ccore import source_folder

ARDUINO = source_folder().parent / "arduino"
HOST = REPOSITORY / "tests" / "firmware" / "sketches"


def compilers() -> tuple[str, str]:
    if not (shutil.which("gcc") and shutil.which("g++")):
        pytest.skip("no gcc and g++ here")
    return "gcc", "g++"


@dataclass(frozen=True)
class Sketch:
    """A compiled sketch."""

    path: Path

    def run(self, *events: str) -> tuple[list[str], dict[str, int]]:
        """The log's lines, and what board.cpp (whose events these are) and the spotter say at the end."""
        done = subprocess.run([self.path, *events], capture_output=True, check=True)
        said = dict(line.split() for line in done.stderr.decode().splitlines())
        return done.stdout.decode().splitlines(), {name: int(value) for name, value in said.items()}


def compile_sketch(folder: Path, sketch: str, *spotter: Path, flags: tuple[str, ...] = ()) -> Sketch:
    """The sketch with the sources of its spotter; `folder` holds the headers of its model, and the result."""
    cc, cxx = compilers()
    places = (folder, HOST, ARDUINO / "stand_ins", source_folder(), ARDUINO / "kws_sketch", ARDUINO / sketch)
    includes = [f"-I{path}" for path in places]
    cpp = [cxx, "-std=gnu++14", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-include", "Arduino.h"]
    sources = [ARDUINO / sketch / f"{sketch}.ino", HOST / "board.cpp", *spotter]
    sources += [*(ARDUINO / "kws_sketch").glob("*.cpp"), *source_folder().glob("*.c")]
    objects = []
    for source in sources:
        objects.append(folder / f"{source.stem}.o")
        command = [cc, "-std=gnu11", "-Wall", "-Wextra", "-Werror"] if source.suffix == ".c" else cpp
        subprocess.run([*command, "-O1", *flags, *includes, "-c", source, "-o", objects[-1]], check=True)
    subprocess.run([cxx, *flags, *objects, "-o", folder / "sketch"], check=True)
    return Sketch(folder / "sketch")
