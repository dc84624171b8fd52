"""A notebook runs from an empty folder where kwslib is an installed wheel, as on Colab."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import notebooks

pytestmark = pytest.mark.slow

NAME = "02_size_estimation"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder that holds what the wheel installs, and nothing of the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, notebooks.ROOT], check=True)
    (wheel,) = folder.glob("kwslib-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True)
    return folder / "site"


def run(command: list[object], site: Path, cwd: Path) -> str:
    environment = os.environ | {"PYTHONPATH": str(site), "KWS_PROFILE": "quick", "OMP_NUM_THREADS": "1"}
    environment |= {"LOKY_MAX_CPU_COUNT": "2"}  # a notebook, too, shares work with other processes
    done = subprocess.run(
        [sys.executable, *map(str, command)], env=environment, cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_wheel_carries_firmware_originals_and_the_command(site, tmp_path):
    code = "import kwslib, kwslib.record.comparison as c; print(c.__file__, c.repository(), len(c.load_original()))"
    where, clone, originals = run(["-c", code], site, tmp_path).split()
    assert Path(where).is_relative_to(site)
    assert clone == "None"
    assert int(originals) > 100
    assert list((site / "kwslib" / "_firmware" / "core").glob("*.c"))
    assert (site / "kwslib" / "_firmware" / "web" / "kws_web.c").is_file()
    assert (site / "kwslib" / "_web" / "page.js").is_file()
    assert (site / "kwslib" / "keyword" / "tenet_valid_pretrained.pt").is_file()
    assert "compare" in run(["-c", "from kwslib.cli.main import main; main()", "--help"], site, tmp_path)


def test_a_notebook_runs_from_an_empty_folder(site, tmp_path):
    notebook = tmp_path / f"{NAME}.ipynb"
    source = nbformat.read(notebooks.FOLDER / f"{NAME}.ipynb", as_version=4)
    source.cells.append(nbformat.v4.new_code_cell("import kwslib; print(kwslib.__file__)"))
    nbformat.write(source, notebook)
    run(["-m", "papermill", notebook, "done.ipynb", "-k", "python3", "--no-progress-bar"], site, tmp_path)
    done = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    assert Path(done.cells[-1].outputs[0].text.strip()).is_relative_to(site)
    recorded = json.loads((tmp_path / "kws-results" / f"{NAME}.json").read_text())
    assert recorded["profile"] == "quick"
    assert recorded["commit"] is None
    assert recorded["values"]["parameters"]["value"] == 16_652
