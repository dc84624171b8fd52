"""New processes without the start-up time: one process imports everything once and forks for each point.

    python -m kwslib.experiments.sweeps.warm   reads folders as lines from standard input, writes exit statuses as lines

A folder contains `point.ipynb` and `parameters.json`. The fork that runs it shares the imported modules' memory, writes
`executed.ipynb`, `longest.json` and the notebook's recorded values, and exits: points share no state, and one that
crashes does not affect the others.
"""

import contextlib
import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path

from kwslib.experiments.sweeps import notebook as notebooks
from kwslib.memory import keep_freed_memory
from kwslib.strict_json import json_text
from kwslib.worker import Ended, Worker, serve

ALWAYS = ("papermill", "IPython.core.interactiveshell", "matplotlib_inline.backend_inline")
THREADS = {"OMP_NUM_THREADS": "1"}
PR_SET_PDEATHSIG = 1  # Linux: a signal when the parent ends, so that a killed sweep leaves nothing running


_local = threading.local()


def run_fresh(folder: Path) -> int:
    """Run the point in `folder` in a new process, forked from this thread's warm one; returns its exit status.

    Windows has no fork, and on macOS a fork of a process that has imported PyTorch crashes: there a new one is started.
    """
    if sys.platform != "linux":
        with (folder / "log.txt").open("wb") as log:
            command = [sys.executable, "-m", __name__, str(folder)]
            environment = os.environ | THREADS | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            return subprocess.run(command, env=environment, stdout=log, stderr=log).returncode
    if not hasattr(_local, "warm"):
        _local.warm = Worker(__name__, THREADS)
    try:
        return int(_local.warm.ask(str(folder)))
    except Ended as end:
        return end.status or 1


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _run_here(folder: Path) -> None:
    import nbformat

    keep_freed_memory()
    os.chdir(folder)
    point = nbformat.read("point.ipynb", as_version=4)
    parameters = json.loads(Path("parameters.json").read_text(encoding="utf-8"))
    longest = notebooks.execute(point, folder / "executed.ipynb", parameters)
    Path("longest.json").write_text(json_text(longest), encoding="utf-8")


def _fork(folder: Path) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        _die_with_parent()
        log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        _run_here(folder)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever ends the point is in its log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _answer(line: str) -> int:
    """The exit status of the point in a folder, negative when a signal ended it."""
    import nbformat

    folder = Path(line)
    for name in (*ALWAYS, *notebooks.imported(nbformat.read(folder / "point.ipynb", as_version=4))):
        with contextlib.suppress(ImportError):  # the cell that imports it will say so
            importlib.import_module(name)
    if "torch" in sys.modules:
        importlib.import_module("torch._dynamo")  # else imported by the first optimizer, in every fork
    return _fork(folder)


def main() -> None:
    """Run the folders from standard input until it ends."""
    _die_with_parent()
    serve(_answer)


if __name__ == "__main__":
    _run_here(Path(sys.argv[1])) if sys.argv[1:] else main()
