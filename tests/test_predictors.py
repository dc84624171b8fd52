"""Predictors: the same network in PyTorch, LiteRT and TensorFlow Lite Micro; bad files named in one line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ai_edge_litert", reason="needs kwslib[convert]")

from tflite_files import Maker

from kwslib.checkpoints import save_checkpoint
from kwslib.deployment.tflite_flatbuffer import METADATA
from kwslib.errors import KwsError
from kwslib.features.frontend import INPUT_SCALE, INPUT_ZERO_POINT
from kwslib.networks.evaluation import evaluate
from kwslib.networks.models import ModelConfig, build
from kwslib.predictors import LiteRtPredictor, TflmPredictor, TorchPredictor, load_predictor


@pytest.fixture(scope="module")
def testing(recordings):
    """The whole test split."""
    from kwslib.data.corpus import open_corpus
    from kwslib.data.protocol import Protocol
    from kwslib.features.dataset import feature_split

    return feature_split(open_corpus(recordings), Protocol(), "testing")


def foreign(path, inputs=49 * 40, classes=4, kind="int8", softmax=False):
    """A .tflite file of somebody else's: one dense layer, no labels."""
    maker, rng = Maker(), np.random.default_rng(0)
    source = maker.tensor((1, inputs), INPUT_SCALE, INPUT_ZERO_POINT, kind=kind)
    if kind == "int8":
        weights = maker.tensor((classes, inputs), 0.01, data=rng.integers(-9, 9, (classes, inputs)))
        bias = maker.tensor((classes,), 0.01 * INPUT_SCALE, data=np.zeros(classes), kind="int32")
    else:
        weights = maker.tensor((classes, inputs), data=rng.normal(size=(classes, inputs)), kind=kind)
        bias = maker.tensor((classes,), data=np.zeros(classes), kind=kind)
    output = maker.tensor((1, classes), 0.1, 5, kind=kind)
    maker.operator("FULLY_CONNECTED", (source, weights, bias), output, "FullyConnectedOptions")
    if softmax:
        logits, output = output, maker.tensor((1, classes), 1 / 256, -128)
        maker.operator("SOFTMAX", (logits,), output, "SoftmaxOptions", beta=1.0)
    return maker.write(path, source, output)


def test_micro_equals_litert_bit_for_bit(exported, testing):
    litert, micro = LiteRtPredictor(exported.tflite_int8), TflmPredictor(exported.tflite_int8)
    np.testing.assert_array_equal(micro.integer_logits(testing.x), litert.integer_logits(testing.x))
    extremes = np.stack([np.full((49, 40), value, np.int8) for value in (-128, 127)])
    np.testing.assert_array_equal(micro.integer_logits(extremes), litert.integer_logits(extremes))


def test_float_model_equals_the_checkpoint(exported, testing):
    expected = TorchPredictor(exported.checkpoint).logits(testing.x)
    logits = LiteRtPredictor(exported.tflite_float).logits(testing.x)
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_int8_costs_less_than_half_a_point(exported, testing):
    accuracy = {}
    for path in (exported.checkpoint, exported.tflite_int8):
        predictor = load_predictor(path)
        accuracy[path.suffix] = evaluate(predictor.logits(testing.x), testing.y, predictor.labels).accuracy
    assert abs(accuracy[".pt"] - accuracy[".tflite"]) <= 0.005


def test_logits_are_the_dequantized_integers(exported, testing):
    predictor = LiteRtPredictor(exported.tflite_int8)
    integers, logits = predictor.integer_logits(testing.x[:9]), predictor.logits(testing.x[:9])
    scale, zero_point = predictor.output["quantization"]
    assert (integers.dtype, logits.dtype, logits.shape) == (np.int8, np.float32, (9, 4))
    np.testing.assert_allclose(logits, (integers.astype(float) - zero_point) * scale, rtol=1e-6)


def test_no_clips_give_no_logits(exported):
    for path in (exported.tflite_int8, exported.tflite_float):
        assert load_predictor(path).logits(np.empty((0, 49, 40), np.int8)).shape == (0, 4)


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_foreign_model_without_labels(tmp_path, testing, kind):
    predictor = load_predictor(foreign(tmp_path / "theirs.tflite", kind=kind))
    assert predictor.labels == ("silence", "unknown", "yes", "no")
    assert predictor.logits(testing.x[:3]).shape == (3, 4)


def test_foreign_model_of_more_words(tmp_path):
    path = foreign(tmp_path / "theirs.tflite", classes=5)
    with pytest.raises(KwsError, match=r"theirs\.tflite: 5 outputs do not fit .*--keywords"):
        load_predictor(path)
    assert load_predictor(path, ["left", "right", "stop"]).labels[2:] == ("left", "right", "stop")


def test_softmax_at_the_end_gives_probabilities(tmp_path, testing):
    plain = load_predictor(foreign(tmp_path / "a.tflite")).logits(testing.x[:9])
    logs = load_predictor(foreign(tmp_path / "b.tflite", softmax=True)).logits(testing.x[:9])
    expected = np.exp(plain) / np.exp(plain).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(logs), expected, atol=1 / 128)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": 98 * 40}, "takes 1 x 3920 values, not 49 x 40"),
        ({"classes": 1}, "1 outputs do not fit"),
    ],
)
def test_models_of_another_shape(tmp_path, options, message):
    with pytest.raises(KwsError, match=rf"theirs\.tflite: {message}"):
        load_predictor(foreign(tmp_path / "theirs.tflite", **options))


@pytest.mark.parametrize("suffix", [".tflite", ".pt"])
@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x20\0\0\0TFL3" + bytes(100), b"PK\x03\x04" + bytes(64)]
)
def test_other_files_under_a_models_name(tmp_path, suffix, content):
    path = tmp_path / f"model{suffix}"
    with pytest.raises(KwsError, match=rf"model\{suffix}: no such file"):
        load_predictor(path)
    path.write_bytes(content)
    with pytest.raises(KwsError, match=rf"model\{suffix}: damaged"):
        load_predictor(path)


@settings(max_examples=40)
@given(share=st.floats(0, 0.999))
def test_truncated_files(exported, tmp_path_factory, share):
    content = exported.tflite_int8.read_bytes()
    path = tmp_path_factory.mktemp("cut") / "model.tflite"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(KwsError, match=r"model\.tflite"):
        load_predictor(path)


def test_damaged_labels(exported, tmp_path):
    content = exported.tflite_int8.read_bytes()
    path = tmp_path / "model.tflite"
    path.write_bytes(content.replace(b'"labels"', b'"babels"'))
    with pytest.raises(KwsError, match=r"model\.tflite: its labels are damaged"):
        load_predictor(path)
    path.write_bytes(content.replace(b'"yes", "no"', b'"yes; no"  '))
    with pytest.raises(KwsError, match=r"model\.tflite: 4 outputs do not fit"):
        load_predictor(path)
    path.write_bytes(content.replace(METADATA.encode() + b"\0", b"others\0"))
    assert load_predictor(path).labels == exported.labels


def test_name_and_features_are_checked(exported, tmp_path):
    with pytest.raises(KwsError, match="not a model's name"):
        load_predictor(tmp_path / "speech.wav")
    for path in (exported.checkpoint, exported.tflite_int8):
        for x in (np.zeros((1, 49, 40), np.float32), np.zeros((1, 98, 40), np.int8), np.zeros(1960, np.int8)):
            with pytest.raises(KwsError, match="int8 features"):
                load_predictor(path).logits(x)


def test_keywords_must_be_the_models_own(tmp_path):
    config = ModelConfig(labels=("silence", "unknown", "up", "down"))
    save_checkpoint(tmp_path / "model.pt", build(config), config)
    assert load_predictor(tmp_path / "model.pt", ["up", "down"]).labels == config.labels
    with pytest.raises(KwsError, match="spots up, down, not yes, no"):
        load_predictor(tmp_path / "model.pt", ["yes", "no"])


def test_micro_runs_int8_alone(exported):
    with pytest.raises(KwsError, match="a float model"):
        TflmPredictor(exported.tflite_float)
