"""One point on any machine: its task holds all inputs, its outcome all results.

A task contains the notebook, its parameters and the trained network that it starts from; the machine that runs it needs
the recordings and the same code. The content key identifies the point: notebook, sources, parameters, data, network.
"""

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from kwslib.cache import code, digest
from kwslib.errors import KwsError
from kwslib.experiments.sweeps import notebook as notebooks
from kwslib.experiments.sweeps.warm import run_fresh
from kwslib.features.ccore import source_hash
from kwslib.strict_json import json_text
from kwslib.writing import temporary_folder

EXPERIMENTS = ("kwslib.experiments.quantization", "kwslib.experiments.pruning")


@dataclass(frozen=True)
class Task:
    """A point to run. `notebook` is its JSON; `networks` are the checkpoints that it starts from, by file name."""

    name: str
    key: str
    code: str
    data_hash: str
    notebook: str
    parameters: dict[str, Any]
    networks: dict[str, bytes]


@dataclass(frozen=True)
class Outcome:
    """Results of a point: its row and models, or the traceback of its failure; its notebook in either case."""

    task: Task
    row: dict[str, Any] | None
    notebook: str
    models: dict[str, bytes] = field(default_factory=dict)
    traceback: str = ""


def code_fingerprint() -> str:
    """Digest of all code that the values of a point depend on: the experiments, their imports, and the C core."""
    return digest(source_hash(), *map(code, EXPERIMENTS))


def content_key(
    notebook: Any, code: str, parameters: dict[str, Any], data_hash: str, networks: dict[str, bytes]
) -> str:
    """The identity of a point. Two points with the same key have the same row."""
    trained = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(networks.items())}
    return digest(notebooks.sources(notebook), code, sorted(parameters.items()), data_hash, trained)


def run_task(task: Task) -> Outcome:
    """Run a point in a new process on this machine. Raises KwsError when code or recordings differ from the sweep's."""
    if code_fingerprint() != task.code:
        raise KwsError(
            "this worker runs other sources or packages: install the sweep's commit and lock, restart it"
        )
    begin = time.monotonic()
    with temporary_folder(Path(gettempdir()), "kws-point") as folder:
        (folder / "results" / "models").mkdir(parents=True)
        for name, content in task.networks.items():
            (folder / "results" / "models" / name).write_bytes(content)
        (folder / "point.ipynb").write_text(task.notebook, encoding="utf-8")
        parameters = task.parameters | {"results": str(folder / "results")}
        (folder / "parameters.json").write_text(json_text(parameters), encoding="utf-8")
        status = run_fresh(folder)
        done = folder / "executed.ipynb"
        text = done.read_text(encoding="utf-8") if done.is_file() else task.notebook
        if status:
            log = folder / "log.txt"
            output = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
            return Outcome(task, None, text, traceback=f"{output}\nthe point ended with status {status}\n")
        (recorded,) = (folder / "results").glob("*.json")
        row = _row(task, json.loads(recorded.read_text(encoding="utf-8")))
        row["longest_cell_s"] = round(json.loads((folder / "longest.json").read_text(encoding="utf-8")), 3)
        row["wall_s"] = round(time.monotonic() - begin, 3)
        models = {
            path.name: path.read_bytes()
            for path in (folder / "results" / "models").iterdir()
            if path.name not in task.networks
        }
        row["models"] = " ".join(sorted(models))
        return Outcome(task, row, text, models)


def _row(task: Task, recorded: dict[str, Any]) -> dict[str, Any]:
    """The point's parameters and values, and what they depend on. Raises KwsError for other recordings."""
    if recorded["data"]["content_hash"] != task.data_hash:
        found = recorded["data"]["content_hash"][:12]
        raise KwsError(
            f"a worker has other recordings ({found}, not {task.data_hash[:12]}): set KWS_DATA there"
        )
    (values,) = recorded["rows"]
    versions = recorded["versions"]
    return {
        "run": task.name,
        **{name: value for name, value in task.parameters.items() if name != "data"},
        **values,
        "data": recorded["data"]["name"],
        "data_hash": task.data_hash,
        "kwslib": versions["kwslib"],
        "torch": versions["torch"],
        "python": versions["python"],
        "commit": recorded["commit"],
        "key": task.key,
    }
