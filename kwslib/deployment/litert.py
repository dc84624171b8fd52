"""A .tflite file in LiteRT's interpreter, and the memory that TensorFlow Lite Micro needs for it."""

import importlib.util
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kwslib.deployment.tflite_flatbuffer import read_description
from kwslib.deployment.tflite_graph import Graph, damaged, parse
from kwslib.deployment.tflite_validate import validate
from kwslib.errors import KwsError
from kwslib.paths import absent
from kwslib.quiet import quiet_stderr

# Run apart: the allocator prints to the process's standard error, and C++ must not take a notebook down.
_ARENA = """
import sys
from tflite_micro import runtime
interpreter = runtime.Interpreter.from_bytes(sys.stdin.buffer.read(), arena_size=16 << 20)
interpreter.print_allocations()
"""

# Run apart: LiteRT ends the process at some of what it cannot do.
_TRIAL = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
content = sys.stdin.buffer.read()
for kernels in (OpResolverType.BUILTIN_REF, OpResolverType.AUTO):
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    interpreter.set_tensor(source["index"], np.zeros(source["shape"], source["dtype"]))
    interpreter.invoke()
"""


@dataclass(frozen=True, eq=False)
class TfliteFile:
    """A .tflite file, read once: its bytes, its validated graph, and LiteRT's interpreter with the reference kernels,
    whose tensors are allocated."""

    path: Path
    content: bytes = field(repr=False)
    graph: Graph = field(repr=False)
    interpreter: Any = field(repr=False)

    @property
    def dtype(self) -> str:
        """The type of the input, and therefore of the activations: "int8" or "float32"."""
        return self.graph.tensors[self.graph.input].type.lower()

    def with_xnnpack(self, threads: int = 1) -> Any:
        """An interpreter with XNNPACK's kernels. Raises KwsError for a model that they cannot run."""
        interpreter = _interpreter(self.path, self.content, threads, xnnpack=True)
        _allocate(self.path, interpreter, xnnpack=True)
        return interpreter


def read_tflite(model: Path | TfliteFile, content: bytes | None = None) -> TfliteFile:
    """A .tflite file; an opened one as it is.

    content: the file's bytes, if the file is not yet written and `model` is only its name. Raises KwsError for a file
    that is missing, truncated, not a model, or that LiteRT cannot run.
    """
    if isinstance(model, TfliteFile):
        return model
    content = read_content(model) if content is None else content
    graph = parse(model, content)  # LiteRT itself does not get over every file
    interpreter = _interpreter(model, content)  # verifies the framing
    _check(graph, content)
    _allocate(model, interpreter)
    return TfliteFile(model, content, graph, interpreter)


def read_content(path: Path) -> bytes:
    """The bytes of a .tflite file. Raises KwsError if there is none."""
    if not Path(path).is_file():
        raise KwsError(f"{path}: {absent(path, 'file')}; make one with `kws export FILE.pt --out DIR`")
    return Path(path).read_bytes()


def _interpreter(path: Path, content: bytes, threads: int = 1, xnnpack: bool = False) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        with quiet_stderr():
            return Interpreter(
                model_content=content,  # by its path, LiteRT would not verify the file
                num_threads=threads,
                experimental_op_resolver_type=OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_REF,
            )
    except ValueError as error:
        raise damaged(path, error) from error
    except RuntimeError as error:
        raise _refused(path, error, xnnpack) from error


def _allocate(path: Path, interpreter: Any, xnnpack: bool = False) -> None:
    try:
        with quiet_stderr():
            interpreter.allocate_tensors()
    except ValueError as error:
        raise damaged(path, error) from error
    except RuntimeError as error:
        raise _refused(path, error, xnnpack) from error


def _refused(path: Path, error: RuntimeError, xnnpack: bool) -> KwsError:
    """The complaint about a model, whole, whose numbers some kernel cannot work with."""
    kernels = "LiteRT's fast kernels (XNNPACK)" if xnnpack else "LiteRT"
    reason = " ".join(str(error).split())
    return KwsError(f"{path}: {kernels} cannot run this model ({reason}); make it again with `kws export`")


def _check(graph: Graph, content: bytes) -> None:
    """Raises KwsError for a file, its framing verified, that LiteRT cannot run or whose labels are damaged."""
    path, trusted = graph.path, validate(graph)
    try:
        read_description(content)
    except ValueError as error:
        raise KwsError(
            f"{path}: its labels are damaged ({error}); make it again with `kws export`"
        ) from error
    if not trusted and (reason := _tried(content)):
        raise KwsError(f"{path}: LiteRT cannot run this model ({reason}); make it again with `kws export`")


def _tried(content: bytes) -> str:
    """Why LiteRT cannot run a file's bytes, found out in a process of its own; "" where it can."""
    run = subprocess.run([sys.executable, "-c", _TRIAL], input=content, capture_output=True)
    if run.returncode < 0:
        return f"it ends the process by signal {-run.returncode}"
    if run.returncode:
        return (run.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
    return ""


def has_micro() -> bool:
    """Whether TensorFlow Lite Micro's interpreter is installed: its wheels exist only for Linux on x86-64."""
    return importlib.util.find_spec("tflite_micro") is not None


def check_micro() -> None:
    """Raises KwsError if TensorFlow Lite Micro's interpreter is not installed."""
    if not has_micro():
        raise KwsError(
            "TensorFlow Lite Micro is missing: pip install 'kwslib[convert]' on Linux, x86-64 "
            "(it has no wheels for other systems)"
        )


def tflm_arena_bytes(model: Path | TfliteFile) -> int:
    """Bytes of the tensor arena that TensorFlow Lite Micro needs for a model, measured on this 64-bit host.

    Raises KwsError for a file that it cannot run, and if its interpreter is not installed.
    """
    file = read_tflite(model)
    check_micro()
    run = subprocess.run([sys.executable, "-c", _ARENA], input=file.content, capture_output=True)
    said = run.stderr.decode(errors="replace")
    total = re.search(r"Arena allocation total (\d+) bytes", said)
    if total is None:
        reason = (said.strip().splitlines() or [f"exit status {run.returncode}"])[-1]
        raise KwsError(
            f"{file.path}: TensorFlow Lite Micro cannot run this model ({reason}); export it as int8"
        )
    return int(total[1])
