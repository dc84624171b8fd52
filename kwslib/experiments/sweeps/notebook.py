"""A point as a notebook: the cells that compute it, run by papermill inside this process.

The cells of Parts 5 and 6 that a single point needs have the tag `point`; figures over all points do not. A new Jupyter
kernel would take seconds to start and to import PyTorch; this engine runs the cells in the calling process,
which `warm` forks from one that has already imported everything.
"""

import ast
import contextlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kwslib.errors import KwsError

ENGINE = "in-process"
KEPT = ("parameters", "point")  # tags of the cells that a point runs


def point_notebook(script: Path, name: str) -> Any:
    """The notebook of one point, as a NotebookNode: a title, and the cells of `script` that compute a point.

    Raises KwsError when the script is missing or has no tagged cells.
    """
    import jupytext
    import nbformat

    if not script.is_file():
        raise KwsError(f"{script} is missing: sweeps run from a clone of the repository")
    whole = jupytext.read(script)
    cells = [cell for cell in whole.cells if set(KEPT) & set(cell.metadata.get("tags", []))]
    if not any("point" in cell.metadata.tags for cell in cells):
        raise KwsError(f"{script}: no cell bears the tag `point`, so there is nothing to run")
    title = whole.cells[0].source.splitlines()[0]
    text = f"{title}: {name}\n\nOne point of a sweep: the cells of `{script.stem}` that compute it."
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(text), *cells],
        metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    )
    return _numbered(notebook)


def _numbered(notebook: Any) -> Any:
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
        cell.metadata = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
    return notebook


def sources(notebook: Any) -> list[str]:
    """Sources of the code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def imported(notebook: Any) -> list[str]:
    """Names of the modules that the code cells import."""
    found: dict[str, None] = {}
    for source in sources(notebook):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name: None for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found[node.module] = None
    return list(found)


def execute(notebook: Any, output: Path, parameters: dict[str, Any]) -> float:
    """Run the notebook with papermill in this process and write it to `output`; returns the seconds of its
    longest cell.

    The written notebook contains no times and only its own cell ids. Raises papermill's PapermillExecutionError
    with the failing cell; `output` then contains the notebook so far.
    """
    import nbformat
    import papermill
    from papermill.engines import papermill_engines

    papermill_engines.register(ENGINE, _engine())
    try:
        papermill.execute_notebook(
            notebook, str(output), parameters, engine_name=ENGINE, progress_bar=False, kernel_name="python3"
        )
    finally:
        done = nbformat.read(output, as_version=4)
        seconds = [cell.metadata.get("papermill", {}).get("duration") or 0.0 for cell in done.cells]
        for cell in done.cells:
            if "injected-parameters" in cell.metadata.get("tags", []):
                cell.source = _parameters_of_the_point(cell.source)
        done.metadata = {"kernelspec": done.metadata.kernelspec, "language_info": {"name": "python"}}
        nbformat.write(_numbered(done), output)
    return max(seconds)


def _parameters_of_the_point(source: str) -> str:
    """The injected cell without the folders of the machine."""
    return "\n".join(line for line in source.splitlines() if not line.startswith(("results =", "data =")))


def _engine() -> type:
    from papermill.engines import Engine

    class InProcess(Engine):
        """Runs cells in the process that it is called in, one namespace for one notebook."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, _kernel_name: str, **_: Any) -> None:
            shell = _shell()
            for index, cell in enumerate(nb_man.nb.cells):
                if cell.cell_type != "code":
                    continue
                nb_man.cell_start(cell, index)
                cell.outputs = _run(shell, cell.source)
                cell.execution_count = shell.execution_count - 1
                failed = any(output.output_type == "error" for output in cell.outputs)
                if failed:
                    nb_man.cell_exception(cell, index)
                nb_man.cell_complete(cell, index)
                if failed:
                    return

    return InProcess


def _shell() -> Any:
    """An IPython shell without history, whose outputs are collected."""
    from IPython.core.displayhook import CapturingDisplayHook
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        errors: list[tuple[Any, ...]]

        def _showtraceback(self, *error: Any) -> None:  # IPython's own place for another way to show an error
            self.errors.append(error)

    shell = Shell.instance(config=Config(HistoryManager={"enabled": False}))
    shell.display_pub = CapturingDisplayPublisher(parent=shell)
    shell.display_trap.hook = CapturingDisplayHook(shell=shell)
    shell.errors = []
    return shell


def _run(shell: Any, source: str) -> list[Any]:
    """Outputs of one cell: what it printed, showed, returned, or the error that it ended with."""
    from nbformat.v4 import new_output

    shell.display_pub.outputs.clear()
    shell.display_trap.hook.outputs.clear()
    shell.errors.clear()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        shell.run_cell(source, store_history=True)
    outputs: list[Any] = []
    if printed.getvalue():
        outputs.append(new_output("stream", name="stdout", text=printed.getvalue()))
    outputs += _shown("display_data", shell.display_pub.outputs)
    outputs += _shown("execute_result", shell.display_trap.hook.outputs, shell.execution_count - 1)
    for kind, value, lines in shell.errors:
        outputs.append(new_output("error", ename=kind.__name__, evalue=str(value), traceback=list(lines)))
    return outputs


def _shown(kind: str, shown: Iterable[dict[str, Any]], count: int | None = None) -> list[Any]:
    from nbformat.v4 import new_output

    more = {} if count is None else {"execution_count": count}
    return [new_output(kind, data=item["data"], metadata=item["metadata"] or {}, **more) for item in shown]
