"""Work over all cores: results in order, and no other process where only one core may be used; work beside."""

import os
import signal
import threading
import time
import warnings
from multiprocessing import active_children, resource_tracker
from pathlib import Path

import pytest

from kwslib.progress import _deaf, beside, over_cores


def test_one_core_takes_no_other_process(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert over_cores(lambda n: (n, os.getpid()), range(3), "numbers") == [(n, os.getpid()) for n in range(3)]


def test_tests_on_one_core_find_what_cannot_go_to_another_process(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    lock, told = threading.Lock(), []
    assert over_cores(lambda _: lock.locked(), [0], "threads", threads=True) == [False]
    for work in (lambda _: lock.locked(), lambda _: threading.Lock()):
        with pytest.raises(TypeError, match="cannot pickle"):
            over_cores(work, [0], "processes")
    over_cores(told.append, [0], "processes")
    assert not told


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("3 tasks lack a name", True),
        ("3 tasks which were still being processed by the workers have been cancelled.", False),
        ("3 tasks have been successfully executed  but not used. Additionally, 2 tasks which", False),
    ],
)
def test_only_what_joblib_says_of_an_interruption_is_unheard(monkeypatch, said, heard):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        over_cores(lambda n: warnings.warn(said, stacklevel=1), range(1), "warnings")
    assert [str(one.message) for one in caught] == [said] * heard


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals are not masked here")
def test_an_interruption_leaves_no_signal_blocked(monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(resource_tracker, "ensure_running", interrupted)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with pytest.raises(KeyboardInterrupt), _deaf():
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
