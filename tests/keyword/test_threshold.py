"""The threshold that was chosen for a model goes with it: checkpoint, .tflite, header, page, and every command."""

import re

import numpy as np
import pytest
from converters import needs_converters
from small_corpus import write_corpus

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.data.corpus import read_folder
from kwslib.deployment.decision import CERTAIN, DecisionSettings, noted_settings, settings_note
from kwslib.errors import KwsError
from kwslib.field import minutes
from kwslib.field.conditions import DEFAULT
from kwslib.field.evaluate import Stage, stage
from kwslib.field.rooms import room_bank
from kwslib.field.stream import open_network
from kwslib.keyword import road, threshold
from kwslib.networks.models import ModelConfig, build
from kwslib.predictors import decided

LABELS = ("silence", "unknown", "kiwi")
CHOSEN = DecisionSettings(classes=3, threshold=0.85, smoothing=6)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.pt"
    config = ModelConfig(labels=LABELS)
    save_checkpoint(path, build(config).eval(), config, {"seed": 3} | threshold.as_extra(CHOSEN))
    return path


def test_a_checkpoint_keeps_it_beside_what_it_had(checkpoint):
    assert load_checkpoint(checkpoint)[2] == {"seed": 3, "decision": {"threshold": 0.85, "smoothing": 6}}
    assert open_network(checkpoint).settings == CHOSEN


@needs_converters
@pytest.mark.slow
def test_the_exported_model_has_it_and_so_have_header_and_page(checkpoint, tmp_path):
    from kwslib.deployment.export import export
    from kwslib.page.networks import page_network

    features = np.random.default_rng(0).integers(-128, 127, (20, 49, 40)).astype(np.int8)
    made = export(checkpoint, features, tmp_path)
    assert open_network(made.tflite_int8).settings == CHOSEN
    road.write_header(made.tflite_int8, tmp_path / "kws_model.h")
    header = (tmp_path / "kws_model.h").read_text()
    thresholds = re.search(r"kws_model_decision_thresholds\[3\] = \{\s*(\d+), (\d+), (\d+)", header)
    assert thresholds
    assert int(thresholds[3]) == round(0.85 * CERTAIN)
    assert re.search(r"kws_model_decision = .*\.smoothing = 6\b", header)
    assert page_network(made.tflite_int8).settings == CHOSEN


def test_a_word_below_its_threshold_is_another_word():
    scores = np.array([[0.1, 0.1, 0.8], [0.1, 0.0, 0.9], [0.9, 0.1, 0.0], [0.2, 0.5, 0.3]])
    assert decided(scores, CHOSEN).tolist() == [1, 2, 0, 1]
    assert decided(scores, None).tolist() == [2, 2, 0, 1]


@pytest.mark.parametrize(
    "note",
    [
        "high",
        {},
        {"threshold": 2.0, "smoothing": 6},
        {"threshold": 0.5, "smoothing": "6"},
        {"threshold": 0.5, "smoothing": 99},
    ],
)
def test_a_note_that_is_none_is_refused(note):
    with pytest.raises(KwsError):
        noted_settings(note, 3)


def test_a_note_comes_back():
    assert noted_settings(settings_note(CHOSEN), 3) == CHOSEN
    assert noted_settings(None, 3) is None


def test_a_damaged_note_names_the_file(tmp_path, kws):
    config = ModelConfig(labels=LABELS)
    save_checkpoint(tmp_path / "model.pt", build(config), config, {"decision": "high"})
    corpus = write_corpus(tmp_path / "data", words=("kiwi", "up"))
    status, out, error = kws("eval", tmp_path / "model.pt", "--data", corpus)
    assert (status, out) == (2, "")
    assert "model.pt: its decision is 'high'" in error


def test_few_false_accepts_in_few_hours_are_too_many(checkpoint, monkeypatch):
    """Two in an hour may be seven in the next: the end of their interval is held to the limit, not their count."""
    asked = []
    sound = np.zeros((90_000, 3), np.float32)  # an hour, an inference every 40 ms
    monkeypatch.setattr(threshold, "_heard", lambda *given: (None, None, sound))
    monkeypatch.setattr(threshold.detection, "choose", lambda *given: asked.append(given[-1]))
    threshold.choose(open_network(checkpoint), None)
    assert asked == [0]


@pytest.mark.slow
def test_all_sound_that_is_listened_to_can_be_made_before(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    corpus = read_folder(write_corpus(tmp_path / "data", ("kiwi", "up")))

    def with_few_rooms(corpus, labels, split):
        return stage(corpus, labels, split=split, rooms=room_bank(DEFAULT, split, 2))

    monkeypatch.setattr(threshold, "stage", with_few_rooms)
    threshold.prepare(corpus, LABELS, 3, 0.05)
    monkeypatch.setattr(minutes, "_minute", None)
    monkeypatch.setattr(Stage, "render", None)
    network = open_network(checkpoint)
    threshold.choose(network, corpus, 3, 0.05)
    assert threshold.evaluate_settings(network, corpus, CHOSEN, 3, 0.05).keywords == 1
