"""What a contributor is told: one version, targets that exist, workflows and hooks that call them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from repository import REPOSITORY

import kwslib
from kwslib import __main__ as tasks
from kwslib import __version__

TARGETS = {task.__name__ for task in tasks.TASKS} | {"help"}
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
PAGES = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "book/rerun.md", "SECURITY.md")]


def test_one_version():
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)", changelog, re.MULTILINE)[0] == "Unreleased"
    assert re.search(r"^## (\d\S*) - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)[1] == __version__
    assert str(yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())["version"]) == __version__
    library = (REPOSITORY / "firmware" / "core" / "library.properties").read_text()
    assert f"version={__version__}\n" in library


def test_the_order_of_the_rooms_is_told_alike():
    (line,) = re.findall(r"\n\n((?: {4,}.*->.*\n)+)\n", kwslib.__doc__)
    order = re.findall(r"\w+", line)
    listed = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition("those above it:\n")[2]
    rooms = re.findall(r"^ {19}(\w+(?:, \w+)*) {2,}\S", listed, re.MULTILINE)
    assert ", ".join(rooms).split(", ") == order
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.findall(r"\w+", project.partition("\nlayers = [")[2].partition("]")[0])
    assert [room for room in reversed(layers) if room in order] == order
    folders = {path.parent.name for path in Path(kwslib.__file__).parent.glob("*/__init__.py")}
    assert folders <= set(order)
    described = [room for room in order if room in folders - {"cli"}]  # --help describes the commands
    for page in ("reference.md", "_toc.yml"):
        listed = re.findall(r"\bapi/(\w+)", (REPOSITORY / "book" / page).read_text(encoding="utf-8"))
        assert listed == [*described, "kwslib"]


@pytest.mark.parametrize(("page", "folder"), [("README.md", ""), ("firmware/README.md", "firmware")])
def test_a_tree_of_folders_names_every_one(page, folder):
    listed = re.findall(r"^    (\w+)/ ", (REPOSITORY / page).read_text(encoding="utf-8"), re.MULTILINE)
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY / folder, capture_output=True, text=True, check=True
    ).stdout
    folders = {line.partition("/")[0] for line in tracked.splitlines() if "/" in line}
    assert set(listed) == {name for name in folders if not name.startswith(".")}


def test_make_does_what_python_does_without_it():
    def say(*command: str) -> str:
        return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout

    told = say(sys.executable, "-m", "kwslib", "help")
    assert (
        say("make", "--no-print-directory", "help")
        == say("make", "--no-print-directory")
        == say(sys.executable, "-m", "kwslib")
        == told
    )
    assert set(re.findall(r"^  make (\w+) +\S", told, re.MULTILINE)) == TARGETS
    for target in TARGETS:
        called = say("make", "--no-print-directory", "--dry-run", target, "PART=03", "PYTHON=python3.12")
        assert called == f"python3.12 -m kwslib {target} 03\n"


@pytest.mark.parametrize("path", [*WORKFLOWS, *PAGES], ids=lambda path: path.name)
def test_named_targets_exist(path):
    commands = re.findall(r"(?:^|`|run: )make (?!-)([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(commands) <= TARGETS
    assert commands or path.name == "SECURITY.md"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_are_workflows(path):
    workflow = yaml.safe_load(path.read_text())
    for job in workflow["jobs"].values():
        assert job["runs-on"]
        assert job["timeout-minutes"] <= 60
        assert all(set(step) & {"run", "uses"} for step in job["steps"])


def test_hooks_run_tools_of_the_environment():
    (repository,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]:
        assert hook["entry"].split()[0].startswith(".venv/bin/")
        assert (REPOSITORY / hook["entry"].split()[0]).exists() or not (REPOSITORY / ".venv").exists()


def test_papermill_writes_into_a_folder_that_is_there():
    """It makes none: a block that calls it makes the folder first."""
    commands = []
    for page in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("book/*.md")]:
        for block in re.findall(r"^```(?:sh|bash)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            made = re.findall(r"^mkdir -p (\S+)$", block, re.MULTILINE)
            for written in re.findall(r"papermill \S+ (\S+)", block):
                commands.append(written)
                assert str(Path(written).parent) in made, f"{page.name}: papermill ... {written}"
    assert commands
