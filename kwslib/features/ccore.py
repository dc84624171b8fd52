"""The C core as a shared library, compiled on first use from the same source files as the firmware.

The library is cached under the hash of its sources, flags and compiler, so that an edit triggers a new build and
a stale one is never loaded. cffi reads its structs, functions and constants from its public headers.
"""

import errno
import functools
import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cffi
import numpy as np

from kwslib.cache import cached_file, digest
from kwslib.errors import KwsError

SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
FLAGS = ("-std=c99", "-O3", "-shared", *(() if sys.platform == "win32" else ("-fPIC",)))
PARTS = (
    "frontend",
    "move",
    "neighbours",
    "network",
    "sparse",
    "packed",
    "decision",
    "rearm",
)  # kws_*.h that Python reads


def source_folder() -> Path:
    """`firmware/core` of the checkout, or its copy in the installed package. Raises KwsError without one."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "firmware" / "core", package / "_firmware" / "core"):
        if (folder / "kws_frontend.c").is_file():
            return folder
    raise KwsError(
        f"the C core is missing beside {package}: reinstall kwslib, or run it from a whole checkout"
    )


def source_hash() -> str:
    """Hexadecimal hash of the C core's source files, independent of the compiler."""
    return files_hash(source_folder())


def files_hash(folder: Path) -> str:
    """Hexadecimal hash of the C sources and headers in a folder."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix in (".c", ".h")]
    content = b"".join(path.name.encode() + b"\0" + path.read_bytes() + b"\0" for path in files)
    return hashlib.sha256(content).hexdigest()


def compiler() -> list[str]:
    """Command of the C compiler: `$CC`, else `cc`, else PyPI's ziglang. Raises KwsError if none is found.

    On macOS and Windows ziglang, since `cc` there may be a stub that only offers to download a compiler.
    """
    if named := os.environ.get("CC", "").strip():
        try:
            return shlex.split(named)
        except ValueError as error:
            raise KwsError(
                f"CC is {named}, which is not a command ({error}): correct $CC or unset it"
            ) from None
    if sys.platform == "linux" and shutil.which("cc"):
        return ["cc"]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    raise KwsError("no C compiler found: `pip install ziglang`, or install gcc or clang, or name one in $CC")


def _run(command: list[str], output: Path) -> None:
    """Run the compiler. Raises KwsError when it fails or makes no `output`, OSError when the disk is full."""
    try:
        done = subprocess.run(
            [*command, "-o", str(output)], capture_output=True, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise KwsError(f"the C compiler {command[0]} does not start: {error.strerror} (check $CC)") from None
    check_space(done.stderr, output)
    if done.returncode:
        lines = done.stderr.splitlines()
        reason = next((line for line in lines if "error" in line), f"exit status {done.returncode}")
        raise KwsError(f"the C compiler {command[0]} could not build the core: {reason} (check $CC)")
    if not output.is_file():
        raise KwsError(f"the C compiler {command[0]} ended without an error and wrote no file: check $CC")


def check_space(message: str, output: Path) -> None:
    """Raises OSError, naming `output`, when a compiler's `message` reports a full disk."""
    reason = os.strerror(errno.ENOSPC)
    if reason in message:
        raise OSError(errno.ENOSPC, reason, str(output))


def build() -> Path:
    """Path of the compiled library, built if it is not in the cache. Raises KwsError when the compiler fails."""
    return shared_library("core", sorted(source_folder().glob("*.c")), source_hash())


def shared_library(name: str, sources: Sequence[Path], content: str) -> Path:
    """Path of a library compiled of `sources` whose hash is `content`, kept in the cache under `name`. Raises
    KwsError when the compiler fails."""
    command = [*compiler(), *FLAGS]
    key = digest(content, command, platform.system(), platform.machine())
    return cached_file(name, key, SUFFIX, lambda path: _run([*command, *map(str, sources)], path))


_LOADING = threading.RLock()


@functools.cache
def declarations() -> str:
    """The public headers' declarations in the C that cffi parses: structs, functions, and numeric macros."""
    return read_headers(source_folder() / f"kws_{part}.h" for part in PARTS)


def read_headers(headers: Iterable[Path]) -> str:
    """Declarations of C headers without what cffi does not read: its directives but for macros that are numbers."""
    text = "\n".join(header.read_text(encoding="utf-8") for header in headers)
    text = re.sub(r"^#ifdef __cplusplus$.*?^#endif$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^#(?!define \w+ +\d).*$", "", text, flags=re.MULTILINE)


@functools.cache
def constants() -> dict[str, int]:
    """The headers' numeric macros by name, such as KWS_CHANNELS."""
    return {
        name: int(value) for name, value in re.findall(r"^#define (\w+) +(\d+)", declarations(), re.MULTILINE)
    }


def once(make: Callable[[], Any]) -> Callable[[], Any]:
    """`make` called once, by whichever thread comes first: types of two interfaces are not the same to cffi."""
    kept = functools.cache(make)

    @functools.wraps(make)
    def get() -> Any:
        with _LOADING:
            return kept()

    return get


@once
def interface() -> cffi.FFI:
    """The cffi interface with the headers' types; `interface().new("kws_frontend *")` is a zeroed struct that
    Python owns."""
    ffi = cffi.FFI()
    ffi.cdef(declarations())
    return ffi


@once
def library() -> Any:
    """The loaded C core, built when needed; its functions take the objects that `interface` and `pointer` return."""
    return interface().dlopen(str(build()))


@functools.cache
def _pointer_type(kind: np.dtype) -> Any:
    return interface().typeof(f"{kind.name}_t *")


def pointer(array: np.ndarray) -> Any:
    """A typed C pointer to the data of a contiguous array. The caller must keep the array alive."""
    return interface().from_buffer(_pointer_type(array.dtype), array)


def structure(name: str, fields: dict[str, Any]) -> Any:
    """A C struct with the given fields: numbers, dicts for nested structs, arrays for pointers, None for fields
    left zero.

    The arrays must be contiguous, and the caller must keep them alive. Raises KeyError for an unknown field and
    TypeError for a value of the wrong type.
    """

    def initialiser(fields: dict[str, Any]) -> dict[str, Any]:
        values = {}
        for field, value in fields.items():
            if isinstance(value, dict):
                value = initialiser(value)
            elif isinstance(value, np.ndarray):
                value = pointer(value)
            if value is not None:
                values[field] = value
        return values

    return interface().new(f"{name} *", initialiser(fields))
