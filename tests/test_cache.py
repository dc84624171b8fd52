"""What comes from the cache is what would be made now: keys hold all that it depends on, damage is made good."""

import gzip
import os
import shutil

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from small_corpus import write_corpus

from kwslib import cache
from kwslib.cache import cached, cached_file, cached_folder, code, digest
from kwslib.data import inspection
from kwslib.data.corpus import read_folder
from kwslib.data.protocol import read_noise


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def numbers():
    return {"a": np.arange(50), "b": np.ones((2, 3), np.float32)}


def never():
    raise AssertionError("made again")


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("content", [b"a lib", b"", b"a librarY"], ids=["truncated", "empty", "changed"])
def test_a_damaged_file_is_made_anew_and_a_sound_one_is_kept(own_cache, content):
    def write(path):
        path.write_bytes(b"a library")

    path = cached_file("things", "key", ".so", write)
    assert cached_file("things", "key", ".so", lambda path: never()) == path
    path.write_bytes(content)
    assert cached_file("things", "key", ".so", write).read_bytes() == b"a library"
    assert [kept.suffix for kept in (own_cache / "things").iterdir()] == [".so"]


def test_a_damaged_folder_is_made_anew_and_a_sound_one_is_kept(own_cache):
    def make(folder):
        for name in ("a/one", "a/two", "b/three"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"the file {name}")

    damages = {
        "truncated": lambda folder: (folder / "a/one").write_text("the file"),
        "changed": lambda folder: (folder / "a/one").write_text("the file a/0ne"),
        "removed": lambda folder: (folder / "a/two").unlink(),
        "renamed": lambda folder: (folder / "a/two").rename(folder / "b/two"),
        "a folder removed": lambda folder: shutil.rmtree(folder / "b"),
        "added": lambda folder: (folder / "b/four").write_text("more"),
        "a name that is not UTF-8": lambda folder: (folder / os.fsdecode(b"b/\xff")).write_text("more"),
        "a link to nothing": lambda folder: (folder / "a/link").symlink_to("nowhere"),
        "a pipe": lambda folder: os.mkfifo(folder / "a/pipe"),
        "emptied": lambda folder: [shutil.rmtree(inner) for inner in folder.iterdir()],
    }
    path = cached_folder("things", make)
    (path / "a" / ".DS_Store").write_text("a file manager was here")
    (path / ".ipynb_checkpoints").mkdir()
    (path / ".ipynb_checkpoints" / "one").write_text("an editor was here")
    assert cached_folder("things", lambda folder: never()) == path
    for damage in damages.values():
        damage(path)
        path = cached_folder("things", make)
        found = {
            file.relative_to(path).as_posix(): file.read_text() for file in path.rglob("*") if file.is_file()
        }
        assert found == {name: f"the file {name}" for name in ("a/one", "a/two", "b/three")}
    assert [*own_cache.iterdir()] == [path]


def test_a_folder_that_fails_or_is_made_twice_leaves_nothing_but_itself(own_cache):
    def make(folder):
        folder.mkdir()
        (folder / "one").write_text("one")

    def meanwhile(folder):
        make(folder)
        cached_folder("things", make)

    with pytest.raises(ZeroDivisionError):
        cached_folder("things", lambda folder: [make(folder), 1 / 0])
    assert [*own_cache.iterdir()] == []
    path = cached_folder("things", meanwhile)
    assert [*own_cache.iterdir()] == [path]
    assert (path / "one").read_text() == "one"


def test_it_is_made_once_under_a_key(own_cache):
    assert same(cached("things", "key", numbers), numbers())
    assert same(cached("things", "key", never), numbers())
    assert [path.name for path in (own_cache / "things").iterdir()] == ["key.npz"]


def test_what_cannot_be_kept_is_made_and_one_line_says_so(own_cache, capsys):
    own_cache.mkdir()
    (own_cache / "things").write_text("where the folder would be")
    for key in ("one", "two"):
        assert same(cached("things", key, numbers), numbers())
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"going on without the cache: {own_cache / 'things' / 'one.npz'} cannot be written"
    )
    assert line.endswith(f"choose another place for the cache {own_cache} with KWS_CACHE")


def test_where_no_file_can_be_it_is_made(own_cache, monkeypatch, capsys):
    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache.Path, "exists", refused)  # of a folder that may not be entered, on Python 3.11
    assert same(cached("things", "x" * 300, numbers), numbers())
    assert "going on without the cache" in capsys.readouterr().err


@pytest.mark.slow
@given(st.integers(0, 2000), st.integers(0, 7) | st.none())
@example(822, 6)  # the length of a comment in the archive's directory, which then hides the second array
def test_a_damaged_file_is_made_anew(tmp_path_factory, place, bit):
    os.environ["KWS_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    cached("things", "key", numbers)
    path = cache.cache_dir() / "things" / "key.npz"
    whole = path.read_bytes()
    place %= len(whole)
    if bit is None:
        path.write_bytes(whole[:place])
    else:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        path.write_bytes(flipped)
    assert same(cached("things", "key", numbers), numbers())
    assert same(cached("things", "key", never), numbers())


@pytest.fixture
def copy_of_kwslib(tmp_path, monkeypatch):
    """A copy of the package's sources, which `code` reads."""
    root = tmp_path / "kwslib"
    shutil.copytree(cache.ROOT, root, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "ROOT", root)
    code.cache_clear()
    yield root
    code.cache_clear()


FIELD = (
    "data/noise.py",
    "data/levels.py",
    "data/audio.py",
    "field/microphone.py",
    "field/scene.py",
    "field/stream.py",
    "labels.py",
)
WAYS = {
    "kwslib.field.evaluate": (*FIELD, "field/trials.py", "field/evaluate.py", "field/sources.py"),
    "kwslib.field.detection": (*FIELD, "field/detection.py", "field/rooms.py"),
    "kwslib.field.training": (*FIELD, "field/training.py", "field/rooms.py", "features/dataset.py"),
    "kwslib.field.rooms": ("field/rooms.py", "field/conditions.py", "data/audio.py"),
    "kwslib.features.dataset": ("features/dataset.py", "data/protocol.py", "data/audio.py", "data/splits.py"),
    "kwslib.data.synthetic": (
        "data/synthetic.py",
        "data/espeak.py",
        "data/noise.py",
        "data/splits.py",
        "labels.py",
    ),
    "kwslib.experiments.quantization": (
        "quantization/grids.py",
        "quantization/integer.py",
        "networks/training.py",
        "features/frontend.py",
        "data/protocol.py",
    ),
    "kwslib.experiments.pruning": (
        "pruning/weights.py",
        "pruning/channels.py",
        "measure/profiling.py",
        "checkpoints.py",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("module", WAYS)
def test_a_key_changes_with_every_source_on_the_way(copy_of_kwslib, module):
    before = code(module)
    for name in WAYS[module]:
        path = copy_of_kwslib / name
        text = path.read_text()
        path.write_text(f"{text}\n# changed\n")
        code.cache_clear()
        assert code(module) != before, name
        path.write_text(text)
    code.cache_clear()
    assert code(module) == before
    for name in ("record/style.py", "record/recording.py", "report/part5/tables.py"):
        (copy_of_kwslib / name).write_text(
            "# changed\n"
        )  # shows, or says what it takes, and changes no value
    code.cache_clear()
    assert code(module) == before


def test_a_key_changes_with_the_packages_on_the_way(monkeypatch):
    code.cache_clear()
    before = code("kwslib.field.rooms")
    monkeypatch.setattr(cache, "version", lambda name: "newer" if name == "pyroomacoustics" else "")
    code.cache_clear()
    assert code("kwslib.field.rooms") != before
    code.cache_clear()


def test_digests_tell_values_and_their_order_apart():
    assert len({digest("a", "b"), digest("ab"), digest("b", "a"), digest(("a", "b")), digest(b"a", "b")}) == 5


@pytest.fixture
def root(tmp_path):
    """A small corpus whose files are as old as those of a corpus usually are."""
    return write_corpus(tmp_path / "corpus", ("yes", "no"))


@pytest.fixture
def settled(monkeypatch):
    monkeypatch.setattr(inspection, "COARSEST", -(10**12))


def replaced(path):
    """Another recording under the same name, of the same size and times, as `cp -p` leaves it."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-20:] = bytes(20)
    other = path.with_suffix(".new")
    other.write_bytes(content)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)


def test_a_clip_replaced_at_equal_size_and_time_is_seen(root, settled):
    before = read_folder(root)
    replaced(before.clips[7].path)
    after = read_folder(root)
    assert after.content_hash != before.content_hash
    assert [a.name for a, b in zip(after.clips, before.clips, strict=True) if a.digest != b.digest] == [
        before.clips[7].name
    ]


def test_a_clip_rewritten_in_place_at_once_is_seen(root):
    before = read_folder(root)
    path = before.clips[7].path
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-20:] = bytes(20)
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert read_folder(root).content_hash != before.content_hash


def test_a_noise_replaced_within_a_process_is_heard(root):
    (noise, *_) = read_folder(root).noises
    before = read_noise(noise).copy()
    replaced(noise)
    assert not np.array_equal(read_noise(noise), before)


def test_nothing_is_decoded_where_nothing_changed(root, settled, monkeypatch):
    before = read_folder(root)
    monkeypatch.setattr(inspection, "_look", lambda path: never())
    assert read_folder(root) == before


@pytest.mark.parametrize(
    "spoiled", [b"", b"{", *(gzip.compress(text, mtime=0) for text in (b"{", b"[1]", b'{"a": 1}')), None]
)
def test_a_damaged_index_is_made_anew(root, settled, own_cache, spoiled, monkeypatch):
    before = read_folder(root)
    (index,) = (own_cache / "index-v4").iterdir()
    index.write_bytes(index.read_bytes()[:-30] if spoiled is None else spoiled)
    assert read_folder(root) == before
    monkeypatch.setattr(inspection, "_look", lambda path: never())
    assert read_folder(root) == before
