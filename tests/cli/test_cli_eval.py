"""kws eval: the contract's JSON, for every kind of model, on the corpus that was named."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from small_corpus import write_corpus

from kwslib.checkpoints import save_checkpoint
from kwslib.deployment.decision import DecisionSettings
from kwslib.keyword.threshold import as_extra
from kwslib.networks.models import ModelConfig, build


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "tiny", words=("yes", "no", "up", "down"))


@pytest.fixture
def checkpoint(tmp_path):
    save_checkpoint(tmp_path / "model.pt", build(ModelConfig()), ModelConfig())
    return tmp_path / "model.pt"


def test_json(kws, checkpoint, corpus):
    status, out, err = kws("eval", checkpoint, "--data", corpus, "--json")
    assert status == 0
    assert err.startswith("data: tiny")
    result = json.loads(out)
    assert (result["model"], result["data"], result["split"]) == (str(checkpoint), "tiny", "testing")
    assert list(result["per_class"]) == ["silence", "unknown", "yes", "no"]
    assert result["n"] == sum(row["n"] for row in result["per_class"].values())
    assert result["accuracy"] * result["n"] == pytest.approx(
        sum(row["correct"] for row in result["per_class"].values())
    )
    low, high = result["ci95"]
    assert low <= result["accuracy"] <= high


def test_splits(kws, checkpoint, corpus):
    sizes = {}
    for split in ("training", "validation", "testing"):
        status, out, _ = kws("eval", checkpoint, "--data", corpus, "--split", split, "--json")
        assert status == 0
        sizes[split] = json.loads(out)["n"]
    assert sizes["training"] > sizes["validation"] + sizes["testing"]


def test_words_are_the_models_own(kws, tmp_path, corpus):
    config = ModelConfig(labels=("silence", "unknown", "up"))
    save_checkpoint(tmp_path / "model.pt", build(config), config)
    status, out, _ = kws("eval", tmp_path / "model.pt", "--data", corpus, "--json")
    assert status == 0
    assert list(json.loads(out)["per_class"]) == ["silence", "unknown", "up"]


def test_text_names_every_class(kws, checkpoint, corpus):
    status, out, _ = kws("eval", checkpoint, "--data", corpus)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[1:5]] == ["silence", "unknown", "yes", "no"]
    assert out.splitlines()[5].split() == ["said", "/", "answered", "silence", "unknown", "yes", "no"]


def test_mistakes_have_names_the_surest_first_and_one_to_listen_to(kws, checkpoint, corpus):
    result = json.loads(kws("eval", checkpoint, "--data", corpus, "--json")[1])
    wrong = result["n"] - sum(row["correct"] for row in result["per_class"].values())
    scores = [mistake["score"] for mistake in result["mistakes"]]
    assert len(scores) == wrong > 0
    assert scores == sorted(scores, reverse=True)
    assert all(mistake["said"] != mistake["heard"] for mistake in result["mistakes"])
    named = [mistake["file"] for mistake in result["mistakes"] if mistake["said"] != "silence"]
    assert all(Path(name).is_file() for name in named)
    text = kws("eval", checkpoint, "--data", corpus)[1]
    assert text.splitlines()[-1] == f"  one to listen to: {named[0]}"


@pytest.mark.slow
def test_a_models_threshold_gives_way_to_the_one_named(kws, tmp_path, checkpoint, corpus):
    torch.manual_seed(0)
    noted = tmp_path / "noted.pt"
    settings = DecisionSettings(threshold=0.999, smoothing=6)
    save_checkpoint(noted, build(ModelConfig()), ModelConfig(), as_extra(settings))

    def answers(*command):
        status, out, err = kws("eval", *command, "--data", corpus, "--json")
        assert status == 0, err
        result = json.loads(out)
        return result["threshold"], result["confusion"]

    own, likeliest, never = (answers(noted, *given) for given in ((), ("--threshold", 0), ("--threshold", 1)))
    assert (own[0], likeliest[0], never[0]) == (0.999, 0, 1)
    assert np.sum(never[1], axis=0)[2:].tolist() == [0, 0]
    assert own[1] == never[1] != likeliest[1]
    assert answers(checkpoint)[0] == 0
    assert answers(checkpoint, "--threshold", 1)[0] == 1
    assert ", at a threshold of 0.999\n" in kws("eval", noted, "--data", corpus)[1]


def test_every_kind_of_model(kws, exported, recordings):
    accuracy = {}
    for path in (exported.checkpoint, exported.tflite_float, exported.tflite_int8):
        status, out, _ = kws("eval", path, "--data", recordings, "--json")
        assert status == 0
        accuracy[path.name] = json.loads(out)["accuracy"]
    assert accuracy["model_float32.tflite"] == accuracy["model.pt"]
    assert accuracy["model.tflite"] == pytest.approx(accuracy["model.pt"], abs=0.005)
    assert accuracy["model.pt"] > 0.5


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--split", "holdout"], "holdout"),
        (["--data", "nowhere"], "nowhere"),
        (["--keywords", "left,right"], "left, right"),
        (["--profile", "fast"], "fast"),
        (["--threshold", "1.5"], "--threshold"),
    ],
)
def test_bad_usage_is_one_line(kws, checkpoint, arguments, named):
    status, out, err = kws("eval", checkpoint, *arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert named in err


@pytest.mark.slow
def test_recordings_that_the_environment_names_are_used(kws, checkpoint, corpus, monkeypatch):
    monkeypatch.setenv("KWS_DATA", str(corpus))
    for command in (("eval", checkpoint), ("field", checkpoint, "--trial", 2), ("data", "info")):
        status, out, err = kws(*command, "--json")
        assert status == 0, err
        assert (json.loads(out)["data"], json.loads(out)["synthetic"]) == ("tiny", False)


def test_synthetic_speech_says_so_in_the_result(kws, checkpoint, corpus, tmp_path):
    (corpus / "SYNTHETIC").touch()
    try:
        status, out, _ = kws("eval", checkpoint, "--data", corpus)
        assert (status, "synthetic" in out.splitlines()[0]) == (0, True)
        out = kws("eval", checkpoint, "--data", corpus, "--json")[1]
    finally:
        (corpus / "SYNTHETIC").unlink()
    assert json.loads(out)["synthetic"] is True


@pytest.mark.parametrize("command", [("eval",), ("export", "--out", "out"), ("field", "--trials", 3)])
def test_a_model_of_another_word_is_told_which_corpus_to_name(kws, tmp_path, monkeypatch, corpus, command):
    """The words of a finished model are not to be chosen any more."""
    monkeypatch.chdir(tmp_path)
    config = ModelConfig(labels=("silence", "unknown", "kiwi"))
    save_checkpoint(tmp_path / "model.pt", build(config), config)
    arguments = (command[0], "model.pt", "--data", corpus, *command[1:])
    said = f"kws: model.pt: no clips of kiwi in {corpus}: "
    remedy = "name the recordings, or the corpus.json, that it was trained on with --data\n"
    assert kws(*arguments) == (2, "", said + remedy)
    (tmp_path / "corpus.json").touch()
    assert kws(*arguments) == (2, "", said + "give the word's corpus file, as in --data corpus.json\n")
    assert {path.name for path in tmp_path.iterdir()} == {"model.pt", "corpus.json"}
