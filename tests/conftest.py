"""Fixtures that all tests share: the real recordings where present, the synthetic corpus, the command line."""

import gc
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import joblib
import pytest
import typer.main
from converters import need_converters
from examples import IN_QUICK, WHOLE
from hypothesis import settings
from one_process import Pickled
from repository import MODELS, REPOSITORY
from shared_work import made_once

from kwslib.paths import folders

NEIGHBOURS = [
    REPOSITORY.parent / "shared" / "data" / name for name in ("speech_commands", "speech_commands_more")
]

for name, count in {"whole": WHOLE, "quick": IN_QUICK}.items():
    settings.register_profile(name, deadline=None, max_examples=count)  # a busy machine takes its time
settings.load_profile("whole")

gc.set_threshold(50_000)  # the garbage collector would look through all that tests make again and again
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # of notebooks and commands too; some tests ask for two
joblib.Parallel = Pickled
typer.main.get_command = cache(typer.main.get_command)  # else `kws` builds its commands anew for every call

EARLY = ("test_book.py", "test_signals.py")  # many wait for the book; signals wait for themselves
NAMED = os.environ.pop("KWS_DATA", None)  # commands use what it names, and tests name their own


def find_speech_commands() -> Path | None:
    """The first folder of `$KWS_DATA`, else the recordings beside the checkout, else None."""
    folder = folders(NAMED)[0] if NAMED else NEIGHBOURS[0]
    return folder if folder.is_dir() else None


def pytest_configure(config: pytest.Config) -> None:
    """`make quick` tests properties on fewer random examples."""
    if "not slow" in config.option.markexpr:
        settings.load_profile("quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the real recordings, and what waits for a corpus, a trained network or a page to be made. What
    `EARLY` names begins first, then what takes long, so that all workers end together."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "speech_commands" in fixtures:
            item.add_marker(pytest.mark.data)
        if fixtures & {"synthetic", "recordings", "exported", "site"}:
            item.add_marker(pytest.mark.slow)
    long = {item.path for item in items if item.path.suffix == ".ipynb" or item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.name not in EARLY, item.path not in long))


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not look through it again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def speech_commands() -> Path:
    """Folder of real Speech Commands clips; the test is skipped where there is none."""
    folder = find_speech_commands()
    if folder is None:
        if os.environ.get("KWS_REQUIRE_DATA"):
            pytest.fail("the real recordings are required here and missing: set KWS_DATA")
        pytest.skip("no Speech Commands recordings here: set KWS_DATA to run this test")
    return folder


@pytest.fixture(scope="session")
def all_recordings(speech_commands: Path) -> str:
    """All folders of real clips, separated as PATH is: what the numbers were recorded from, one or several of them."""
    return NAMED or os.pathsep.join(str(folder) for folder in NEIGHBOURS if folder.is_dir())


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the synthetic corpus, made once and kept in the cache."""
    from kwslib.data.corpus import open_corpus

    return open_corpus(profile="quick").root


@pytest.fixture(scope="session")
def recordings(request: pytest.FixtureRequest) -> Path:
    """Folder of the real clips where present, else of the synthetic corpus."""
    return request.getfixturevalue("speech_commands" if find_speech_commands() else "synthetic")


@pytest.fixture(scope="session")
def exported(recordings: Path, tmp_path_factory: pytest.TempPathFactory):
    """The recorded TinyConv, exported: the ExportResult, checkpoint beside the files."""
    need_converters()
    from kwslib.data.corpus import open_corpus
    from kwslib.deployment.export import calibration_features, export
    from kwslib.labels import class_labels

    def make(folder: Path):
        shutil.copy(MODELS / "tinyconv.pt", folder / "model.pt")
        return export(
            folder / "model.pt", calibration_features(open_corpus(recordings), class_labels()), folder
        )

    return made_once(tmp_path_factory, "exported", make)


@pytest.fixture
def kws(capfd: pytest.CaptureFixture[str]):
    """Run the command line in this process: kws("data", "info") -> (exit status, stdout, stderr)."""
    import sys

    from kwslib.cli import main

    def run(*arguments: object) -> tuple[int, str, str]:
        argv, sys.argv = sys.argv, ["kws", *map(str, arguments)]
        status = 0
        try:
            main.main()
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        finally:
            sys.argv = argv
        out, err = capfd.readouterr()
        return status, out, err

    return run


@pytest.fixture(scope="session")
def node():
    """Runs tests/web/NAME.mjs in Node.js: its standard output. Skipped where node is not installed."""
    program = shutil.which("node")
    if program is None:
        if os.environ.get("KWS_REQUIRE_TOOLS"):
            pytest.fail("node is required here and missing: apt-get install nodejs")
        pytest.skip("no Node.js here: apt-get install nodejs")

    def run(name: str, *arguments: object, given: str | None = None) -> str:
        command = [program, str(REPOSITORY / "tests" / "web" / f"{name}.mjs"), *map(str, arguments)]
        done = subprocess.run(command, input=given, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
