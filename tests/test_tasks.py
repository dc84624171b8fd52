"""Tasks of a clone by `python -m kwslib`: the environment first, then the task in it, on every system."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from repository import REPOSITORY

from kwslib import __main__ as tasks


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Commands, instead of being run in a clone whose environment stands."""
    commands: list[tuple[str, ...]] = []
    for name in ("pyproject.toml", tasks.LOCK, ".venv/pyvenv.cfg", ".venv/.installed"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    os.utime(tmp_path / ".venv" / ".installed", (2e9, 2e9))
    monkeypatch.delenv("VENV", raising=False)
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks.subprocess, "run", lambda command, **_: commands.append(tuple(command)))
    return commands


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["kwslib", *arguments])
    tasks.main()


@pytest.mark.parametrize(("system", "folder"), [("nt", "Scripts"), ("posix", "bin")])
def test_a_task_runs_in_the_environment(system, folder, ran, monkeypatch, tmp_path):
    root = tmp_path.resolve()
    monkeypatch.setattr(tasks, "os", type("System", (), {"name": system, "environ": os.environ}))
    call(monkeypatch, "record", "03")
    assert ran == [(str(root / ".venv" / folder / "python"), "book/build.py", "record", "03")]


def test_the_environment_is_made_anew_when_the_lock_has_changed(ran, monkeypatch, tmp_path, capsys):
    call(monkeypatch, "book")
    assert len(ran) == 1
    os.utime(tmp_path / tasks.LOCK, (2.1e9, 2.1e9))
    call(monkeypatch, "book")
    (installed,) = [command for command in ran if "requirements.lock" in command]
    assert {"--no-build", "--compile-bytecode"} <= set(installed)
    assert ran[-1][1:] == ("book/build.py", "book")
    assert "a minute" in capsys.readouterr().out


def test_what_a_task_compiles_is_kept(ran, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    settings = []
    monkeypatch.setattr(tasks.subprocess, "run", lambda command, env, **_: settings.append(env))
    call(monkeypatch, "book")
    assert ["PYTHONDONTWRITEBYTECODE" in each for each in settings] == [False]


def test_the_style_of_all_that_is_compiled_is_checked(monkeypatch):
    commands = []
    monkeypatch.setattr(tasks, "call", lambda *command: commands.append(command))
    monkeypatch.setattr(tasks.shutil, "which", lambda program: None)
    tasks.lint()
    (checked,) = (set(command[3:]) for command in commands if command[0] == "clang-format")
    compiled = {name for name in tasks.files("firmware") if Path(name).suffix in (".c", ".h", ".cpp", ".ino")}
    assert compiled - checked == {name for name in compiled if "/stand_ins/" in name}
    (hook,) = (
        hook
        for hook in yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))[
            "repos"
        ][0]["hooks"]
        if hook["id"] == "clang-format"
    )
    assert {name for name in tasks.files() if re.search(hook["files"], name)} == compiled


def test_without_uv_pip_installs_wheels_alone(ran, monkeypatch):
    def run(command, **_):
        ran.append(tuple(command))
        if Path(command[0]).name == "uv":
            raise subprocess.CalledProcessError(2, command)

    monkeypatch.setattr(tasks.subprocess, "run", run)
    os.utime(tasks.ROOT / ".venv" / ".installed", (1, 1))
    tasks.setup()
    (installed,) = [command for command in ran if ".[all]" in command]
    assert installed[-3:] == ("--constraint", "requirements.lock", ".[all]")
    assert installed[installed.index("--only-binary") + 1] == ":all:"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["raport"], "no task is called raport: there are setup, report,"),
        (["book", "03"], "book is of all parts: leave 03 out"),
    ],
)
def test_what_is_no_task(arguments, said, ran, monkeypatch):
    with pytest.raises(SystemExit, match=said):
        call(monkeypatch, *arguments)
    assert ran == []


def test_a_failed_task_keeps_its_status(ran, monkeypatch):
    def fail(command, **_):
        raise subprocess.CalledProcessError(3, command)

    monkeypatch.setattr(tasks.subprocess, "run", fail)
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "book")
    assert stop.value.code == 3


@pytest.mark.parametrize(
    ("version", "system"),
    [((3, 9, 18), "linux"), ((3, 10, 13), "linux"), ((3, 14, 0), "win32"), ((3, 11, 9), "darwin")],
)
def test_setup_with_another_python_says_which_to_take(version, system, ran, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setenv("VENV", str(tmp_path / "other"))
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(
        SystemExit, match=rf"3.12 or 3.13 here, and .* is {version[0]}\.{version[1]}: .*PYTHON=python3.12"
    ):
        call(monkeypatch, "setup")
    assert ran == []


def test_an_installed_package_is_no_clone(ran, monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").unlink()
    with pytest.raises(SystemExit, match="is no clone, and report needs one"):
        call(monkeypatch, "report")
