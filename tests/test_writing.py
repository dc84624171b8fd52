"""What is written is there whole or not at all, whoever dies on the way, and nothing of it is left lying about."""

import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from kwslib.deployment.export import Exported
from kwslib.errors import KwsError
from kwslib.locks import alone
from kwslib.paths import cache_dir
from kwslib.writing import atomic_files, atomic_folder, atomic_write, check_writable

NAMES = ("one", "two", "three")


def old_set(folder):
    for name in NAMES:
        (folder / name).write_text(f"old {name}")
    return [folder / name for name in NAMES]


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def write(paths, text="new"):
    with atomic_files(paths) as temporaries:
        for temporary in temporaries:
            temporary.write_text(text)


def test_a_set_takes_its_place_together(tmp_path):
    write(old_set(tmp_path))
    assert content(tmp_path) == dict.fromkeys(NAMES, "new")


@pytest.mark.parametrize("last", [0, 1, 2])
def test_a_folder_in_the_way_leaves_the_old_set(tmp_path, last):
    paths = old_set(tmp_path)
    paths[last].unlink()
    paths[last].mkdir()
    before = content(tmp_path)
    with pytest.raises(KwsError, match=f"{NAMES[last]} is a folder"):
        write(paths)
    assert content(tmp_path) == before


@pytest.mark.parametrize("fails", [0, 1, 2])
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_failure_between_the_files_of_a_set_leaves_the_old_set(tmp_path, monkeypatch, fails, error):
    paths, replace = old_set(tmp_path), Path.replace
    paths[1].unlink()  # a new member, too
    before = content(tmp_path)

    def failing(source, target):
        if target == paths[fails] and source.read_text() == "new":
            raise error
        return replace(source, target)

    monkeypatch.setattr(
        Path, "replace", failing
    )  # the call of every Python: 3.10's ends in its own copy of os.replace
    with pytest.raises(type(error)):
        write(paths)
    assert content(tmp_path) == before


def test_no_room_leaves_the_old_set_and_says_where(tmp_path):
    paths = old_set(tmp_path)
    before, limits = content(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(KwsError, match=r"three cannot be written \(.*\): free some space"):
            write(paths, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert content(tmp_path) == before


def test_an_export_in_the_way_of_a_folder_leaves_the_old_one(tmp_path):
    old, new = (
        Exported(tmp_path / "model.pt", (), (), {"model.tflite": content, "kws_model.h": content})
        for content in (b"old", b"new")
    )
    result = old.write(tmp_path)
    header = result.files[-1]
    header.unlink()
    header.mkdir()
    with pytest.raises(KwsError, match=f"{header} is a folder"):
        new.write(tmp_path)
    assert result.tflite_int8.read_bytes() == b"old"


def test_a_folder_comes_whole_or_not_at_all(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_folder(tmp_path / "corpus") as temporary:
        (temporary / "clip").write_bytes((tmp_path / "missing").read_bytes())
    assert not list(tmp_path.iterdir())
    with atomic_folder(tmp_path / "corpus") as temporary:
        (temporary / "clip").write_text("whole")
        with atomic_folder(tmp_path / "corpus") as other:  # two at once: the first to end stays
            (other / "clip").write_text("first")
    assert (tmp_path / "corpus" / "clip").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


WRITER = """
import signal, sys, time
from pathlib import Path
from kwslib.writing import atomic_folder, atomic_write
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background process may have inherited that it is ignored
with atomic_folder(Path(sys.argv[1]) / "corpus") as folder, atomic_write(Path(sys.argv[1]) / "set.json") as file:
    (folder / "clip").write_text("half")
    file.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def writer(folder):
    process = subprocess.Popen([sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    return process


def leftovers(folder):
    return sorted(path for path in folder.iterdir() if ".part" in path.name)


def test_what_the_dead_leave_is_removed_and_what_the_living_write_is_not(tmp_path):
    dead, alive = writer(tmp_path), writer(tmp_path)
    (tmp_path / ".mine.part").write_text("no leftover of ours")
    dead.send_signal(signal.SIGKILL)
    dead.wait()
    assert len(leftovers(tmp_path)) == 5
    with atomic_write(tmp_path / "another") as temporary:
        temporary.write_text("done")
    left = leftovers(tmp_path)
    assert len(left) == 3
    assert all(f"-{alive.pid}-" in path.name or path.name == ".mine.part" for path in left)
    alive.send_signal(signal.SIGINT)
    alive.wait()
    assert [path.name for path in leftovers(tmp_path)] == [".mine.part"]


def test_a_full_cache_names_the_folder_and_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    full = f"for the cache {tmp_path} with KWS_CACHE"
    with pytest.raises(KwsError, match=full), atomic_write(cache_dir() / "rooms" / "x.npz"):
        raise OSError(28, "No space left on device")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    tmp_path.chmod(0o500)
    with pytest.raises(KwsError, match="KWS_CACHE"), atomic_write(cache_dir() / "rooms" / "x.npz"):
        pass


def test_names_that_are_too_long_are_one_line(tmp_path):
    for name in ("x" * 240, "x" * 300):
        with pytest.raises(KwsError, match="cannot be written"):
            check_writable(tmp_path / name)


@pytest.mark.parametrize("write", [atomic_write, atomic_folder, lambda path: alone(path, "it")])
def test_a_failure_leaves_no_folder_that_was_made_for_it(tmp_path, write):
    (tmp_path / "there").mkdir()
    with pytest.raises(KeyboardInterrupt), write(tmp_path / "there" / "new" / "newer" / "model.pt"):
        raise KeyboardInterrupt
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]
    with suppress(KeyboardInterrupt), write(tmp_path / "other" / "model.pt"):
        (tmp_path / "other" / "kept").touch()
        raise KeyboardInterrupt
    assert (tmp_path / "other" / "kept").exists()


def test_a_look_whether_one_may_write_leaves_nothing(tmp_path):
    (tmp_path / "there").mkdir()
    check_writable(tmp_path / "there" / "new" / "newer" / "model.pt")
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


@pytest.mark.parametrize("name", ["new/" + "x" * 300 + "/model.pt", "new/a\0b/model.pt", "file/model.pt"])
def test_a_look_where_one_may_not_write_leaves_nothing_either(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(KwsError, match="cannot be written"):
        check_writable(tmp_path / name)
    assert list(tmp_path.rglob("*")) == [tmp_path / "file"]
