"""Building the C core: once, atomically, from any thread of work, and with errors that name the remedy."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kwslib.errors import KwsError
from kwslib.features import ccore


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A core of one small file, and an empty cache."""
    folder = tmp_path / "core"
    folder.mkdir()
    (folder / "answer.c").write_text("int answer(void) { return 42; }\n")
    monkeypatch.setattr(ccore, "source_folder", lambda: folder)
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return folder


def test_is_built_once_and_again_after_an_edit(sources: Path) -> None:
    first = ccore.build()
    stamp = first.stat().st_mtime_ns
    assert ccore.build() == first
    assert first.stat().st_mtime_ns == stamp
    (sources / "answer.h").write_text("/* a header counts too */\n")
    assert ccore.build() != first


@pytest.mark.parametrize("suffix", [".dll", ".dylib"])
def test_is_named_as_the_system_names_libraries(suffix: str, sources: Path, monkeypatch) -> None:
    import ctypes

    monkeypatch.setattr(ccore, "SUFFIX", suffix)
    assert ccore.build().suffix == suffix
    assert ctypes.CDLL(str(ccore.build())).answer() == 42


def test_takes_in_every_source(sources: Path) -> None:
    import ctypes

    (sources / "more.c").write_text("int more(void) { return 43; }\n")
    core = ctypes.CDLL(str(ccore.build()))
    assert (core.answer(), core.more()) == (42, 43)


def test_a_truncated_library_is_built_anew(sources: Path) -> None:
    import ctypes

    library = ccore.build()
    library.write_bytes(library.read_bytes()[:5000])
    assert ctypes.CDLL(str(ccore.build())).answer() == 42


def test_hash_is_of_the_content(sources: Path) -> None:
    before = ccore.source_hash()
    (sources / "notes.txt").write_text("not compiled")
    assert ccore.source_hash() == before
    (sources / "answer.c").write_text("int answer(void) { return 43; }\n")
    assert ccore.source_hash() != before


def test_constants_and_structs_are_the_headers() -> None:
    header = (ccore.source_folder() / "kws_decision.h").read_text()
    assert f"#define KWS_SMOOTHING_MAX {ccore.constants()['KWS_SMOOTHING_MAX']} " in header
    thresholds = np.array([7, 8], np.uint16)
    settings = ccore.structure("kws_decision_settings", {"classes": 2, "thresholds": thresholds})
    assert (settings.classes, settings.suppression, settings.thresholds[1]) == (2, 0, 8)


@pytest.mark.parametrize(
    ("fields", "error"),
    [({"clases": 2}, KeyError), ({"thresholds": np.zeros(2, np.int32)}, TypeError)],
    ids=["misspelt", "of another type"],
)
def test_fields_that_no_header_has_are_refused(fields, error) -> None:
    with pytest.raises(error):
        ccore.structure("kws_decision_settings", fields)


def test_broken_source_leaves_nothing_behind(sources: Path, tmp_path: Path) -> None:
    (sources / "answer.c").write_text("int answer(void) { return 42 }\n")
    with pytest.raises(KwsError, match=r"could not build the core.*answer\.c"):
        ccore.build()
    assert not (tmp_path / "cache" / "core").exists()


def test_missing_compilers_are_named(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nowhere/cc -O1")
    with pytest.raises(KwsError, match="/nowhere/cc does not start"):
        ccore.build()
    monkeypatch.delenv("CC")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(KwsError, match="pip install ziglang"):
        ccore.build()


def test_ziglang_stands_in_for_cc(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ziglang")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert ccore.compiler() == [sys.executable, "-m", "ziglang", "cc"]


SILENCE = """
import numpy
from kwslib.features import ccore, frontend
ccore.FLAGS += ("-O0",)  # compiles in a sixth of the time
print(frontend.features(numpy.zeros(16000, numpy.int16)).sum())
"""


@pytest.mark.slow
def test_several_processes_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    started = [subprocess.Popen([sys.executable, "-c", SILENCE], stdout=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate()[0].split() for process in started] == [[b"-250880"]] * 3
    assert len(list((tmp_path / "core").iterdir())) == 1


def test_sources_lie_in_the_checkout_or_in_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (ccore.source_folder() / "kws_frontend.h").is_file()
    package = tmp_path / "site-packages" / "kwslib"
    installed = package / "_firmware" / "core"
    shutil.copytree(ccore.source_folder(), installed)
    monkeypatch.setattr(ccore, "__file__", str(package / "features" / "ccore.py"))
    assert ccore.source_folder() == installed
    shutil.rmtree(installed)
    with pytest.raises(KwsError, match="reinstall kwslib"):
        ccore.source_folder()


THREADS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from kwslib.features.ccore import interface
ready = Barrier(8)
with ThreadPoolExecutor(8) as pool:
    print(len(set(pool.map(lambda _: [ready.wait(), id(interface())][1], range(8)))))
"""


def test_threads_that_come_first_together_share_one_interface():
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "1\n"
