"""Compiles a model's firmware for the Cortex-M4F, with PyPI's zig or arm-none-eabi-gcc, and caches it.

The cache key is a hash of everything that determines the binary: sources, model, compiler and flags.
"""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.cache import cached, digest
from kwslib.errors import KwsError
from kwslib.features.ccore import check_space, source_folder
from kwslib.paths import cache_dir
from kwslib.writing import temporary_folder

COMMON = (
    "-std=c99",
    "-O3",
    "-g",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-Wl,--gc-sections",
)
ZIG = ("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp", "-Wl,-e,reset_handler")
GCC = (
    "-mcpu=cortex-m4",
    "-mthumb",
    "-mfloat-abi=hard",
    "-mfpu=fpv4-sp-d16",
    "-ffreestanding",
    "-nostartfiles",
)
COMPILERS = ("zig", "gcc")


class Overflow(KwsError):
    """A firmware that is too large for the board's memory: `excess` bytes by region, FLASH, RAM or both; `remedy` ends
    the message."""

    def __init__(self, excess: Mapping[str, int], remedy: str = "") -> None:
        excesses = " and ".join(f"{more:,} bytes too large for {region}" for region, more in excess.items())
        super().__init__(f"the model does not fit the board: its firmware is {excesses}{remedy}")
        self.excess = excess


@dataclass(frozen=True)
class Build:
    """ELF files. `elf` is the firmware for the board; `watched` is the same code with its constants at addresses where
    the emulator counts each read."""

    elf: bytes
    watched: bytes


def find_compiler(name: str | None = None) -> tuple[str, list[str]]:
    """Name and command of the compiler: `name`, else zig if installed, else gcc. Raises KwsError if there is none."""
    commands = {}
    if importlib.util.find_spec("ziglang"):
        commands["zig"] = [sys.executable, "-m", "ziglang", "cc", *ZIG, *COMMON]
    if shutil.which("arm-none-eabi-gcc"):
        commands["gcc"] = ["arm-none-eabi-gcc", *GCC, *COMMON]
    if name is not None and name not in COMPILERS:
        raise KwsError(f"compiler {name!r}: use {' or '.join(COMPILERS)}")
    for candidate in (name,) if name else COMPILERS:
        if candidate in commands:
            return candidate, commands[candidate]
    raise KwsError("no compiler for the Cortex-M4: pip install ziglang, or install arm-none-eabi-gcc")


def build_firmware(model_header: str, compiler: str | None = None, main: str = "main.c") -> Build:
    """Compile the virtual board's firmware for a model. `main`: main.c for clips, stream.c for a stream.

    What does not depend on the model is compiled once. Raises KwsError when there is no compiler, and Overflow when the
    firmware does not fit.
    """
    _, command = find_compiler(compiler)
    core = source_folder()
    virtual = core.parent / "virtual"
    common = [*sorted(core.glob("*.c")), *sorted(core.glob("*.S")), virtual / "startup.c"]
    headers = [*sorted(core.glob("*.h")), *sorted(virtual.glob("*.h"))]
    # zig links even an object, if it is told how
    compiling = [word for word in command if not word.startswith("-Wl,")]
    compiling += ["-c", f"-I{core}", f"-I{virtual}"]
    compiled = digest(_contents([*common, *headers]), command, _version(command))

    def compile_common() -> dict[str, np.ndarray]:
        with temporary_folder(cache_dir() / "firmware", "common") as folder:
            objects = [_compile(compiling, path, folder) for path in common]
            return {path.stem: np.frombuffer(path.read_bytes(), np.uint8) for path in objects}

    def link() -> dict[str, np.ndarray]:
        script = (virtual / "nrf52840.ld").read_text(encoding="utf-8")
        watched = re.sub(r"(\.rodata : .*)> FLASH", r"\1> WATCHED", script)
        objects = cached("firmware", compiled, compile_common)
        with temporary_folder(cache_dir() / "firmware", "build") as folder:
            (folder / "kws_model.h").write_text(model_header, encoding="utf-8")
            for name, content in objects.items():
                (folder / f"{name}.o").write_bytes(content.tobytes())
            _compile([*compiling, f"-I{folder}"], virtual / main, folder)
            order = [*(path.stem for path in common[:-1]), Path(main).stem, common[-1].stem]
            linking = [*command, *(str(folder / f"{name}.o") for name in order)]
            return {
                name: np.frombuffer(_link(linking, text, folder), np.uint8)
                for name, text in (("elf", script), ("watched", watched))
            }

    own = _contents([virtual / main, virtual / "nrf52840.ld"])
    kept = cached("firmware", digest(model_header, own, compiled), link)
    return Build(kept["elf"].tobytes(), kept["watched"].tobytes())


def _contents(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in paths]


def _compile(command: list[str], source: Path, folder: Path) -> Path:
    """The object file of a source, in `folder`."""
    path = folder / f"{source.stem}.o"
    _run([*command, str(source), "-o", str(path)], folder)
    return path


def _version(command: list[str]) -> str:
    if "ziglang" in command:
        return importlib.metadata.version("ziglang")
    question = [command[0], "-dumpfullversion"]
    return subprocess.run(question, capture_output=True, encoding="utf-8", errors="replace").stdout


def _link(command: list[str], script: str, folder: Path) -> bytes:
    """The ELF file that the command makes with a linker script; `folder` is for what it writes."""
    linker_script, elf = folder / "board.ld", folder / "firmware.elf"
    linker_script.write_text(script, encoding="utf-8")
    _run([*command, "-T", str(linker_script), "-o", str(elf)], folder)
    return elf.read_bytes()


def _run(command: list[str], folder: Path) -> None:
    """Run the compiler in `folder`. Raises Overflow where something does not fit, and KwsError with its first error."""
    environment = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", env=environment
    )
    check_space(done.stderr, folder)
    if done.returncode:
        found = re.findall(r"region [`']?(\w+)'?[^\n]*overflowed by (\d+) bytes", done.stderr)
        if found:  # once for each section that is beyond the end
            raise Overflow({name: max(int(n) for r, n in found if r == name) for name, _ in found})
        errors = [line for line in done.stderr.splitlines() if "error" in line] or [
            f"status {done.returncode}"
        ]
        raise KwsError(f"the firmware could not be compiled: {errors[0]}")
