"""Sweeps: what is finished stays, what is half done does not count, what fails is named and the rest goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pandas
import pytest
import small_sweep
from small_sweep import SCRIPT, small_tasks

from kwslib.errors import KwsError
from kwslib.experiments import pruning, quantization
from kwslib.experiments.sweeps import grids
from kwslib.experiments.sweeps.notebook import imported, point_notebook
from kwslib.experiments.sweeps.points import content_key, run_task
from kwslib.experiments.sweeps.runners import local
from kwslib.experiments.sweeps.store import Store
from kwslib.experiments.sweeps.sweep import run_sweep

pytestmark = pytest.mark.slow


def test_each_point_leaves_a_notebook_a_row_and_its_models(tmp_path):
    report = run_sweep("doubling", small_tasks(tmp_path, [3, 4]), tmp_path, local(1))
    assert (report.points, report.computed, report.failed) == (2, 2, ())
    table = pandas.read_csv(report.table)
    assert list(table["double"]) == [6, 8]
    assert {"run", "number", "data_hash", "torch", "commit", "wall_s", "key"} <= set(table.columns)
    assert list(pandas.read_parquet(tmp_path / "doubling.parquet").models) == ["double.pt"] * 2
    notebook = nbformat.read(tmp_path / "notebooks" / "double_3.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[-1].outputs[0].text == "doubled\n"
    assert "number = 3" in "".join(cell.source for cell in notebook.cells)
    assert str(tmp_path) not in nbformat.writes(notebook)
    assert (tmp_path / "models" / "double_3" / "double.pt").read_text() == "6"


def test_a_log_has_a_line_a_point(tmp_path, capsys):
    run_sweep("doubling", small_tasks(tmp_path, [3, 4]), tmp_path, local(1))
    first, *lines = capsys.readouterr().err.splitlines()
    assert first == "2 points to run, 0 done before"
    assert [line.rsplit(",", 1)[0] for line in lines] == ["1 of 2: double_3", "2 of 2: double_4"]


def test_a_dry_run_lists_the_points_and_does_nothing(kws, tmp_path):
    command = ("sweep", "channels", "--seeds", "0,1", "--out", tmp_path / "out", "--dry-run")
    status, out, _ = kws(*command)
    names = [point.name for point in grids.grid("channels", (0, 1))]
    assert (status, out.splitlines()) == (0, [*names, f"{len(names)} points"])
    assert json.loads(kws(*command, "--json")[1]) == {"points": len(names), "names": names}
    assert not (tmp_path / "out").exists()


def test_a_sweep_started_again_recomputes_nothing(tmp_path):
    log = str(tmp_path / "log")
    made = small_tasks(tmp_path, [1, 2], log=log)
    run_sweep("doubling", made[:1], tmp_path, local(1))
    (tmp_path / "rows" / f".{made[1].key}.json.0.part.json").write_text('{"double"')  # what a kill leaves
    report = run_sweep("doubling", made, tmp_path, local(1))
    assert (report.points, report.computed) == (2, 1)
    assert (tmp_path / "log").read_text().split() == ["1", "2"]


def test_failing_points_are_named_and_the_rest_goes_on(tmp_path):
    report = run_sweep("doubling", small_tasks(tmp_path, [-1, 99, 5]), tmp_path, local(1))
    assert set(report.failed) == {"double_-1", "double_99"}
    assert "negative numbers are not doubled" in (tmp_path / "failed" / "double_-1.txt").read_text()
    failed = nbformat.read(tmp_path / "failed" / "double_-1.ipynb", as_version=4)
    assert "error" in [output.output_type for cell in failed.cells for output in cell.get("outputs", ())]
    assert "status -9" in (tmp_path / "failed" / "double_99.txt").read_text()
    assert list(pandas.read_csv(report.table)["double"]) == [10]


def test_a_killed_sweep_goes_on_where_it_stopped(tmp_path):
    script = f"""
import sys
sys.path.insert(0, {str(Path(small_sweep.__file__).parent)!r})
from pathlib import Path
from small_sweep import small_tasks
from kwslib.experiments.sweeps.runners import local
from kwslib.experiments.sweeps.sweep import run_sweep
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    made = small_tasks(folder, range(6), seconds=0.4, log=str(folder / "log"))
    run_sweep("doubling", made, folder, local(2))
"""
    (tmp_path / "driver.py").write_text(script)
    begun = subprocess.Popen([sys.executable, tmp_path / "driver.py", tmp_path], start_new_session=True)
    while len(list((tmp_path / "rows").glob("[0-9a-f]*.json"))) < 2:
        assert begun.poll() is None
        time.sleep(0.05)
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    time.sleep(1)  # what was running has ended with its parent
    kept = {path.name for path in (tmp_path / "rows").glob("[0-9a-f]*.json")}
    runs = (tmp_path / "log").read_text().split()
    made = small_tasks(tmp_path, range(6), seconds=0.4, log=str(tmp_path / "log"))
    assert run_sweep("doubling", made, tmp_path, local(2)).computed == 6 - len(kept)
    later = (tmp_path / "log").read_text().split()[len(runs) :]
    assert len(later) == 6 - len(kept)
    assert sorted(pandas.read_csv(tmp_path / "doubling.csv")["double"]) == [0, 2, 4, 6, 8, 10]


def test_the_key_depends_on_all_that_a_value_depends_on(tmp_path):
    (tmp_path / "a.py").write_text(SCRIPT)
    notebook = point_notebook(tmp_path / "a.py", "name")
    one = content_key(notebook, "code", {"a": 1}, "data", {"b": b"1"})
    assert one == content_key(
        point_notebook(tmp_path / "a.py", "other"), "code", {"a": 1}, "data", {"b": b"1"}
    )
    others = [("new", {"a": 1}, "data", {"b": b"1"}), ("code", {"a": 2}, "data", {"b": b"1"})]
    others += [("code", {"a": 1}, "more", {"b": b"1"}), ("code", {"a": 1}, "data", {"b": b"2"})]
    keys = {content_key(notebook, *other) for other in others}
    (tmp_path / "a.py").write_text(SCRIPT.replace("2 * number", "3 * number"))
    keys.add(content_key(point_notebook(tmp_path / "a.py", "name"), "code", {"a": 1}, "data", {"b": b"1"}))
    assert len(keys | {one}) == 6


def test_other_code_and_other_recordings_are_refused(tmp_path):
    (task,) = small_tasks(tmp_path, [1])
    with pytest.raises(KwsError, match="other sources or packages"):
        run_task(replace(task, code="older"))
    with pytest.raises(KwsError, match="other recordings"):
        run_task(replace(task, data_hash="elsewhere"))


def test_grids_hold_the_figures_points_and_more():
    for sweep in grids.SWEEPS:
        figure, whole = grids.grid(sweep, (0, 1), figure=True), grids.grid(sweep, (0, 1))
        assert {p.name for p in figure} <= {p.name for p in whole}
        assert len({p.name for p in whole}) == len(whole)
    bits = grids.grid("bits", (0, 1, 2, 3, 4), figure=True)
    assert [quantization.point(**p.parameters) for p in bits] == quantization.grid((0, 1, 2, 3, 4))
    pruned = grids.grid("sparsity", (0, 1), True) + grids.grid("channels", (0, 1))
    assert [pruning.PrunedPoint(**p.parameters) for p in pruned] == pruning.grid((0, 1))
    whole = [p.parameters for p in grids.grid("bits", (0,))]
    assert {p.get("scheme") for p in whole} == {None, "asymmetric"}
    whole = [p.parameters for p in grids.grid("sparsity", (0,))]
    assert {(p["criterion"], p["schedule"]) for p in whole} >= {
        (criterion, schedule) for criterion in grids.CRITERIA for schedule in grids.SCHEDULES
    }
    with pytest.raises(KwsError, match="use bits, sparsity, channels"):
        grids.grid("bytes", (0,))


def test_what_a_point_imports_is_known_before_it_runs(tmp_path):
    (tmp_path / "a.py").write_text(SCRIPT)
    assert imported(point_notebook(tmp_path / "a.py", "name")) == ["json", "os", "time", "pathlib"]
    (tmp_path / "b.py").write_text("# %%\n1\n")
    with pytest.raises(KwsError, match="no cell bears the tag"):
        point_notebook(tmp_path / "b.py", "name")
    with pytest.raises(KwsError, match="sweeps run from a clone"):
        point_notebook(tmp_path / "c.py", "name")


def test_rows_vouch_for_notebooks(tmp_path):
    (task,) = small_tasks(tmp_path, [1])
    store = Store(tmp_path)
    assert store.row(task.key) is None
    store.keep(run_task(task))
    assert json.loads((tmp_path / "rows" / f"{task.key}.json").read_text())["run"] == "double_1"
    assert store.row(task.key)["double"] == 2


def test_usage_errors_are_one_line(kws, tmp_path):
    for arguments in (("bytes",), ("bits", "--seeds", "one"), ("bits", "--jobs", "-1")):
        status, out, err = kws("sweep", *arguments, "--out", tmp_path, "--profile", "quick")
        assert (status, out) == (2, "")
        assert err.splitlines()[-1].startswith("kws: ")
