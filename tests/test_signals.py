"""However a command is stopped, nothing of it runs ten seconds later, and the next run finds nothing half done."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import small_sweep
import soundfile
from repository import MODELS
from small_corpus import write_corpus

from kwslib.checkpoints import resume_file, unfinished_model
from kwslib.experiments.sweeps.runners import local
from kwslib.experiments.sweeps.sweep import run_sweep
from kwslib.features import ccore

pytestmark = pytest.mark.slow

KWS = (sys.executable, "-c", "from kwslib.cli.main import main; main()")
STOPS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}


def stopped_by(*stops):
    return pytest.mark.parametrize("stop", stops, ids=[stop.name for stop in stops])


SEEN_OR_NOT = (signal.SIGINT, signal.SIGKILL)  # SIGTERM raises in a command what SIGINT does


def heed_interrupts():
    """What a shell runs in the background ignores SIGINT, under nohup SIGHUP, and so would its children."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def begin(command, until):
    """Start a command, and return it when `until(process)` is true."""
    begun = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    process = psutil.Process(begun.pid)
    while not until(process):
        assert begun.poll() is None, begun.stderr.read()
        time.sleep(0.02)
    return begun, process


def end(begun, process, stop):
    """Send the signal to this process alone; its exit status and standard error. Its children must end as well."""
    children = process.children(recursive=True)
    begun.send_signal(stop)
    status = begun.wait(timeout=10)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    return status, begun.stderr.read()


def check(stop, status, error):
    assert status == STOPS[stop]
    if stop != signal.SIGKILL:
        assert "Traceback" not in error
        assert error.splitlines()[-1].startswith("kws: ")


def working(count):
    """Whether `count` children of a process have computed for half a second."""

    def look(process):
        spent = []
        for child in process.children(recursive=True):
            try:
                spent.append(child.cpu_times().user)
            except psutil.NoSuchProcess:
                continue
        return sum(seconds > 0.5 for seconds in spent) >= count

    return look


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("small") / "corpus")


@stopped_by(*SEEN_OR_NOT)
def test_field(corpus, tmp_path, monkeypatch, stop):
    (tmp_path / "cache").mkdir()  # another's may hold what these trials sound like
    (tmp_path / "cache" / "core").symlink_to(ccore.build().parent)  # else it is the compiler that works first
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    (tmp_path / "rooms").mkdir()
    soundfile.write(tmp_path / "rooms" / "dead.wav", np.eye(1, 800)[0] * 0.5, 16_000)
    command = [*KWS, "field", MODELS / "tinyconv.tflite", "--data", corpus, "--rooms", tmp_path / "rooms"]
    begun, process = begin([*command, "--trials", 5_000], working(1))
    check(stop, *end(begun, process, stop))


@stopped_by(*STOPS)
def test_training(corpus, tmp_path, stop):
    out = tmp_path / "model.pt"
    command = [*KWS, "train", "--data", corpus, "--epochs", 1000, "--out", out]
    begun, process = begin(command, lambda _: resume_file(out).exists() and unfinished_model(out).exists())
    status, error = end(begun, process, stop)
    check(stop, status, error)
    if stop != signal.SIGKILL:
        assert str(unfinished_model(out)) in error.splitlines()[-1]
        assert sorted(tmp_path.iterdir()) == sorted([resume_file(out), unfinished_model(out)])


def parts(folder):
    return [path for path in folder.glob(".*") if ".part" in path.name]


@stopped_by(*STOPS)
def test_making_the_corpus(tmp_path, monkeypatch, stop):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    command = [*KWS, "data", "prepare", "--profile", "quick"]

    def writes(process):
        return any(f"-{process.pid}-" in path.name for path in parts(tmp_path))

    check(stop, *end(*begin(command, writes), stop))
    assert bool(parts(tmp_path)) == (stop == signal.SIGKILL)
    end(*begin(command, writes), signal.SIGTERM)  # the next run removes what the first left
    assert not parts(tmp_path)
    assert not list(tmp_path.glob("synthetic-*"))


SWEEP = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from small_sweep import small_tasks
from kwslib.cli.interruption import take_signals
from kwslib.experiments.sweeps.runners import local
from kwslib.experiments.sweeps.sweep import run_sweep
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with take_signals("sweep"):
        run_sweep("doubling", small_tasks(folder, range(4), seconds=60, log=str(folder / "log")), folder, local(2))
"""


@stopped_by(*SEEN_OR_NOT)
def test_sweep(tmp_path, monkeypatch, stop):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    command = [sys.executable, "-c", SWEEP, tmp_path, Path(small_sweep.__file__).parent]
    begun, process = begin(command, lambda _: (tmp_path / "log").exists())
    end(begun, process, stop)
    assert not list((tmp_path / "rows").glob("*.json"))
    monkeypatch.setattr(tempfile, "tempdir", None)  # which this process found before
    run_sweep("doubling", small_sweep.small_tasks(tmp_path, range(4)), tmp_path, local(1))
    assert len(list((tmp_path / "rows").glob("*.json"))) == 4
    assert not parts(tmp_path / "temporary")


def test_an_interrupt_while_the_command_line_is_imported_leaves_no_traceback(tmp_path):
    (tmp_path / "typer.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import kwslib.cli.entry",
    ]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=heed_interrupts)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


SWALLOWED = """
import os, signal
from kwslib.cli.main import script

def work():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:  # as C code does that imports a module
        pass
    END

script(work)
"""


@pytest.mark.parametrize("ending", ["pass", "raise AttributeError('half a module')", "raise EOFError"])
def test_an_interrupt_that_was_swallowed_is_one_nevertheless(ending):
    command = [sys.executable, "-c", SWALLOWED.replace("END", ending)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=heed_interrupts)
    assert (done.returncode, done.stderr) == (130, "-c: interrupted\n")


LATE = """
import os, signal, threading
from kwslib.cli.main import script

def work():
    stopped = threading.Event()
    thread = threading.Thread(target=lambda: {}[stopped.wait()])
    thread.start()
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        stopped.set()
        thread.join()

script(work)
"""


def test_what_a_librarys_thread_runs_into_after_an_interrupt_is_not_said():
    """As joblib's, from which the work is taken that it was about to give out."""
    done = subprocess.run(
        [sys.executable, "-c", LATE], capture_output=True, text=True, preexec_fn=heed_interrupts
    )
    assert (done.returncode, done.stderr) == (130, "-c: interrupted\n")


TWICE = """
import time
from kwslib.cli.main import script
from kwslib.processes import beside
from kwslib.progress import over_cores

def work():
    with beside(time.sleep, 600):
        print("begun", flush=True)
        over_cores(time.sleep, [600, 600], "pauses")

script(work)
"""


@pytest.mark.parametrize("after", [0, 0.2, 0.4, 0.8, 3])
def test_ctrl_c_again_and_again(monkeypatch, after):
    """A terminal sends it to all processes, some of which may be importing yet."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    command = [sys.executable, "-c", TWICE]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    begun = subprocess.Popen(command, **pipes, text=True, preexec_fn=heed_interrupts, start_new_session=True)
    assert begun.stdout.readline() == "begun\n"
    time.sleep(after)
    children = psutil.Process(begun.pid).children(recursive=True)
    assert children
    stopped = time.monotonic()
    while begun.poll() is None:
        os.killpg(begun.pid, signal.SIGINT)
        time.sleep(0.03)
    assert time.monotonic() - stopped < 20
    assert (begun.returncode, begun.stdout.read(), begun.stderr.read()) == (130, "", "-c: interrupted\n")
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no /dev/shm here")
@pytest.mark.parametrize("after", [0, 3])
def test_a_terminal_that_closes_leaves_no_semaphore(monkeypatch, after):
    """It hangs up all processes, those that would clean up after the others, too."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    before = {path.name for path in Path("/dev/shm").iterdir()}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", TWICE]
    begun = subprocess.Popen(command, **pipes, text=True, preexec_fn=heed_interrupts, start_new_session=True)
    assert begun.stdout.readline() == "begun\n"
    time.sleep(after)
    family = psutil.Process(begun.pid).children(recursive=True)
    os.killpg(begun.pid, signal.SIGHUP)
    assert begun.wait(60) == 129
    assert begun.stderr.read() == "-c: hung up\n"
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
    pids = (begun.pid, *(process.pid for process in family))
    theirs = re.compile("|".join(rf"(?<!\d){pid}-" for pid in pids))
    left = {path.name for path in Path("/dev/shm").iterdir()} - before
    assert not [name for name in left if theirs.search(name.replace("_", "-"))]


EARLY = """
import os, signal, time
from contextlib import contextmanager
from kwslib import progress
from kwslib.cli.main import script

@contextmanager
def deaf():
    yield
    os.kill(os.getpid(), signal.SIGINT)  # which was held back while processes started

progress.deaf = deaf
script(lambda: progress.over_cores(time.sleep, [600, 600], "pauses"))
"""


def test_ctrl_c_before_the_first_result_is_asked_for(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    command = [sys.executable, "-c", EARLY]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=heed_interrupts)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "-c: interrupted\n")
