"""The zoo's own experiment: a student after its teacher, nothing trained twice, values under their names."""

from dataclasses import replace

import numpy as np
import pytest
from small_corpus import write_corpus
from small_networks import checkpoint

from kwslib.checkpoints import load_checkpoint
from kwslib.deployment.export import export_quantized
from kwslib.experiments import zoo
from kwslib.networks.models import ModelConfig
from kwslib.record import recording

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    corpus = write_corpus(tmp_path_factory.mktemp("corpus") / "tiny", words=("yes", "no", "up", "down"))
    opened = recording.start("08_models", "quick", corpus, tmp_path_factory.mktemp("zoo"), seeds=[0, 1])
    opened.profile = replace(opened.profile, epochs=1)
    return opened


def test_a_student_learns_from_its_teacher_and_nothing_is_trained_twice(run, monkeypatch):
    zoo.train_zoo(run, ["tinyconv_branches"])
    names = {path.name for path in run.models.iterdir()}
    assert names == {"tenet_wide_seed0.pt", "tinyconv_branches_seed0.pt", "tinyconv_branches_seed1.pt"}
    _, _, extra = load_checkpoint(run.models / "tinyconv_branches_seed1.pt")
    assert extra["recipe"]["taught"] > 0
    _, _, extra = load_checkpoint(run.models / "tenet_wide_seed0.pt")
    assert extra["recipe"]["taught"] == 0
    monkeypatch.setattr(zoo, "train", lambda *given, **named: pytest.fail("trained again"))
    assert zoo.trained(run, "tinyconv_branches", 1).name == "tinyconv_branches_seed1.pt"
    values = zoo.size_values(run, "tinyconv_branches")
    assert list(values) == [
        f"{what}_tinyconv_branches" for what in ("accuracy", "accuracy_unknown", "parameters", "macs")
    ]
    assert values["parameters_tinyconv_branches"].value == 16_652
    assert values["macs_tinyconv_branches"].value == 336_000
    first, second = zoo.evaluations(run, "tinyconv_branches", "testing")
    assert values["accuracy_tinyconv_branches"].value == pytest.approx(
        np.mean([first.accuracy, second.accuracy])
    )


def test_values_of_the_board_and_of_the_field(run, tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "DEFAULT", replace(zoo.DEFAULT, rt60=None))
    model, config, _ = load_checkpoint(checkpoint(tmp_path, 8))
    assert config == ModelConfig()
    path = export_quantized(tmp_path / "tinyconv_8.pt", model, config, tmp_path).tflite_int8
    board = zoo.board_values(path, "tiny")
    assert list(board) == ["board_ms_clip_tiny", "board_ms_hop_tiny", "flash_tiny", "ram_tiny"]
    assert 0 < board["board_ms_hop_tiny"].value < board["board_ms_clip_tiny"].value
    field = zoo.field_values(run, path, "tiny", trials=8, hours=0.05)
    assert list(field) == ["field_tiny", "false_accepts_per_hour_tiny", "missed_tiny"]
    assert (field["field_tiny"].n, field["missed_tiny"].n) == (8, 4)
