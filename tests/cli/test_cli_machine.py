"""Whatever the machine lacks (signs, room, compilers, a cache) is one line of each command's, and its exit status 2."""

import errno
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import soundfile
from repository import MODELS, REPOSITORY, SERIAL_LOG

from kwslib.cli.output import one_line, print_json
from kwslib.cli.problems import explain
from kwslib.errors import KwsError
from kwslib.writing import _beside, atomic_write, finished, refusal

pytestmark = pytest.mark.slow


def run(*arguments: object, cwd: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "kwslib.cli.main", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)} | settings
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", env=environment, cwd=cwd
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_a_terminal_without_the_signs(settings, place, tmp_path):
    clip = tmp_path / "größe はい.wav"
    soundfile.write(clip, soundfile.read(next((place / "corpus" / "yes").glob("*.wav")))[0], 16_000)
    odd = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    Path(os.fsdecode(odd)).write_bytes(clip.read_bytes())
    compared = run("compare", **settings)
    assert (compared.returncode, compared.stderr) == (0, "")
    said = run("classify", place / "model.tflite", clip, os.fsdecode(odd), **settings)
    assert said.returncode == 0, said.stderr
    assert len(said.stdout.splitlines()) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("compare",), ("compare", "--json"), ("--version",)])
def test_a_full_disk_behind_standard_output(arguments):
    command = [sys.executable, "-m", "kwslib.cli.main", *arguments]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 2
    assert done.stderr.startswith("kws: standard output: No space left on device")
    assert len(done.stderr.splitlines()) == 1


def test_a_closed_pipe_is_no_message():
    command = [sys.executable, "-m", "kwslib.cli.main", "compare"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, encoding="utf-8")
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_deleted_working_directory(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); import sys; sys.argv[1:] = "
    script += "['data', 'info', '--data', 'x']; from kwslib.cli.main import main; main()"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", env=environment
    )
    assert (done.returncode, done.stderr) == (
        2,
        "kws: the working directory was deleted: change to one that exists\n",
    )


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("true", "true ended without an error and wrote no file"),
        ("cc 'x", "is not a command"),
        ("/no/cc", "does not start"),
    ],
)
def test_compilers_that_are_none(place, tmp_path, named, message):
    clip = next((place / "corpus" / "yes").glob("*.wav"))
    done = run("classify", place / "model.tflite", clip, CC=named, KWS_CACHE=str(tmp_path))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert "CC" in done.stderr


def test_a_full_disk_is_not_the_compilers_fault(place, tmp_path):
    cc = tmp_path / "cc"
    cc.write_text("#!/bin/sh\necho 'ld: final link failed: No space left on device' >&2\nexit 1\n")
    cc.chmod(0o755)
    clip = next((place / "corpus" / "yes").glob("*.wav"))
    done = run("classify", place / "model.pt", clip, CC=str(cc), KWS_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert str(tmp_path / "cache") in done.stderr
    assert "$CC" not in done.stderr
    assert ".part" not in done.stderr


@pytest.mark.parametrize("cache", ["/dev/null", "/dev/null/cache", "x" * 300, "~nouser/cache"])
def test_a_cache_that_cannot_be_is_named(kws, place, monkeypatch, cache):
    monkeypatch.chdir(place)
    monkeypatch.setenv("KWS_CACHE", cache)
    status, out, err = kws("data", "info", "--data", place / "corpus")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert one_line(cache)[:9] in err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "a/model.pt"), "a/model.pt: "),
        (FileExistsError(errno.EEXIST, "File exists", "file"), "file: File exists: "),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "x.h", None, "d/x.h"), "d/x.h: "),
        (
            OSError(errno.ENOSPC, "No space left on device", f"{tempfile.gettempdir()}/kws-abc/model.tflite"),
            "TMPDIR",
        ),
        (MemoryError("4.29 GiB"), "not enough memory (4.29 GiB)"),
        (UnicodeEncodeError("ascii", "größe", 2, 3, "no"), "LC_ALL=C.UTF-8"),
        (ModuleNotFoundError("", name="unicorn"), "unicorn is not installed"),
        (EOFError("No data left in file"), "No data left in file"),
    ],
)
def test_what_the_machine_says(error, said, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/tmp")
    assert said in explain(error)


@pytest.mark.parametrize(
    "name", ["model.pt", "folder", "a.b c", "two\nlines.json.gz", ".hidden", "x.", "é.é"]
)
def test_no_line_names_a_file_as_it_is_called_while_it_is_written(kws, tmp_path, monkeypatch, name):
    written = _beside(_beside(tmp_path / name) / "model.pt")
    place = str(tmp_path / name / "model.pt")
    assert finished(f"{written}: ({written})") == f"{place}: ({place})"
    assert ".part" not in refusal(written, PermissionError(errno.EACCES, "Permission denied"))
    for error in (
        PermissionError(errno.EACCES, "Permission denied", str(written)),
        KwsError(f"{written}: make"),
    ):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr("kwslib.data.corpus.open_corpus", fail)
        status, out, err = kws("data", "info")
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert one_line(place) in err


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "I/O"), MemoryError(), EOFError("x"), UnicodeError("y")]
)
def test_any_command_ends_in_one_line(kws, place, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("kwslib.data.corpus.open_corpus", fail)
    for arguments in (("data", "info"), ("eval", place / "model.pt"), ("field", place / "model.pt")):
        status, out, err = kws(*arguments)
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert err.startswith("kws: ")


def test_a_mistake_of_ours_keeps_its_traceback(kws, monkeypatch):
    monkeypatch.setattr("kwslib.cli.compare.compare", lambda *_: 1 + "")
    with pytest.raises(TypeError):
        kws("compare")


def test_a_write_without_a_name_is_told_with_it(tmp_path):
    with pytest.raises(KwsError, match="No space left on device") as caught, atomic_write(tmp_path / "file"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(caught.value).startswith(str(tmp_path / "file"))


def test_json_is_json(capsys):
    with pytest.raises(KwsError, match="not finite"):
        print_json({"p": float("nan")})
    assert capsys.readouterr().out == ""


EACH_COMMAND = """
import json, sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module="kwslib")
from kwslib.cli.main import main
from kwslib.features import ccore

ccore.FLAGS += ("-O0",)  # compiles in a sixth of the time
for command in json.load(sys.stdin):
    sys.argv[1:] = command
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    print(flush=True)
"""


def test_every_text_file_is_utf8(place, tmp_path):
    """Commands that write and read most, with Python's warning of a locale's encoding as an error in our code."""
    clip = next((place / "corpus" / "yes").glob("*.wav"))
    commands = [
        ("classify", place / "model.pt", clip),
        ("train", "--data", place / "corpus", "--epochs", 1, "--out", tmp_path / "m.pt"),
        ("board", MODELS / "tinyconv.tflite", "--keep", tmp_path / "kept"),
        ("compare", "--json"),
        ("serial", SERIAL_LOG, "--json"),
    ]
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", EACH_COMMAND],
        input=json.dumps([[str(word) for word in command] for command in commands]),
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "KWS_CACHE": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    for printed in done.stdout.split("\n\n")[-3:-1]:
        json.loads(printed)
