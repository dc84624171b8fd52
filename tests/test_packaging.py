"""What pip and `make setup` are told: one lock that holds what every supported Python asks for."""

from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement

import notebooks
from kwslib import __main__ as tasks

tomllib = pytest.importorskip("tomllib")  # of Python 3.11
PROJECT = tomllib.loads((notebooks.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [Requirement(line) for line in (notebooks.ROOT / "requirements.lock").read_text().splitlines()]
WHOLE = [".".join(map(str, version)) for version in tasks.WHOLE]


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
    where["platform_machine"] = "x86_64"
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
