"""Notebooks as files: the script is the source, the .ipynb is made from it, executed by papermill, sanitised.

What all notebooks share, the Colab badge and the cell that installs kwslib there, is made here from the one
repository address in _config.yml. A recorded notebook holds no path, time or name of the machine that ran it.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode

from kwslib import __version__
from kwslib.paths import folders
from kwslib.writing import atomic_write

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
EXTRAS = {  # what a notebook needs beyond kwslib itself
    "01_preprocessing": ("notebooks",),
    "02_size_estimation": ("notebooks", "convert"),
    "03_training": ("notebooks",),
    "04_deployment": ("notebooks", "convert", "board", "field"),
    "05_quantization": ("notebooks", "convert", "board"),
    "06_pruning": ("notebooks", "convert", "board", "field"),
    "07_listening": ("notebooks", "convert", "board", "field"),
    "08_models": ("notebooks", "convert", "board", "field"),
}
NEEDS = {  # models, Part 2's time, Part 5's values
    "04_deployment": {"02_size_estimation", "03_training"},
    "05_quantization": {"03_training"},
    "06_pruning": {"03_training", "05_quantization"},
    "07_listening": {"04_deployment"},
    "08_models": {"04_deployment", "07_listening"},
}
NONE_OF = {"quick": {"07_listening"}}  # whose networks no other notebook has in this profile
INSTALL = """\
import subprocess
import sys
from importlib.util import find_spec

source = "{source}"
if find_spec("kwslib") is None:  # as on Colab; `source` may be a file, too
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
    if subprocess.run([*pip, source]).returncode:
        raise RuntimeError(f"no kwslib at {{source}}: upload its wheel or zip")
from kwslib.environment import require

require({extras})"""


def names() -> list[str]:
    """The notebooks in order, without suffix."""
    return sorted(path.stem for path in FOLDER.glob("[0-9][0-9]_*.py"))


def repository_url() -> str:
    """The one configured address of the repository."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]


def badge(name: str) -> str:
    """The line under a notebook's title that opens it in Colab."""
    path = repository_url().removeprefix("https://github.com/")
    link = f"https://colab.research.google.com/github/{path}/blob/v{__version__}/notebooks/{name}.ipynb"
    return f"[![Open in Colab](../book/_static/colab.svg)]({link})"


def source() -> str:
    """Where a notebook finds this version of kwslib: the archive of its tag."""
    return f"{repository_url()}/archive/refs/tags/v{__version__}.zip"


def install_cell(name: str) -> str:
    """Source of the cell that makes a notebook run where kwslib is missing."""
    return INSTALL.format(source=source(), extras=", ".join(f'"{extra}"' for extra in EXTRAS[name]))


def pair(name: str) -> None:
    """Make `name`.ipynb from `name`.py, keeping recorded outputs; fill in COLAB_BADGE and COLAB_CELL."""
    script, notebook = FOLDER / f"{name}.py", FOLDER / f"{name}.ipynb"
    text = script.read_text(encoding="utf-8")
    filled = text.replace("COLAB_BADGE", badge(name)).replace("COLAB_CELL", install_cell(name))
    if filled != text:
        script.write_text(filled, encoding="utf-8")
    fresh = jupytext.reads(filled, fmt="py:percent")
    if notebook.exists():
        fresh = jupytext.combine.combine_inputs_with_outputs(fresh, nbformat.read(notebook, as_version=4))
    write(fresh, notebook)


def write(notebook: NotebookNode, path: Path) -> None:
    """Sanitise and write a notebook, whole or not at all."""
    with atomic_write(path) as temporary:
        nbformat.write(sanitise(notebook), temporary)


def sanitise(notebook: NotebookNode) -> NotebookNode:
    """The notebook without times, paths, standard error, injected parameters or random cell ids."""
    notebook.metadata = NotebookNode(
        jupytext={"formats": "ipynb,py:percent"},
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python", "pygments_lexer": "ipython3"},
    )
    cells = [cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(cells, 1):
        cell.id = f"cell-{number:02}"
        cell.metadata = NotebookNode(
            {k: v for k, v in cell.metadata.items() if k in ("tags", "mystnb") and v}
        )
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in cell.outputs:
                _without_paths(output)
    executed = [cell for cell in cells if cell.get("execution_count")]
    for number, cell in enumerate(executed, 1):
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    notebook.cells = cells
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _without_paths(output: NotebookNode) -> None:
    """Replace the machine's folders in the text of an output."""

    def clean(text: str) -> str:
        for folder, stand_in in ((str(ROOT), "."), (str(Path.home()), "~")):
            text = re.sub(re.escape(folder) + r"(?=[/\s'\"]|$)", stand_in, text) if len(folder) > 1 else text
        return text

    if "text" in output:
        output.text = clean(output.text)
    for kind, value in output.get("data", {}).items():
        if kind.startswith("text/"):
            output.data[kind] = clean(value)


def execute(name: str, profile: str, results: Path, destination: Path, swept: Path | None = None) -> None:
    """Run one notebook with papermill in an empty folder; leave it, sanitised, in `destination`.

    With `swept`, the folder of its finished sweep, its points are taken from there.

    Raises RuntimeError that shows the failing cell; the notebook so far lies in `_build/failed`.
    """
    with TemporaryDirectory(prefix="kws-notebook-") as folder:
        source, output = Path(folder) / f"{name}.ipynb", Path(folder) / "executed.ipynb"
        write(jupytext.read(FOLDER / f"{name}.py"), source)
        command = [sys.executable, "-m", "papermill", source, output, "--cwd", folder, "-k", "python3"]
        command += ["--no-progress-bar", "--start-timeout", 300]  # a busy machine takes its time
        command += ["-p", "profile", profile, "-p", "results", results]
        command += ["-p", "swept", swept] if swept else []
        environment = os.environ | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
        if data := environment.get("KWS_DATA"):
            places = (
                str(folder.resolve()) for folder in folders(data)
            )  # the notebook runs in another folder
            environment["KWS_DATA"] = os.pathsep.join(places)
        done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, encoding="utf-8")
        if done.returncode:
            failed = ROOT / "_build" / "failed" / f"{name}.ipynb"
            if output.exists():
                write(nbformat.read(output, as_version=4), failed)
            cause = done.stderr.partition("PapermillExecutionError:")[2] or done.stderr
            raise RuntimeError(f"{name} failed, see {failed}\n{cause[-3000:]}")
        write(nbformat.read(output, as_version=4), destination)


def execute_all(
    chosen: list[str],
    profile: str,
    results: Path,
    destination: Callable[[str], Path],
    jobs: int = 2,
    swept: Mapping[str, Path] | None = None,
) -> None:
    """Run notebooks side by side, each after the one whose model it needs; say how far it is.

    `swept`: folders of finished sweeps by notebook.

    Raises RuntimeError of the first that failed, after those under way have ended.
    """
    needs = {name: NEEDS.get(name, set()) - NONE_OF.get(profile, set()) for name in chosen}
    needed = set().union(*needs.values())
    # first those that others wait for, then the later ones, which take longer
    waiting = sorted(chosen, key=lambda name: (name in needed, name), reverse=True)
    started: dict[Future[float], str] = {}
    done: set[str] = set()
    with ThreadPoolExecutor(jobs) as pool:
        while waiting or started:
            unfinished = {*waiting, *started.values()}
            for name in [n for n in waiting if not needs[n] & unfinished]:
                if len(started) < jobs:
                    waiting.remove(name)
                    print(f"  {name} ...", flush=True)
                    where = (profile, results, destination(name), (swept or {}).get(name))
                    started[pool.submit(_timed, name, *where)] = name
            for future in wait(started, return_when=FIRST_COMPLETED).done:
                name = started.pop(future)
                seconds = future.result()
                done.add(name)
                print(f"  {name} done in {seconds:.0f} s ({len(done)} of {len(chosen)})", flush=True)


def _timed(name: str, *where: Any) -> float:
    begin = time.monotonic()
    execute(name, *where)
    return time.monotonic() - begin
