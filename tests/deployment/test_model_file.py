"""A model's file is recognized in one place and read once, whatever it is opened for."""

import pytest

pytest.importorskip("ai_edge_litert", reason="needs kwslib[convert]")

from small_networks import checkpoint
from tflite_files import tinyconv

from kwslib import checkpoints
from kwslib.deployment import litert
from kwslib.deployment.model_file import read_model
from kwslib.errors import KwsError
from kwslib.field.stream import open_network
from kwslib.page.networks import page_network
from kwslib.predictors import CorePredictor, LiteRtPredictor, TorchPredictor, load_predictor

OPENERS = (read_model, load_predictor, open_network, CorePredictor, page_network)


def counted(monkeypatch, module, name: str) -> list:
    """The calls of a function from now on."""
    calls, function = [], getattr(module, name)

    def call(*arguments, **options):
        calls.append(arguments)
        return function(*arguments, **options)

    monkeypatch.setattr(module, name, call)
    return calls


@pytest.mark.parametrize("open_file", OPENERS)
def test_every_opener_names_the_file_and_the_kinds_that_there_are(open_file, tmp_path):
    with pytest.raises(KwsError, match=r"speech\.wav: not a model's name: give FILE\.pt or FILE\.tflite"):
        open_file(tmp_path / "speech.wav")


@pytest.mark.slow
@pytest.mark.parametrize("open_file", OPENERS)
def test_every_opener_reads_the_file_once(open_file, tmp_path, monkeypatch):
    trained, converted = checkpoint(tmp_path, 8), tinyconv(tmp_path / "m.tflite")
    loads = counted(monkeypatch, checkpoints, "read_checkpoint")
    reads = counted(monkeypatch, litert, "read_content")
    open_file(trained)
    open_file(converted)
    assert (len(loads), len(reads)) == (1, 1)


def test_a_profile_of_a_file_reads_it_once(kws, tmp_path, monkeypatch):
    reads = counted(monkeypatch, litert, "read_content")
    status, _, err = kws("profile", tinyconv(tmp_path / "m.tflite"))
    assert (status, err, len(reads)) == (0, "", 1)


def test_an_opened_file_is_taken_as_it_is(tmp_path):
    file = read_model(tinyconv(tmp_path / "m.tflite"))
    (tmp_path / "m.tflite").unlink()
    assert read_model(file) is file
    assert LiteRtPredictor(file).labels == CorePredictor(file).labels == file.labels


@pytest.mark.parametrize("opened", [False, True])
def test_other_words_are_refused_in_a_file_opened_or_not(opened, tmp_path):
    path = checkpoint(tmp_path, 8)
    with pytest.raises(KwsError, match=r"tinyconv_8\.pt: spots yes, no, not up, down"):
        read_model(read_model(path) if opened else path, ("up", "down"))


@pytest.mark.parametrize("name", ["speech.wav", "board:speech.wav"])
def test_a_wrong_name_of_a_model_that_may_run_on_the_board_says_so(name):
    with pytest.raises(KwsError, match=r"^.*speech\.wav: .*FILE\.tflite, or board:FILE"):
        load_predictor(name)


def test_a_runtime_names_the_kind_that_it_runs(tmp_path):
    with pytest.raises(KwsError, match=r"m\.tflite: PyTorch runs FILE\.pt"):
        TorchPredictor(tinyconv(tmp_path / "m.tflite"))
    with pytest.raises(KwsError, match=r"tinyconv_8\.pt: LiteRT runs FILE\.tflite"):
        LiteRtPredictor(checkpoint(tmp_path, 8))


@pytest.mark.slow
def test_a_page_of_a_quantized_checkpoint_reads_it_once(kws, tmp_path, monkeypatch):
    path = checkpoint(tmp_path, 4)
    loads = counted(monkeypatch, checkpoints, "read_checkpoint")
    status, _, err = kws("export", path, "--web", tmp_path / "page.html", "--out", tmp_path / "out")
    assert (status, err, len(loads)) == (0, "", 1)
