"""A sweep on a real Dask cluster of this machine: a worker is killed in mid-sweep, every point arrives, none twice."""

import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pandas
import pytest
from small_sweep import small_tasks

from kwslib.errors import KwsError
from kwslib.experiments.sweeps import runners
from kwslib.experiments.sweeps.sweep import run_sweep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("distributed") is None, reason="needs kwslib[sweep]"),
]
PATIENCE = 120


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, []
        self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self.said("scheduler", r"Scheduler at:\s+(tcp://\S+)")

    def start(self, what: str, *arguments: str, name: str = "", path: str = "") -> subprocess.Popen:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [path, *sys.path]))}
        with (self.folder / f"{name or what}.log").open("w") as log:
            command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=self.folder, start_new_session=True
            )
        self.processes.append(process)
        return process

    def worker(self, name: str, path: str = "") -> subprocess.Popen:
        more = ("--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0")
        process = self.start("worker", self.address, *more, name=name, path=path)
        self.said(name, r"Registered to:\s+(\S+)")
        return process

    def said(self, name: str, pattern: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := re.search(pattern, (self.folder / f"{name}.log").read_text()):
                return found[1]
            time.sleep(0.1)
        raise AssertionError((self.folder / f"{name}.log").read_text())

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    yield made
    made.stop()


def test_every_point_arrives_once_although_a_worker_is_killed(cluster, tmp_path):
    first, _ = cluster.worker("first"), cluster.worker("second")
    made = small_tasks(tmp_path, range(8), seconds=0.5, log=str(tmp_path / "log"))
    runner, arrived = runners.cluster(cluster.address), []

    def killing(tasks):
        for outcome in runner(tasks):
            arrived.append(outcome.task.name)
            if len(arrived) == 2:
                first.send_signal(signal.SIGKILL)
            yield outcome

    report = run_sweep("doubling", made, tmp_path, killing)
    assert first.wait() == -signal.SIGKILL
    assert report.failed == ()
    assert sorted(arrived) == [f"double_{number}" for number in range(8)]
    assert list(pandas.read_csv(report.table)["double"]) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert all((tmp_path / "models" / name / "double.pt").is_file() for name in arrived)
    assert run_sweep("doubling", made, tmp_path, killing).computed == 0


def test_workers_with_other_sources_are_named(cluster, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text(
        "import kwslib.experiments.sweeps.points as points\npoints.code_fingerprint = lambda: 'older'\n"
    )
    cluster.worker("old", path=str(other))
    with pytest.raises(KwsError, match=r"tcp://.*: runs other sources or packages"):
        list(runners.cluster(cluster.address)(small_tasks(tmp_path, [1])))


def test_an_absent_scheduler_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(runners, "PATIENCE", 1)
    with pytest.raises(KwsError, match="no Dask scheduler answers"):
        list(runners.cluster("tcp://127.0.0.1:1")(small_tasks(tmp_path, [1])))
