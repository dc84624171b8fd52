"""Every command over hostile paths, numbers, streams and locales: one line, exit status 2, nothing left behind."""

import inspect
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from typer.models import OptionInfo

from kwslib.cli.options import OWN
from kwslib.cli.output import one_line
from kwslib.networks import ARCHITECTURES
from kwslib.networks.models import ZOO

pytestmark = pytest.mark.slow


def own(*command: str) -> tuple[str, ...]:
    return (*command, "--data", "CORPUS", "--own", "up={}")


COMMANDS = {  # every command, with the hostile path in each place that takes one
    "board": [
        ("board", "{}"),
        ("board", "{}.tflite"),
        ("board", "INT8", "--wav", "{}"),
        ("board", "INT8", "--stream", "{}"),
        ("board", "INT8", "--keep", "FILE/{}"),
    ],
    "classify": [("classify", "{}", "CLIP"), ("classify", "{}.pt", "CLIP"), ("classify", "MODEL", "{}")],
    "compare": [("compare", "--results", "{}")],
    "data": [
        ("data", "info", "--data", "{}"),
        ("data", "prepare", "--data", "{}"),
        own("data", "info"),
        ("data", "check", "{}"),
        ("data", "cut", "{}", "--out", "OUT"),
        ("data", "cut", "CLIP", "--out", "FILE/{}"),
    ],
    "eval": [("eval", "{}"), ("eval", "{}.tflite"), ("eval", "MODEL", "--data", "{}"), own("eval", "MODEL")],
    "export": [
        ("export", "{}", "--out", "OUT"),
        ("export", "MODEL", "--data", "{}", "--out", "OUT"),
        ("export", "MODEL", "--data", "CORPUS", "--out", "FILE/{}"),
        ("export", "MODEL", "--out", "OUT", "--web", "FILE/{}"),
        own("export", "MODEL", "--out", "OUT"),
    ],
    "field": [
        ("field", "{}"),
        ("field", "{}.pt"),
        ("field", "MODEL", "--data", "{}"),
        ("field", "MODEL", "--recordings", "{}"),
        ("field", "MODEL", "--data", "CORPUS", "--rooms", "{}"),
        ("field", "MODEL", "--listen", "{}"),
        ("field", "MODEL", "--data", "CORPUS", "--trials", "1", "--save-wav", "FILE/{}"),
        own("field", "MODEL"),
        ("field", "MODEL", "--long", "{}"),
        ("field", "MODEL", "--long", "SPEC", "--data", "{}"),
        own("field", "MODEL", "--long", "SPEC"),
    ],
    "keyword": [
        ("keyword", "word", "--takes", "{}", "--out", "OUT"),
        ("keyword", "word", "--data", "{}", "--out", "OUT"),
        ("keyword", "word", "--data", "CORPUS", "--not", "{}", "--out", "OUT"),
        ("keyword", "word", "--data", "CORPUS", "--background", "{}", "--out", "OUT"),
        ("keyword", "word", "--data", "CORPUS", "--out", "FILE/{}"),
    ],
    "listen": [("listen", "{}"), ("listen", "{}.pt"), ("listen", "{}.tflite")],
    "profile": [("profile", "{}"), ("profile", "{}.pt"), ("profile", "{}.tflite")],
    "prune": [
        ("prune", "MODEL", "--sparsity", "0.5", "--data", "{}", "--out", "OUT/m.pt"),
        ("prune", "{}", "--sparsity", "0.5", "--out", "OUT/m.pt"),
        ("prune", "{}.pt", "--sparsity", "0.5", "--out", "OUT/m.pt"),
        own("prune", "MODEL", "--sparsity", "0.5", "--out", "OUT/m.pt"),
        ("prune", "MODEL", "--sparsity", "0.5", "--out", "FILE/{}.pt"),
        ("prune", "MODEL", "--sparsity", "0.5", "--out", "{}"),
    ],
    "quantize": [
        ("quantize", "MODEL", "--bits", "4", "--data", "{}", "--out", "OUT/m.pt"),
        ("quantize", "{}", "--bits", "4", "--out", "OUT/m.pt"),
        ("quantize", "{}.pt", "--bits", "4", "--out", "OUT/m.pt"),
        own("quantize", "MODEL", "--bits", "4", "--out", "OUT/m.pt"),
        ("quantize", "MODEL", "--bits", "4", "--out", "FILE/{}.pt"),
        ("quantize", "MODEL", "--bits", "4", "--out", "{}"),
    ],
    "serial": [
        ("serial", "{}"),
        ("serial", "LOG", "--beside", "{}"),
        ("serial", "LOG", "--beside", "{}.tflite"),
    ],
    "sweep": [("sweep", "bits", "--data", "{}", "--out", "OUT"), ("sweep", "bits", "--out", "FILE/{}")],
    "train": [
        ("train", "--data", "{}", "--out", "OUT/m.pt"),
        own("train", "--out", "OUT/m.pt"),
        ("train", "--data", "CORPUS", "--teacher", "{}", "--out", "OUT/m.pt"),
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


def fill(argument: str, place: Path, path: str) -> str:
    clip = next((place / "corpus" / "yes").glob("*.wav"))
    known = {"MODEL": "model.pt", "CORPUS": "corpus", "CLIP": str(clip), "FILE": "text.txt", "OUT": "out"}
    known |= {"SPEC": "spec.json", "INT8": "model.tflite", "LOG": "board.log"}
    for name, value in known.items():
        argument = re.sub(rf"\b{name}\b", value, argument)
    return argument.replace("{}", path)


def callbacks(group, above=()):
    """(names, function) of every command."""
    for command in group.registered_commands:
        yield (*above, command.name), command.callback
    for inner in group.registered_groups:
        yield from callbacks(inner.typer_instance, (*above, inner.name))


def test_the_matrix_has_every_command_and_every_option_that_takes_a_path():
    from kwslib.cli.main import app

    lacking = []
    for names, callback in callbacks(app):
        rows = [row for row in COMMANDS[names[0]] if row[: len(names)] == names]
        tried = {option for row in rows for option, value in pairwise(row) if "{}" in value}
        for parameter in inspect.signature(callback).parameters.values():
            option = parameter.default
            if isinstance(option, OptionInfo) and (
                "Path" in str(parameter.annotation) or option.help == OWN.help
            ):
                named = {*option.param_decls} or {f"--{parameter.name.replace('_', '-')}"}
                lacking += [] if named & tried else [(*names, *named)]
    assert not lacking


DO = "change|check|choose|give|make|name|put|remove|see|train|use|write"  # what a remedy begins with


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
        (hostile,) = (
            one_line(Path(part.removeprefix("up=")))
            for part, name in zip(filled, arguments, strict=True)
            if "{}" in name
        )
        _, culprit, rest = lines[0].rpartition(hostile[:60])
        assert culprit, (filled, lines[0])
        assert re.search(rf"[:;] ({DO})\b", rest), (filled, lines[0])
    left = [path for path in place.rglob("*") if path.name not in before]
    assert all(path.is_dir() for path in left)  # `--out` folders may be there, files not


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_path_is_not_the_working_directory(kws, place, monkeypatch, command):
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    for arguments in COMMANDS[command]:
        if "{}" in arguments:
            filled = [fill(argument, place, "") for argument in arguments]
            option = arguments[arguments.index("{}") - 1]
            name = f"what follows {option}" if option.startswith("--") else "an argument"
            assert kws(*filled) == (2, "", f"kws: {name} is empty: give it a value, or leave it out\n"), (
                filled
            )
    assert sorted(place.rglob("*")) == before


def test_nor_is_one_after_an_equals_sign(kws, place, monkeypatch):
    monkeypatch.chdir(place)
    status, out, err = kws("export", "model.pt", "--web=")
    assert (status, out, err) == (2, "", "kws: --web is empty: give it a value, or leave it out\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "model.tflite", "--web", "model.tflite"),
        ("export", "model.tflite", "--web", "out/../model.tflite"),
        ("train", "--data", "corpus", "--teacher", "model.pt", "--out", "./model.pt"),
        ("prune", "model.pt", "--sparsity", "0.5", "--out", "./model.pt"),
        ("quantize", "model.pt", "--bits", "4", "--out", "out/../model.pt"),
    ],
)
def test_nothing_replaces_what_it_is_made_of(kws, place, monkeypatch, arguments):
    monkeypatch.chdir(place)
    (place / "out").mkdir(exist_ok=True)
    read = place / Path(arguments[-1]).name
    before = read.read_bytes()
    status, out, err = kws(*arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1), err
    assert f"{Path(arguments[-1])} would be replaced by what is made of it: name another file" in err
    assert read.read_bytes() == before


def test_a_profile_that_there_is_not_is_refused_with_data_too(kws, place, monkeypatch):
    from kwslib.cli.main import app

    monkeypatch.chdir(place)
    tried = 0
    for names, callback in callbacks(app):
        if "profile" in inspect.signature(callback).parameters:
            row = next(row for row in COMMANDS[names[0]] if row[: len(names)] == names)
            data = ("--data", "corpus") if "--data" not in row else ()
            filled = [fill(argument, place, "corpus") for argument in (*row, *data)]
            status, out, err = kws(*filled, "--profile", "fast")
            assert (status, out, err) == (2, "", "kws: profile 'fast' is unknown: use quick or report\n"), (
                filled
            )
            tried += 1
    assert tried >= 7


def test_what_cannot_be_a_folder_is_named_itself_and_nothing_within_it(kws, place, monkeypatch):
    monkeypatch.chdir(place)
    trained = ("model.pt", "--data", "corpus")
    clip = next((place / "corpus" / "yes").iterdir())
    commands = (
        ("sweep", "bits", "--out"),
        ("keyword", "kiwi", "--data", "corpus", "--out"),
        ("export", *trained, "--out"),
        ("field", *trained, "--trials", 1, "--save-wav"),
        ("data", "cut", clip, "--out"),
    )
    for command in commands:
        for name, said in (
            ("text.txt", "text.txt: a file, not a folder: name another place"),
            ("text.txt/x", "text.txt/x cannot be written (Not a directory): choose another place"),
        ):
            status, out, err = kws(*command, name)
            assert (status, out, err.splitlines()[-1]) == (2, "", f"kws: {said}"), command


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
        ("field", "model.pt", "--hours"),
        ("eval", "model.pt", "--threshold"),
        ("field", "model.pt", "--snr"),
        ("field", "model.pt", "--distance"),
        ("field", "model.pt", "--rt60"),
        ("prune", "model.pt", "--out", "m.pt", "--sparsity"),
        ("prune", "model.pt", "--out", "m.pt", "--sparsity", "0.5", "--epochs"),
        ("quantize", "model.pt", "--out", "m.pt", "--bits"),
        ("quantize", "model.pt", "--out", "m.pt", "--bits", "4", "--seed"),
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
    assert arguments[-1].removeprefix("--") in err
    assert len(err) < 800
    assert not (place / "m.pt").exists()
    assert not (place / "s").exists()


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
    assert done.stderr == f"kws: bogus: not a model; name a .pt or .tflite file, or one of {', '.join(ZOO)}\n"
