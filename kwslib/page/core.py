"""The C core as WebAssembly, compiled by PyPI's zig from the same source files as the firmware, and cached."""

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

from kwslib.cache import cached_file, digest
from kwslib.errors import KwsError
from kwslib.features.ccore import source_folder

FLAGS = (
    "-target",
    "wasm32-freestanding",
    "-msimd128",
    "-std=c99",
    "-O2",
    "-nostdlib",
    "-Wl,--no-entry",
    "-s",
)


def build_core() -> Path:
    """Path of the compiled core, built if it is not in the cache. Raises KwsError if zig is missing or fails."""
    if not importlib.util.find_spec("ziglang"):
        raise KwsError("no compiler for WebAssembly: pip install ziglang")
    core = source_folder()
    web = core.parent / "web"
    sources = [*sorted(core.glob("*.c")), *sorted(web.glob("*.c"))]
    read = [*sources, *sorted(core.glob("*.h")), *sorted(web.glob("*.h"))]
    contents = [(path.name, path.read_bytes()) for path in read]
    key = digest(contents, FLAGS, importlib.metadata.version("ziglang"))
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, f"-I{core}", *map(str, sources)]

    def compile_to(path: Path) -> None:
        done = subprocess.run([*command, "-o", str(path)], capture_output=True, text=True)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "error" in line]
            reason = errors[0] if errors else f"exit status {done.returncode}"
            raise KwsError(f"the core could not be compiled to WebAssembly: {reason}")

    return cached_file("web", key, ".wasm", compile_to)
