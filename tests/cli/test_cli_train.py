"""`kws train` leaves a checkpoint that can be evaluated, and refuses what it cannot do before it works."""

import json

import pytest
import torch
from small_corpus import write_corpus

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.field.stream import open_network
from kwslib.networks.models import ModelConfig, build
from kwslib.networks.recipes import TAUGHT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("arch", ["tinyconv", "tenet_valid"])
def test_train_a_network_of_ones_own_words(kws, tmp_path, arch):
    """For as many epochs as were asked for, whatever the network's recipe has."""
    out = tmp_path / "model.pt"
    asked = ("--arch", arch, "--epochs", 1, "--keywords", "yes,no,stop", "--seed", 2)
    status, text, _ = kws("train", *asked, "--out", out, "--json")
    result = json.loads(text)
    assert status == 0
    assert result["seed"] == 2
    assert len(result["epochs"]) == 1
    assert result["data"] == "synthetic"
    _, config, extra = load_checkpoint(out)
    assert config.labels == ("silence", "unknown", "yes", "no", "stop")
    assert extra["finished"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (("--arch", "transformer"), "transformer"),
        (("--keywords", "yes,yes"), "'yes'"),
        (("--keywords", "yes,xylophone"), "xylophone"),
        (("--channels", "9"), "channels=9 of tinyconv"),
        (("--epochs", "0"), "epoch"),
        (("--profile", "slow"), "slow"),
        (("--data", "nowhere"), "nowhere"),
    ],
)
def test_bad_arguments_are_one_line_and_leave_nothing(kws, tmp_path, arguments, culprit):
    status, text, error = kws("train", *arguments, "--out", tmp_path / "model.pt")
    lines = [line for line in error.splitlines() if not line.startswith("data:")]
    assert (status, text, len(lines)) == (2, "", 1)
    assert culprit in lines[0]
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_ends_in_pt(kws, tmp_path):
    status, _, error = kws("train", "--out", tmp_path / "model.bin")
    assert status == 2
    assert ".pt" in error


def test_a_teacher_whose_answers_are_not_finite_is_refused_before_training(kws, tmp_path):
    teacher, out, network = tmp_path / "teacher.pt", tmp_path / "model.pt", build(ModelConfig("tenet"))
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(1e30)
    save_checkpoint(teacher, network, ModelConfig("tenet"))
    corpus = write_corpus(tmp_path / "corpus", words=("yes", "no", "up"))
    status, _, error = kws("train", "--data", corpus, "--teacher", teacher, "--epochs", 1, "--out", out)
    assert status == 2
    assert "teacher.pt: its logits are not finite" in error.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"teacher.pt", "corpus"}


def test_a_teacher_is_of_the_same_words(kws, tmp_path):
    teacher, out = tmp_path / "teacher.pt", tmp_path / "model.pt"
    corpus = write_corpus(tmp_path / "tiny", words=("yes", "no", "stop", "up"))
    save_checkpoint(teacher, build(ModelConfig("tenet")), ModelConfig("tenet"), {"seed": 0})
    taught = ("train", "--data", corpus, "--teacher", teacher, "--epochs", 1, "--out", out, "--json")
    status, text, _ = kws(*taught)
    assert status == 0
    assert json.loads(text)["recipe"]["taught"] == TAUGHT
    status, text, error = kws(*taught, "--keywords", "yes,no,stop")
    lines = [line for line in error.splitlines() if not line.startswith("data:")]
    assert (status, text, len(lines)) == (2, "", 1)
    assert "teacher.pt: knows silence, unknown, yes, no" in lines[0]


def test_a_network_for_the_field_keeps_the_threshold_that_was_chosen_for_it(kws, tmp_path):
    data = write_corpus(tmp_path / "corpus", words=("yes", "no", "up", "down"))
    out = tmp_path / "field.pt"
    status, printed, _ = kws(
        "train", "--field", "--profile", "quick", "--epochs", 1, "--data", data, "--out", out, "--json"
    )
    assert status == 0
    found = json.loads(printed)
    settings = open_network(out).settings
    assert (settings.threshold, settings.smoothing) == (found["threshold"], found["smoothing"])
