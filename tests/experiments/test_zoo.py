"""The zoo's own experiment: a student after its teacher, nothing trained twice, values under their names."""

from dataclasses import replace

import numpy as np
import pytest
from small_corpus import write_corpus
from small_networks import checkpoint

from kwslib.checkpoints import load_checkpoint, read_checkpoint
from kwslib.deployment.export import export_quantized
from kwslib.experiments import zoo, zoo_field
from kwslib.field.conditions import DEFAULT
from kwslib.field.long import Specification
from kwslib.field.stream import open_network
from kwslib.field.training import FieldAugmentation
from kwslib.networks.models import ModelConfig
from kwslib.networks.recipes import setup
from kwslib.record import recording

pytestmark = pytest.mark.slow
OPEN_AIR = replace(DEFAULT, rt60=None)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    corpus = write_corpus(tmp_path_factory.mktemp("corpus") / "tiny", words=("yes", "no", "up", "down"))
    opened = recording.start("08_models", "quick", corpus, tmp_path_factory.mktemp("zoo"), seeds=[0, 1])
    opened.profile = replace(opened.profile, epochs=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "recorded_folder", lambda: None)  # whose networks know more words
        patch.setenv("LOKY_MAX_CPU_COUNT", "1")  # other processes would look there
        yield opened


def test_a_student_learns_from_its_teacher_and_nothing_is_trained_twice(run, monkeypatch):
    monkeypatch.setattr(run, "profile", replace(run.profile, swept=2))
    zoo.train_zoo(run, ["tinyconv_branches"])
    names = {path.name for path in run.models.iterdir()}
    assert names == {"tenet_wide_seed0.pt", "tinyconv_branches_seed0.pt", "tinyconv_branches_seed1.pt"}
    _, _, extra = load_checkpoint(run.models / "tinyconv_branches_seed1.pt")
    assert extra["recipe"]["taught"] > 0
    _, _, extra = load_checkpoint(run.models / "tenet_wide_seed0.pt")
    assert extra["recipe"]["taught"] == 0
    monkeypatch.setattr(zoo, "train_setup", lambda *given, **named: pytest.fail("trained again"))
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


def test_values_of_the_board(tmp_path, monkeypatch):
    trained = read_checkpoint(checkpoint(tmp_path, 8))
    assert trained.config == ModelConfig()
    path = export_quantized(trained).write(tmp_path).tflite_int8
    board = zoo.board_values(path, "tiny")
    costs = ("load_tiny", "power_mw_tiny", "days_cr2032_tiny")
    assert list(board) == ["board_ms_clip_tiny", "board_ms_hop_tiny", "flash_tiny", "ram_tiny", *costs]
    assert board["board_ms_hop_tiny"].value / 40 < board["load_tiny"].value < 1
    assert 0 < board["board_ms_hop_tiny"].value < board["board_ms_clip_tiny"].value
    slow = replace(zoo.chip_costs(open_network(path).core, trained.config.labels), network_us=80_000)
    monkeypatch.setattr(zoo, "chip_costs", lambda *given: slow)
    board = zoo.board_values(path, "tiny")
    assert board["load_tiny"].value > 1
    assert not {"power_mw_tiny", "days_cr2032_tiny"} & set(board)  # of a chip that falls behind


def test_training_for_the_field_hears_the_synthesizer_say_words_of_every_class(run, monkeypatch):
    """What one class alone hears becomes a mark of it."""
    given = []
    monkeypatch.setattr(zoo_field, "field_splits", lambda *parts: given.extend(parts))
    training_setup = zoo_field.for_field(setup("tenet_valid", 1), 1)
    keywords = training_setup.protocol.keywords
    zoo_field.field_training_splits(run.corpus, training_setup, zoo_field.FIELD_EFFORTS["report"])
    streams, *_, hours = given
    said = {*streams.clips} - {*run.corpus.clips}
    assert {(clip.word, clip.split) for clip in said} == {(word, "training") for word in keywords}
    others = {clip.word for clip in {*hours.clips} - {*run.corpus.clips}}
    assert others
    assert not others & {*keywords}


def test_a_network_is_trained_for_the_field_once_and_heard_there(run, monkeypatch):
    training = FieldAugmentation(field=OPEN_AIR, streams=1, windows=1, backgrounds=1, rooms=2, hours=0.1)
    file = Specification(seconds=10, keywords=2, others=2)
    small = zoo_field.FieldEffort(8, 0.1, 0.1, 2, file, training, OPEN_AIR)
    monkeypatch.setitem(zoo_field.FIELD_EFFORTS, "quick", small)
    (path,) = zoo_field.train_zoo_for_field(run, [("tenet_valid", 0)])
    assert path.name == "tenet_valid_field.tflite"
    _, _, extra = load_checkpoint(path.with_suffix(".pt"))
    assert extra["recipe"]["label_smoothing"] == 0
    monkeypatch.setattr(zoo_field, "train_setup", lambda *given, **named: pytest.fail("trained again"))
    assert zoo_field.train_zoo_for_field(run, [("tenet_valid", 0)]) == [path]
    heard = zoo_field.hear(run, open_network(path))
    values = zoo_field.heard_values(heard, "tiny")
    assert {"field_tiny", "false_accepts_per_hour_tiny", "missed_tiny", "threshold_tiny"} <= set(values)
    assert (values["field_tiny"].n, values["missed_tiny"].n, values["long_misses_tiny"].n) == (8, 4, 2)
    assert sum(heard.by_kind.values()) == heard.chosen.false_accepts
    assert sum(each["missed"] for each in heard.keywords) == heard.chosen.rejects
    assert [each["said"] for each in heard.keywords] == ["yes", "no"] * 2
    assert heard.settings.threshold in {point.threshold for point in heard.points}
