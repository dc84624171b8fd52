"""Each point in a process of its own, forked where that is safe."""

import json

import nbformat
import pytest

from kwslib.experiments.sweeps import warm


@pytest.mark.slow
@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_a_point_runs_in_a_process_of_its_own(system, tmp_path, monkeypatch):
    code = "import os\nopen('ran.txt', 'w').write(str(os.getpid()))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "point.ipynb")
    (tmp_path / "parameters.json").write_text(json.dumps({}))
    monkeypatch.setattr(warm.sys, "platform", system)
    assert warm.run_fresh(tmp_path) == 0, (tmp_path / "log.txt").read_text()
    assert (tmp_path / "ran.txt").read_text() != str(warm.os.getpid())
    assert (tmp_path / "executed.ipynb").is_file()
