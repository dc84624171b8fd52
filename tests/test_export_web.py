"""`kws export --web`: any model as a page in one file; what cannot be one is refused in a line."""

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sphinx.testing.util import SphinxTestApp
from tflite_files import Maker, tinyconv

MODELS = Path(__file__).resolve().parent.parent / "book" / "results" / "models"


def data_of(page: Path) -> dict:
    """What the page's script reads."""
    return json.loads(re.search(r'id="kws-data">(.*?)</script>', page.read_text(encoding="utf-8"))[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tinyconv.tflite", "tinyconv_qat4.pt"])
def test_a_page_is_written_of_either_kind_of_model(kws, tmp_path, name):
    page = tmp_path / "page.html"
    status, out, err = kws("export", MODELS / name, "--web", page, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["bytes"] == {"page.html": page.stat().st_size}
    (network,) = data_of(page)["networks"]
    assert (network["name"], network["labels"]) == (Path(name).stem, ["silence", "unknown", "yes", "no"])
    assert not re.search(r'(src|href)="(?!data:)', page.read_text(encoding="utf-8")), (
        "the page is not in one file"
    )


@pytest.mark.slow
def test_the_chip_costs_what_the_board_counts(kws, tmp_path):
    kws("export", MODELS / "tinyconv.tflite", "--web", tmp_path / "page.html")
    (network,) = data_of(tmp_path / "page.html")["networks"]
    sound = np.random.default_rng(0).integers(-1000, 1000, 16_000).astype(np.int16)
    soundfile.write(tmp_path / "sound.wav", sound, 16_000)
    _, out, _ = kws("board", MODELS / "tinyconv.tflite", "--stream", tmp_path / "sound.wav", "--json")
    board, chip = json.loads(out), network["chip"]
    stages = {stage: 1000 * cost["ms_mean"] for stage, cost in board["stages"].items()}
    found = {
        "frontend": 2 * chip["frontend_us"],
        "network": chip["network_us"],
        "decision": chip["decision_us"],
    }
    assert found == pytest.approx(stages, rel=0.001)
    assert (chip["flash"], chip["ram"]) == (board["flash_bytes"], board["ram_bytes"])


def float_model(folder: Path) -> Path:
    maker = Maker()
    source, output = (maker.tensor((1, n), kind="float32") for n in (1960, 4))
    weights = maker.tensor((4, 1960), data=[[0.0] * 1960] * 4, kind="float32")
    maker.operator("FULLY_CONNECTED", [source, weights, -1], output, "FullyConnectedOptions")
    return maker.write(folder / "float.tflite", source, output)


def test_what_is_no_page_is_refused_in_a_line(kws, tmp_path):
    good, page = tinyconv(tmp_path / "good.tflite"), tmp_path / "page.html"
    text = tmp_path / "text.tflite"
    text.write_text("none")
    folder = tmp_path / "folder"
    folder.mkdir()
    cases = {
        (good,): "--out, or a page with --web",
        (good, "--out", folder): "takes the checkpoint",
        (tmp_path / "none.tflite", "--web", page): "none.tflite",
        (tmp_path / "none.wav", "--web", page): "none.wav",
        (text, "--web", page): "text.tflite",
        (float_model(tmp_path), "--web", page): "float.tflite",
        (good, "--web", folder): "is a folder",
    }
    for arguments, said in cases.items():
        status, out, err = kws("export", *arguments)
        assert (status, out) == (2, ""), arguments
        assert re.fullmatch(r"kws: .+\n", err), err
        assert said in err
        assert not page.exists()
    assert not list(folder.iterdir())


def without_zig(monkeypatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ziglang" else found(name))


def test_without_zig_the_command_says_what_to_install(kws, tmp_path, monkeypatch):
    without_zig(monkeypatch)
    status, _, err = kws("export", tinyconv(tmp_path / "good.tflite"), "--web", tmp_path / "page.html")
    assert (status, err) == (2, "kws: no compiler for WebAssembly: pip install ziglang\n")


@pytest.mark.slow
def test_without_zig_the_books_page_says_so_and_renders(tmp_path, monkeypatch):
    without_zig(monkeypatch)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "try_it.yml").write_text("- {model: tinyconv.tflite, title: One, about: It.}")
    (tmp_path / "index.md").write_text("# Try it\n\nBefore.\n\n```{try_it}\n```\n\nAfter.\n")
    (tmp_path / "conf.py").write_text("extensions = ['myst_parser', 'try_it']")
    app = SphinxTestApp("html", srcdir=tmp_path)
    app.build()
    page = (tmp_path / "_build" / "html" / "index.html").read_text(encoding="utf-8")
    app.cleanup()
    assert re.search(
        "Before.*could not be built into this page: .*pip install ziglang.*After", page, re.DOTALL
    )
