"""Work beside this process, which ends with it; and what signals meet while processes start."""

import os
import signal
import threading
import time
from multiprocessing import active_children, resource_tracker
from pathlib import Path

import pytest

from kwslib.processes import beside, deaf
from kwslib.progress import over_cores


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals are not masked here")
def test_an_interruption_leaves_no_signal_blocked(monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(resource_tracker, "ensure_running", interrupted)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with pytest.raises(KeyboardInterrupt), deaf():
        pass
    assert signal.pthread_sigmask(signal.SIG_SETMASK, before) == before


def leave_pid(path: Path) -> None:
    path.write_text(str(os.getpid()), encoding="utf-8")
    print("a library says this", flush=True)


def fail(path: Path) -> None:
    leave_pid(path)
    raise OSError("the disk is full")


@pytest.mark.parametrize("work", [leave_pid, fail])
def test_work_beside_is_another_process_that_is_waited_for_and_says_nothing(
    work, tmp_path, monkeypatch, capfd
):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    with beside(work, tmp_path / "pid") as finished:
        finished()
        finished()
        assert int((tmp_path / "pid").read_text(encoding="utf-8")) != os.getpid()
    assert capfd.readouterr() == ("", "")


def use_cores(path: Path) -> None:
    os.environ["LOKY_MAX_CPU_COUNT"] = "2"  # of this process: two workers where there are two cores
    path.write_text(str(over_cores(time.sleep, [0.1] * 4, "pauses")), encoding="utf-8")


@pytest.mark.slow
def test_work_beside_that_has_workers_of_its_own_ends_when_it_is_done(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    with beside(use_cores, tmp_path / "done") as finished:
        waiting = threading.Thread(target=finished, daemon=True)
        waiting.start()
        waiting.join(120)
        assert not waiting.is_alive()
    assert (tmp_path / "done").exists()
    assert capfd.readouterr() == ("", "")


def test_work_beside_ends_with_its_block(tmp_path, monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    before = set(active_children())  # idle workers of earlier tests; they may end meanwhile

    def interrupted() -> None:
        with beside(time.sleep, 600):
            assert set(active_children()) - before
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not set(active_children()) - before


def test_one_core_does_no_work_beside(tmp_path, monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    with beside(leave_pid, tmp_path / "pid") as finished:
        finished()
    assert not (tmp_path / "pid").exists()
