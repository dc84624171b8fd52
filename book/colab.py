"""Imitate Colab: `python book/colab.py PYTHON [PART...]`; `make colab` calls it for Python 3.12 and 3.13.

Each notebook gets what Colab gives it: a fresh environment with Colab's packages, a kernel that has already imported
some of them, and an empty folder. Its first cell finds kwslib as a wheel. All cells run in the quick profile; then what
was imported, and PyTorch, must have kept their versions.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import psutil
from nbclient import NotebookClient
from nbformat import NotebookNode

import notebooks
from kwslib import __version__

BROUGHT = (  # not Colab's own torch, which is a matter of gigabytes, but one that is neither the newest nor ours alone
    "ipykernel",
    "torch==2.13.0",
    "numpy==2.0.2; python_version < '3.13'",
    "numpy==2.3.5; python_version >= '3.13'",
    "pandas==2.2.3",
    "matplotlib==3.10.0",
    "protobuf==5.29.5",
    "psutil==7.2.2",
    "requests==2.32.4",
    "tqdm==4.67.1",
    "scipy",
    "pip",
)
BEGIN = """\
import google.protobuf, matplotlib.pyplot, numpy, pandas, psutil, requests, tqdm
def _versions():
    from importlib.metadata import version
    from json import dumps
    kept = ("torch", "numpy", "pandas", "matplotlib", "protobuf", "psutil", "requests", "tqdm", "pillow", "ipykernel")
    return dumps({name: version(name) for name in kept})
_before = _versions()"""
END = "print(_before, _versions(), sep='\\n')"  # underscores: no notebook takes these names


class Watched(NotebookClient):
    """A client that notes, after each cell, the seconds since the begin: of the clock, and of the processor."""

    def execute_timed(self) -> list[tuple[NotebookNode, float, float]]:
        """Run all cells; what each took. Raises CellExecutionError of the first that fails."""
        self.noted: list[tuple[NotebookNode, float, float]] = []
        begin = time.monotonic()

        def note(cell: NotebookNode, **_: object) -> None:
            kernel = psutil.Process(self.km.provisioner.pid)
            times = kernel.cpu_times()
            used = times.user + times.system + times.children_user + times.children_system
            self.noted.append((cell, time.monotonic() - begin, used))

        self.on_cell_executed = note
        self.execute()
        return self.noted


def wheel(folder: Path) -> Path:
    """kwslib as a wheel in `folder`."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, notebooks.ROOT]
    subprocess.run(list(map(str, pip)), check=True)
    (path,) = folder.glob(f"kwslib-{__version__}-*.whl")
    return path


def environment(folder: Path, python: str) -> Path:
    """A fresh environment with Colab's packages; its interpreter."""
    uv = str(Path(sys.executable).with_name("uv"))
    interpreter = folder / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", python, folder], check=True)
    install = [uv, "pip", "install", "--quiet", "--no-build", "--python", interpreter, *BROUGHT]
    subprocess.run(list(map(str, install)), check=True)
    return interpreter


def said(notebook: NotebookNode) -> str:
    """What the cells have printed."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return "".join(output.get("text", "") for output in outputs)


def imitate(name: str, python: str, source: Path) -> str:
    """Run a notebook as on Colab; a line that says how long it took.

    Raises CellExecutionError when a cell fails, and RuntimeError when an imported version changed.
    """
    with TemporaryDirectory(prefix="colab-") as scratch:
        root = Path(scratch)
        interpreter, empty, kernel = (
            environment(root / "venv", python),
            root / "content",
            root / "kernels" / "colab",
        )
        empty.mkdir()
        kernel.mkdir(parents=True)
        argv = [str(interpreter), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        own = {"KWS_CACHE": str(root / "cache"), "KWS_DATA": "", "KWS_PROFILE": "quick", "PYTHONPATH": ""}
        spec = {"argv": argv, "display_name": "Colab", "language": "python", "env": own}
        (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        notebook = nbformat.read(notebooks.FOLDER / f"{name}.ipynb", as_version=4)
        install = next(cell for cell in notebook.cells if cell.cell_type == "code")
        install.source = install.source.replace(notebooks.source(), str(source))
        notebook.cells.insert(0, nbformat.v4.new_code_cell(BEGIN))
        notebook.cells.append(nbformat.v4.new_code_cell(END))
        client = Watched(
            notebook,
            kernel_name="colab",
            timeout=None,
            startup_timeout=300,
            resources={"metadata": {"path": str(empty)}},
        )
        client.create_kernel_manager()
        client.km.kernel_spec_manager.kernel_dirs.insert(0, str(kernel.parent))
        try:
            noted = client.execute_timed()
        except Exception:
            print(said(notebook), flush=True)
            raise
        before, after = map(json.loads, notebook.cells[-1].outputs[-1].text.splitlines())
        if before != after:
            raise RuntimeError(f"{name} changed what was imported: {before} became {after}")
        installed = next(seconds for cell, seconds, _ in noted if cell is install)
        figure = next(row for row in noted if any(map(_pictures, row[0].outputs)))
        return (
            f"{name} on {python}: installed after {installed:.0f} s, first figure after {figure[1]:.0f} s "
            f"({figure[2]:.0f} s of the processor), whole after {noted[-1][1]:.0f} s ({noted[-1][2]:.0f} s)"
        )


def _pictures(output: NotebookNode) -> bool:
    """Whether an output of a cell is a picture."""
    return any(kind.startswith("image/") for kind in output.get("data", {}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", help="a Python, such as python3.13")
    parser.add_argument("parts", nargs="*", help="notebooks, such as 03 [default: all]")
    options = parser.parse_args()
    chosen = [name for name in notebooks.names() if not options.parts or name[:2] in options.parts]
    with TemporaryDirectory(prefix="colab-") as folder:
        source = wheel(Path(folder))
        for name in chosen:
            print(imitate(name, options.python, source), flush=True)


if __name__ == "__main__":
    main()
