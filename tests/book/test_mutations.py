"""Checked cells of the notebooks fail when what they claim breaks: four mutants of kwslib, four notebooks.

Of a notebook, the cells are run that the claim needs, under nbval as in the other tests, against the recorded output.
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import notebooks

pytestmark = pytest.mark.slow

MUTANTS = {
    "the quantizer's rounding": (
        "quantization/grids.py",
        "return x.round()",
        "return x.floor()",
        "05_quantization",
        "round_straight_through(x)",
    ),
    "the split rule": (
        "data/splits.py",
        "percentage < 10:",
        "percentage < 40:",
        "03_training",
        "which_split(take)",
    ),
    "the pruning mask": (
        "pruning/weights.py",
        'prune.remove(layer, "weight")',
        'layer.weight_mask.fill_(1), prune.remove(layer, "weight")',
        "06_pruning",
        "nonzero_parameters(network)",
    ),
    "the FLOP count": (
        "measure/profiling.py",
        "return 2 * self.macs + (",
        "return self.macs + (",
        "02_size_estimation",
        "counts.flops",
    ),
}


def names(source: str) -> tuple[set[str], set[str]]:
    """Names that a cell makes, and those that it uses."""
    made, used = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).partition(".")[0])
    return made, used


def needed(notebook: nbformat.NotebookNode, claim: str) -> nbformat.NotebookNode:
    """The notebook with its first checked cell that contains `claim`, and the cells that it draws its names from."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    checked = [i for i, c in enumerate(cells) if "nbval-check-output" in c.metadata.get("tags", [])]
    at = next(i for i in checked if claim in cells[i].source)
    kept, wanted = [cells[at]], names(cells[at].source)[1]
    for cell in reversed(cells[:at]):
        made, used = names(cell.source)
        if made & wanted:
            kept.insert(0, cell)
            wanted = wanted - made | used
    return nbformat.v4.new_notebook(cells=kept, metadata=notebook.metadata)


def mutated(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the package with one line broken."""
    shutil.copytree(
        notebooks.ROOT / "kwslib", folder / "kwslib", ignore=shutil.ignore_patterns("__pycache__")
    )
    for beside in ("firmware", "book"):
        (folder / beside).symlink_to(notebooks.ROOT / beside)
    source = (folder / "kwslib" / file).read_text()
    assert source.count(old) == 1, f"{file} has changed: mutate it in another way"
    (folder / "kwslib" / file).write_text(source.replace(old, new))
    return folder


def nbval(notebook: nbformat.NotebookNode, package: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    nbformat.write(notebook, folder / "claim.ipynb")
    environment = os.environ | {"PYTHONPATH": str(package), "KWS_PROFILE": "quick", "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "--nbval-lax",
        "claim.ipynb",
    ]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("broken", MUTANTS)
def test_breaking_it_fails_the_notebook_that_claims_it(broken, tmp_path):
    file, old, new, name, claim = MUTANTS[broken]
    notebook = needed(nbformat.read(notebooks.FOLDER / f"{name}.ipynb", as_version=4), claim)
    done = nbval(notebook, mutated(tmp_path, file, old, new), tmp_path)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Cell outputs differ" in done.stdout, done.stdout[-3000:]
    assert "mismatch" in done.stdout, done.stdout[-3000:]  # it ran, and said something else
