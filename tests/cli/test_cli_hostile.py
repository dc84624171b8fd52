"""Every command over hostile paths, numbers, streams and locales: one line, exit status 2, nothing left behind."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from repository import MODELS, REPOSITORY, SERIAL_LOG
from small_corpus import write_corpus

from kwslib.checkpoints import save_checkpoint
from kwslib.cli.output import one_line, print_json
from kwslib.cli.problems import explain
from kwslib.errors import KwsError
from kwslib.networks import ARCHITECTURES
from kwslib.networks.models import ZOO, ModelConfig, build
from kwslib.paths import atomic_write

pytestmark = pytest.mark.slow

COMMANDS = {  # every command, with the hostile path in each place that takes one
    "board": [("board", "{}"), ("board", "{}.tflite"), ("board", "MODEL", "--wav", "{}")],
    "classify": [("classify", "{}", "CLIP"), ("classify", "{}.pt", "CLIP"), ("classify", "MODEL", "{}")],
    "compare": [("compare", "--results", "{}")],
    "data": [
        ("data", "info", "--data", "{}"),
        ("data", "prepare", "--data", "{}"),
        ("data", "info", "--data", "CORPUS", "--own", "up={}"),
    ],
    "eval": [("eval", "{}"), ("eval", "{}.tflite"), ("eval", "MODEL", "--data", "{}")],
    "export": [("export", "{}", "--out", "OUT"), ("export", "MODEL", "--data", "{}", "--out", "OUT")],
    "field": [
        ("field", "{}"),
        ("field", "{}.pt"),
        ("field", "MODEL", "--data", "{}"),
        ("field", "MODEL", "--recordings", "{}"),
        ("field", "MODEL", "--data", "CORPUS", "--rooms", "{}"),
    ],
    "profile": [("profile", "{}"), ("profile", "{}.pt"), ("profile", "{}.tflite")],
    "serial": [("serial", "{}")],
    "sweep": [("sweep", "bits", "--data", "{}", "--out", "OUT"), ("sweep", "bits", "--out", "FILE/{}")],
    "train": [
        ("train", "--data", "{}", "--out", "OUT/m.pt"),
        ("train", "--data", "CORPUS", "--own", "x={}", "--out", "OUT/m.pt"),
        ("train", "--out", "FILE/{}.pt"),
        ("train", "--out", "{}"),
    ],
    "verify": [("verify", "--results", "{}"), ("verify", "--data", "{}")],
}
PATHS = {
    "missing": "no/such/place",
    "300 letters": "x" * 300,
    "5000 letters": "x/" * 2500,
    "nobody's home": "~nouser",
    "a newline": "two\nlines",
    "a file as a folder": "/dev/null/x",
    "a device": "/dev/full",
    "not UTF-8": os.fsdecode(b"\xff\xfe"),
    "a circle of links": "circle",
    "a text file": "text.txt",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    write_corpus(folder / "corpus", words=("yes", "no", "up"))
    save_checkpoint(folder / "model.pt", build(ModelConfig()), ModelConfig())
    (folder / "circle").symlink_to("circle")
    (folder / "text.txt").write_text("nothing to hear\n")
    return folder


def fill(argument: str, place: Path, path: str) -> str:
    clip = next((place / "corpus" / "yes").glob("*.wav"))
    known = {"MODEL": "model.pt", "CORPUS": "corpus", "CLIP": str(clip), "FILE": "text.txt", "OUT": "out"}
    for name, value in known.items():
        argument = re.sub(rf"\b{name}\b", value, argument)
    return argument.replace("{}", path)


def test_the_matrix_has_every_command():
    from kwslib.cli.main import app

    names = {command.name for command in app.registered_commands}
    assert names | {group.name for group in app.registered_groups} == set(COMMANDS)


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("command", COMMANDS)
def test_hostile_paths(kws, place, monkeypatch, command, kind):
    monkeypatch.chdir(place)
    before = sorted(path.name for path in place.rglob("*"))
    for arguments in COMMANDS[command]:
        filled = [fill(argument, place, PATHS[kind]) for argument in arguments]
        status, out, err = kws(*filled)
        lines = [line for line in err.splitlines() if not line.startswith("data: ")]
        assert (status, out, len(lines)) == (2, "", 1), (filled, err)
        assert lines[0].startswith("kws: "), filled
        assert len(lines[0]) < 800, filled
        assert not re.search(r"\.part\b|Traceback|Errno", lines[0]), lines[0]
    left = [path for path in place.rglob("*") if path.name not in before]
    assert all(path.is_dir() for path in left)  # `--out` folders may be there, files not


@pytest.mark.parametrize("value", ["9" * 20, "9223372036854775807", "-1", "9" * 5000, "1e9", "nan"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--out", "m.pt", "--seed"),
        ("train", "--out", "m.pt", "--epochs"),
        ("field", "model.pt", "--seed"),
        ("field", "model.pt", "--trial"),
        ("field", "model.pt", "--trials"),
        ("field", "model.pt", "--smoothing"),
        ("field", "model.pt", "--threshold"),
        ("field", "model.pt", "--snr"),
        ("field", "model.pt", "--distance"),
        ("field", "model.pt", "--rt60"),
        ("serial", "text.txt", "--seconds"),
        ("sweep", "bits", "--out", "s", "--jobs"),
        ("sweep", "bits", "--out", "s", "--seeds"),
    ],
)
def test_numbers_beyond_all_bounds(kws, place, monkeypatch, arguments, value):
    if arguments[0] == "serial" and value == "9223372036854775807":
        value = "inf"
    if arguments[-1] == "--snr" and value == "-1":
        value = "-99"
    monkeypatch.chdir(place)
    status, out, err = kws(*arguments, value)
    assert (status, out, len(err.splitlines())) == (2, "", 1), err
    assert err.startswith("kws: ")
    assert len(err) < 800
    assert not (place / "m.pt").exists()
    assert not (place / "s").exists()


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
    odd = os.path.join(os.fsencode(tmp_path), b"\xff\xfe.wav")
    Path(os.fsdecode(odd)).write_bytes(clip.read_bytes())
    compared = run("compare", **settings)
    assert (compared.returncode, compared.stderr) == (0, "")
    said = run("classify", place / "model.pt", clip, os.fsdecode(odd), **settings)
    assert said.returncode == 0, said.stderr
    assert len(said.stdout.splitlines()) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("compare",), ("compare", "--json"), ("--version",)])
def test_a_full_disk_behind_standard_output(arguments):
    command = [sys.executable, "-m", "kwslib.cli.main", *arguments]
    with open("/dev/full", "w", encoding="utf-8") as full:
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
    [("true", "true ended well and made nothing"), ("cc 'x", "is no command"), ("/no/cc", "does not start")],
)
def test_compilers_that_are_none(place, tmp_path, named, message):
    clip = next((place / "corpus" / "yes").glob("*.wav"))
    done = run("classify", place / "model.pt", clip, CC=named, KWS_CACHE=str(tmp_path))
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
        (PermissionError(errno.EACCES, "Permission denied", "a/.model.pt.0123abcd.part.pt"), "a/model.pt: "),
        (FileExistsError(errno.EEXIST, "File exists", "file"), "file: File exists: "),
        (IsADirectoryError(errno.EISDIR, "Is a directory", ".x.h.f6df9378.part.h", None, "d/x.h"), "d/x.h: "),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/kws-abc/model.tflite"), "TMPDIR"),
        (MemoryError("4.29 GiB"), "not enough memory (4.29 GiB)"),
        (UnicodeEncodeError("ascii", "größe", 2, 3, "no"), "LC_ALL=C.UTF-8"),
        (ModuleNotFoundError("", name="unicorn"), "unicorn is not installed"),
        (EOFError("No data left in file"), "No data left in file"),
    ],
)
def test_what_the_machine_says(error, said, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/tmp")
    assert said in explain(error)
    assert ".part" not in explain(error)


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


@pytest.mark.parametrize(
    "contents",
    [
        *("[]", "null", "1", "{}", "{", "\xff", "[" * 100_000),
        '{"values": []}',
        '{"values": {"a": 1}}',
        '{"values": {"a": {"value": "x"}}}',
        '{"values": {"accuracy_testing": {"value": NaN, "unit": ""}}}',
        '{"values": {"accuracy_testing": {"value": 1, "unit": "", "ci95": 3}}}',
    ],
    ids=range(12),
)
@pytest.mark.parametrize("command", ["compare", "verify"])
def test_results_of_another_form(kws, tmp_path, command, contents):
    (tmp_path / "03_training.json").write_text(contents, encoding="latin-1")
    status, out, err = kws(command, "--results", tmp_path)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "03_training.json" in err


@pytest.mark.parametrize("command", ["compare", "verify"])
def test_results_that_are_none(kws, tmp_path, command):
    status, out, err = kws(command, "--results", tmp_path)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "03_training.json" in err


def test_the_zoo_is_known_without_loading_it(kws):
    assert tuple(ZOO) == ARCHITECTURES
    script = "import sys; sys.argv[1:] = ['profile', 'bogus']\nfrom kwslib.cli.main import main\n"
    script += "try: main()\nfinally: assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8")
    assert done.returncode == 2
    assert done.stderr == f"kws: bogus: no model; name a .pt or .tflite file, or one of {', '.join(ZOO)}\n"


def test_every_text_file_is_utf8(place, tmp_path):
    """Commands that write and read most, with Python's warning of a locale's encoding as an error in our code."""
    script = (
        "import sys, warnings; warnings.filterwarnings('error', category=EncodingWarning, module='kwslib')\n"
    )
    script += "from kwslib.cli.main import main; main()"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "KWS_CACHE": str(tmp_path / "cache")}
    clip = next((place / "corpus" / "yes").glob("*.wav"))
    for arguments in (
        ("compare", "--json"),
        ("classify", place / "model.pt", clip),
        ("train", "--data", place / "corpus", "--epochs", 1, "--out", tmp_path / "m.pt"),
        (
            "board",
            MODELS / "tinyconv.tflite",
            "--keep",
            tmp_path / "kept",
        ),
        ("serial", SERIAL_LOG, "--json"),
    ):
        command = [sys.executable, "-X", "warn_default_encoding", "-c", script, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
        assert done.returncode == 0, done.stderr
        if "--json" in arguments:
            json.loads(done.stdout)
