"""What pip and `make setup` are told: one lock that holds what every supported Python asks for."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import notebooks

tomllib = pytest.importorskip("tomllib")  # of Python 3.11
PROJECT = tomllib.loads((notebooks.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [Requirement(line) for line in (notebooks.ROOT / "requirements.lock").read_text().splitlines()]
WHOLE = ("3.11", "3.12", "3.13")  # Pythons with every extra


def asked(extra: str) -> Iterator[Requirement]:
    """What an extra asks for, its extras' requirements in their place."""
    for text in PROJECT["optional-dependencies"][extra]:
        requirement = Requirement(text)
        if requirement.name == "kwslib":
            for inner in requirement.extras:
                yield from asked(inner)
        else:
            yield requirement


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("python", WHOLE)
def test_the_lock_holds_one_fitting_version_of_all_that_is_asked(python, system):
    where = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": system}
    for requirement in [*map(Requirement, PROJECT["dependencies"]), *asked("all")]:
        if requirement.marker is None or requirement.marker.evaluate(where):
            pins = [pin for pin in PINS if pin.name.lower() == requirement.name.lower()]
            (pin,) = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(where)]
            (version,) = pin.specifier
            assert requirement.specifier.contains(version.version, prereleases=True), pin


def test_all_means_every_extra():
    named = {extra for extra in PROJECT["optional-dependencies"] if extra != "all"}
    (requirement,) = map(Requirement, PROJECT["optional-dependencies"]["all"])
    inner = {name for extra in requirement.extras for name in _extras_of(extra)}
    assert named == requirement.extras | inner


def _extras_of(extra: str) -> set[str]:
    found = [Requirement(text) for text in PROJECT["optional-dependencies"][extra]]
    inner = {name for requirement in found if requirement.name == "kwslib" for name in requirement.extras}
    return inner | {name for extra in inner for name in _extras_of(extra)}


def old_python(folder: Path) -> Path:
    """A command that says it is Python 3.9."""
    lie = "import sys; sys.version_info = (3, 9, 18, 'final', 0); del sys.argv[1]; exec(sys.argv.pop(1))"
    path = folder / "python3.9"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{lie}" "$@"\n')
    path.chmod(0o755)
    return path


def test_setup_with_another_python_says_which_to_take(tmp_path):
    python = old_python(tmp_path)
    done = subprocess.run(
        ["make", "setup", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}"],
        cwd=notebooks.ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2
    assert f"need Python 3.11, 3.12 or 3.13, and {python} is 3.9" in done.stderr
    assert "make setup PYTHON=python3.12" in done.stderr
    assert not (tmp_path / "venv").exists()
