"""A process that answers lines: the same one again and again, another after it has ended, never a stale answer."""

import os
import signal

import pytest

from kwslib.worker import Ended, Worker

MODULE = """
import os, time
from kwslib.worker import serve

def answer(line):
    print("what a library prints")
    if line == "end":
        raise SystemExit(3)
    if line == "sleep":
        time.sleep(60)
    return f"{line} {os.getpid()}"

serve(answer)
"""


@pytest.fixture
def worker(tmp_path) -> Worker:
    (tmp_path / "answering.py").write_text(MODULE, encoding="utf-8")
    return Worker("answering", {"PYTHONPATH": str(tmp_path)})


def test_one_process_answers_line_after_line(worker):
    first, second = worker.ask("one").split(), worker.ask("zwölf").split()
    assert (first[0], second[0]) == ("one", "zwölf")
    assert first[1] == second[1] != str(os.getpid())


def test_one_that_ended_says_how_and_is_started_again(worker):
    with pytest.raises(Ended, match="status 3"):
        worker.ask("end")
    assert worker.ask("again").startswith("again ")


def test_an_interrupted_caller_gets_no_answer_of_before(worker):
    worker.ask("one")  # it runs
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            worker.ask("sleep")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert worker.ask("next").startswith("next ")
