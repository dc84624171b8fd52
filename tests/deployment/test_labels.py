"""A label is text, in every file that carries it: it never becomes code, and what cannot work is refused early."""

import json
import re
import subprocess
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pytest
import soundfile
from host_sketch import ARDUINO, HOST, Sketch, compile_sketch, compilers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tflite_files import tinyconv

from kwslib.deployment.carray import c_header, c_source
from kwslib.deployment.core_network import read_network
from kwslib.deployment.ctext import c_literal
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.model_data import model_header
from kwslib.deployment.stream_plan import stream
from kwslib.deployment.tflite_flatbuffer import Description, finish
from kwslib.errors import KwsError
from kwslib.features.frontend import INPUT_SCALE, INPUT_ZERO_POINT
from kwslib.labels import SILENCE, UNKNOWN, check_label, class_labels
from kwslib.networks.models import ModelConfig

WORDS = ('say "hi"', "größe", "はい", "two words", "what??/", "back\\", "100 %d%s%n", "*/ // #include <x>")
LABELS = (SILENCE, UNKNOWN, *WORDS)
IMPOSSIBLE = ("", " ", "a ", "a\nb", "a\0b", "\x1b[31m", "a\u2028b", "a,b", "x" * 65, "はい" * 11, "\ud800")
FOUR = (SILENCE, UNKNOWN, 'say "hi" ??/', "größe %s\\")  # as many as the small network has outputs


def texts() -> list[str]:
    """Texts that a property-based search comes up with, and those that broke a header before."""
    found: set[str] = {
        *WORDS,
        *IMPOSSIBLE[:-1],
        'b"};\n#include "/etc/hostname"\nstatic int x[] = {"',
        "\\\n?",
    }

    @settings(database=None, max_examples=300)
    @given(st.text(max_size=40) | st.text('"\\?/%\n0123456789abcdefxu', max_size=12))
    def collect(text: str) -> None:
        found.add(text)

    collect()
    return sorted(found)


@pytest.mark.slow
@pytest.mark.parametrize(("language", "kind"), [("c99", "c"), ("c++14", "c++")])
def test_any_text_is_the_same_text_in_c(tmp_path, language, kind):
    given_ = texts()
    rows = ",\n".join(f"    {{{c_literal(text)}, sizeof {c_literal(text)} - 1}}" for text in given_)
    (tmp_path / "main.c").write_text(
        "#include <stdio.h>\nstatic const struct { const char *text; size_t size; } all[] = {\n"
        + rows
        + "};\n"
        "int main(void) {\n  for (size_t i = 0; i < sizeof all / sizeof *all; i++)\n"
        "    fwrite(all[i].text, 1, all[i].size + 1, stdout);\n  return 0;\n}\n",
        encoding="ascii",
    )
    command = [compilers()[kind == "c++"], f"-std={language}", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*command, "-x", kind, tmp_path / "main.c", "-o", tmp_path / "main"], check=True)
    printed = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout
    assert printed == b"".join(text.encode() + b"\0" for text in given_)


@given(st.text(max_size=70))
def test_a_label_is_refused_or_can_be_used_everywhere(text):
    try:
        check_label(text)
    except KwsError:
        return
    assert text.strip() == text != ""
    assert "," not in text
    assert text.splitlines() == [text]
    assert len(text.encode()) <= 64


@pytest.mark.parametrize("label", [*IMPOSSIBLE, 3, None, b"yes"])
def test_what_can_never_work_is_refused_by_name(label):
    with pytest.raises(KwsError, match="label ") as caught:
        check_label(label)
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(KwsError):
        ModelConfig(labels=(SILENCE, UNKNOWN, label))
    if isinstance(label, str):
        with pytest.raises(KwsError):
            class_labels((label,))


@given(st.text(max_size=12) | st.text("./\\~_-ab: ", max_size=8))
@example("../x")
@example("/a/b")
@example("a/b")
@example("..")
@example("~")
def test_a_keyword_is_refused_or_is_one_folder_that_a_corpus_reads(tmp_path_factory, word):
    try:
        class_labels((word,))
    except KwsError as error:
        refusal = str(error)
    else:
        refusal = ""
    assert not refusal or repr(word) in refusal
    if refusal:
        return
    root = tmp_path_factory.getbasetemp()
    for kind in (PurePosixPath, PureWindowsPath):
        assert kind(word).parts == (word,) or ":" in word
        assert kind(word).name == word or ":" in word
    assert Path(word).expanduser() == Path(word)
    assert (root / word).resolve().parent == root.resolve()
    assert word[0] not in "._"


def log_of(sketch: Sketch) -> list[str]:
    """What it prints in eight seconds, without numbers and checks."""
    lines, _ = sketch.run("8000 end 0")
    return [line.rsplit(",", 1)[0] for line in lines]


@pytest.mark.slow
def test_the_sketch_of_the_core_prints_any_label(tmp_path):
    network = read_network(tinyconv(tmp_path / "m.tflite"))
    header = model_header(network, FOUR, DecisionSettings(), stream(network))
    (tmp_path / "kws_model.h").write_text(header, encoding="ascii")
    lines = log_of(compile_sketch(tmp_path, "kws_nano33ble", ARDUINO / "kws_nano33ble" / "spotter.c"))
    assert lines[0] == "# kws_nano33ble labels " + ",".join(FOUR)
    assert re.fullmatch("# kws_nano33ble model [0-9a-f]{8} hop_ms 40 .*", lines[1])
    heard = [line.split(",")[5] for line in lines if line.startswith("KWS,")]
    assert set(heard) <= set(FOUR)
    assert len(heard) > 100


@pytest.mark.slow
def test_the_sketch_of_tflm_prints_any_label(tmp_path):
    for name, text in (("h", c_header(LABELS)), ("cc", c_source(bytes(99), LABELS))):
        (tmp_path / f"model_data.{name}").write_text(text, encoding="ascii")
    sources = (ARDUINO / "kws_tflm" / "spotter.cpp", HOST / "interpreter.cpp", tmp_path / "model_data.cc")
    lines = log_of(compile_sketch(tmp_path, "kws_tflm", *sources))
    assert lines[0] == "# kws_tflm labels " + ",".join(LABELS)
    assert " hop_ms 100 " in lines[1]
    reported = [line for line in lines if line.startswith("KWS,") and not line.endswith("-")]
    assert len(reported) == 1  # one word without an end is one word
    assert reported[0].endswith(f"{WORDS[0]},100,{WORDS[0]}")


def labelled(path: Path, labels: tuple[str, ...]) -> Path:
    """A TinyConv of random weights that says what its classes are called."""
    content = tinyconv(path).read_bytes()
    path.write_bytes(finish(content, Description(labels, "tinyconv", ""), INPUT_SCALE, INPUT_ZERO_POINT))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("words", [WORDS[:2], WORDS[2:4], WORDS[4:6]])
def test_the_virtual_board_says_any_label(kws, tmp_path, words):
    model = labelled(tmp_path / "m.tflite", (SILENCE, UNKNOWN, *words))
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000)
    soundfile.write(tmp_path / "noise.wav", noise, 16_000)
    status, out, _ = kws(
        "board", model, "--wav", tmp_path / "noise.wav", "--keep", tmp_path / "kept", "--json"
    )
    assert status == 0
    assert tuple(json.loads(out)["scores"]) == (SILENCE, UNKNOWN, *words)
    status, out, _ = kws("classify", model, tmp_path / "noise.wav")
    assert status == 0
    assert any(label in out for label in (SILENCE, UNKNOWN, *words))


@pytest.mark.parametrize("label", ['b"};\n#include "/etc/hostname"\nstatic int x[] = {"', "a\nb", "", "a,b"])
@pytest.mark.parametrize("command", ["board", "classify"])
def test_a_model_cannot_put_a_line_into_the_firmware(kws, tmp_path, label, command):
    model = labelled(tmp_path / "m.tflite", (SILENCE, UNKNOWN, "a", label))
    soundfile.write(tmp_path / "quiet.wav", np.zeros(16_000), 16_000)
    wav = ["--wav"] if command == "board" else []
    status, out, err = kws(command, model, *wav, tmp_path / "quiet.wav")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "m.tflite" in err
    assert "label" in err


def test_no_text_of_a_foreign_file_but_its_labels_is_in_the_header(tmp_path):
    plain = model_header(read_network(tinyconv(tmp_path / "m.tflite")), FOUR, DecisionSettings())
    named = tinyconv(tmp_path / '*\\n#include "x".tflite')
    content = named.read_bytes()
    named.write_bytes(content.replace(b"t0\0", b"*/\0").replace(b"t1\0", b"\n#\0"))
    assert named.read_bytes() != content
    assert model_header(read_network(named), FOUR, DecisionSettings()) == plain
