"""A .tflite file in LiteRT's interpreter, and the memory that TensorFlow Lite Micro takes for it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from kwslib.errors import KwsError
from kwslib.quiet import quiet_stderr

# Run apart: the allocator prints to the process's standard error, and C++ must not take a notebook down.
_ARENA = """
import sys
from tflite_micro import runtime
interpreter = runtime.Interpreter.from_file(sys.argv[1], arena_size=16 << 20)
interpreter.print_allocations()
"""


def open_litert(path: Path, threads: int = 1, xnnpack: bool = False) -> Any:
    """LiteRT's interpreter for a .tflite file, its tensors allocated; XNNPACK's kernels or the reference ones.

    Raises KwsError for a file that is missing, truncated or something else.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    if not Path(path).is_file():
        raise KwsError(f"{path}: no such file; make one with `kws export FILE.pt --out DIR`")
    kernels = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_REF
    try:
        with quiet_stderr():
            interpreter = Interpreter(
                model_content=Path(path).read_bytes(),  # by its path, LiteRT would not verify the file
                num_threads=threads,
                experimental_op_resolver_type=kernels,
            )
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise KwsError(f"{path}: damaged or no .tflite model; make it again with `kws export`") from error
    return interpreter


def input_dtype(path: Path) -> str:
    """The type of the input, and so of the activations: "int8" or "float32"."""
    return open_litert(path).get_input_details()[0]["dtype"].__name__


def tflm_arena_bytes(path: Path) -> int:
    """The tensor arena that TensorFlow Lite Micro takes for a model, measured on this 64-bit host.

    Raises KwsError for a file that it cannot run.
    """
    open_litert(path)
    run = subprocess.run([sys.executable, "-c", _ARENA, str(path)], capture_output=True, text=True)
    total = re.search(r"Arena allocation total (\d+) bytes", run.stderr)
    if total is None:
        reason = (run.stderr.strip().splitlines() or [f"exit status {run.returncode}"])[-1]
        raise KwsError(f"{path}: TensorFlow Lite Micro cannot run this model ({reason}); export it as int8")
    return int(total[1])
