"""What a .tflite file holds: its operators and their counts, and the memory TensorFlow Lite Micro takes."""

import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kwslib.errors import KwsError
from kwslib.profiling import Costs, Operation

WEIGHTED = ("conv_2d", "depthwise_conv_2d", "fully_connected")  # inputs: data, weights, biases

# Run apart: the allocator prints to the process's standard error, and C++ must not take a notebook down.
_ARENA = """
import sys
from tflite_micro import runtime
interpreter = runtime.Interpreter.from_file(sys.argv[1], arena_size=16 << 20)
interpreter.print_allocations()
"""


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what C++ writes to standard error, where LiteRT announces its delegate amid a notebook's page."""
    saved = os.dup(2)
    try:
        with open(os.devnull, "w") as null:
            os.dup2(null.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def open_litert(path: Path, threads: int = 1, xnnpack: bool = False) -> Any:
    """LiteRT's interpreter for a .tflite file, its tensors allocated; XNNPACK's kernels or LiteRT's own.

    Raises KwsError for a file that is missing, truncated or something else.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    if not Path(path).is_file():
        raise KwsError(f"{path}: no such file; make one with `kws export FILE.pt --out DIR`")
    kernels = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
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


def costs(path: Path) -> Costs:
    """Counts of the operators of a .tflite file (its first subgraph, batch 1); kinds are TFLite's names."""
    from ai_edge_litert import schema_py_generated as schema

    open_litert(path)  # verifies the file, which the generated reader does not
    model = schema.ModelT.InitFromPackedBuf(Path(path).read_bytes(), 0)
    names = {code: name.lower() for name, code in vars(schema.BuiltinOperator).items() if name[0] != "_"}
    graph = model.subgraphs[0]
    shapes = [tuple(map(int, tensor.shape)) for tensor in graph.tensors]
    constant = [model.buffers[tensor.buffer].data is not None for tensor in graph.tensors]
    steps = [Operation("input", "input", (), shapes[graph.inputs[0]])]
    source = {int(graph.inputs[0]): 0}
    for number, operator in enumerate(graph.operators):
        code = model.operatorCodes[operator.opcodeIndex]
        kind = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        output = int(operator.outputs[0])
        source[output] = len(steps)
        reads = tuple(source[i] for i in operator.inputs if i in source)
        sizes = [math.prod(shapes[i]) for i in operator.inputs if i >= 0 and constant[i]]
        weights, biases = (*sizes, 0, 0)[:2] if kind in WEIGHTED else (0, 0)
        macs = math.prod(shapes[output]) * weights // shapes[output][-1]
        steps.append(Operation(f"{kind}_{number}", kind, reads, shapes[output], weights, biases, macs))
    return Costs(tuple(steps))


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
