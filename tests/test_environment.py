"""What the notebooks' first cell installs into a kernel that is running: what is missing, and nothing in its place."""

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from kwslib import environment
from kwslib.errors import KwsError

ASKED = [
    "numpy>=1.26",
    "torch>=2.4",
    'absent==1.0; extra == "board"',
    'other==2.0; extra == "field"',
    'kwslib[board]; extra == "sweep"',
    'elsewhere; python_version < "3"',
]


@pytest.fixture
def kernel(monkeypatch):
    """A kernel with numpy 2.0.2 imported and torch 2.9.1 installed; returns what is installed, and what was run."""
    installed, ran = {"numpy": "2.0.2", "torch": "2.9.1+cu126"}, []

    def run(command):
        (overrides,) = [command[i + 1] for i, word in enumerate(command) if word == "--override"]
        ran.append((command, Path(overrides).read_text(encoding="utf-8").split()))

    monkeypatch.setattr(environment.metadata, "requires", lambda name: ASKED)
    monkeypatch.setattr(environment, "_version", installed.get)
    monkeypatch.setattr(environment, "imported", lambda: {"numpy": installed["numpy"]})
    monkeypatch.setattr(environment, "torch_as_installed", lambda: {"torch": installed["torch"]})
    monkeypatch.setattr(environment, "_run", run)
    monkeypatch.setattr(environment, "_uv", lambda: ["uv"])
    return installed, ran


def test_an_extra_brings_what_it_asks_for_on_this_python(kernel):
    assert [str(r.name) for r in environment.needed(("sweep",))] == ["numpy", "torch", "absent"]


def test_where_all_is_there_nothing_runs(kernel):
    environment.require()
    assert kernel[1] == []


def test_what_is_missing_is_installed_and_what_is_imported_stays(kernel, capsys):
    environment.require("board")
    ((command, kept),) = kernel[1]
    assert command[-1] == "absent==1.0"
    assert "--no-build" in command
    assert sorted(kept) == ["numpy==2.0.2", "torch==2.9.1+cu126"]
    assert "installing absent" in capsys.readouterr().out


def test_a_kernel_that_cannot_be_spared_a_restart_says_so(kernel, monkeypatch, capsys):
    installed, ran = kernel
    installed["numpy"] = "1.20.0"
    restarted = []
    run = environment._run
    monkeypatch.setattr(environment, "_run", lambda command: (run(command), installed.update(numpy="2.2.6")))
    monkeypatch.setattr(environment, "_restart", lambda: restarted.append(True))
    environment.require()
    assert ran[0][1] == ["torch==2.9.1+cu126"]
    assert restarted
    assert "numpy 1.20.0 -> 2.2.6: the kernel restarts now" in capsys.readouterr().out


def test_a_failed_installation_says_what_was_said_and_what_to_do():
    code = "print('no route to the index'); raise SystemExit(1)"
    with pytest.raises(KwsError, match=r"no route to the index.*within reach"):
        environment._run([sys.executable, "-c", code])


@pytest.mark.slow
def test_what_this_process_imported_is_found():
    assert environment.imported()["pytest"] == pytest.__version__
    assert "kwslib" not in environment.imported()
    assert environment.satisfied(Requirement(f"pytest=={pytest.__version__}"))
    assert not environment.satisfied(Requirement("pytest<1"))
