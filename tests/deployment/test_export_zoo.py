"""Conversion of every other network of the zoo: its operators, the same answers, the same bytes, once."""

from collections import Counter
from copy import deepcopy
from functools import cache

import numpy as np
import pytest
import torch
from converters import needs_converters

from kwslib.deployment.conversion import FORMS, convert
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_stream import run_stream
from kwslib.deployment.onnx_export import to_onnx
from kwslib.deployment.stream_plan import stream
from kwslib.deployment.tflite_flatbuffer import Description, finish, operators
from kwslib.errors import KwsError
from kwslib.features.frontend import FRAMES, HOP, INPUT_SCALE, INPUT_ZERO_POINT, normalise
from kwslib.networks.models import ZOO, ModelConfig, build
from kwslib.predictors import CorePredictor, LiteRtPredictor

pytestmark = [pytest.mark.slow, needs_converters]

TINYCONV = {"CONV_2D": 1, "RESHAPE": 1, "FULLY_CONNECTED": 1}
TENET = {"CONV_2D": 8, "DEPTHWISE_CONV_2D": 7, "ADD": 7, "MEAN": 1, "FULLY_CONNECTED": 1}
OTHERS = {  # arch, channels: operators of the int8 graph
    ("tenet", 32): TENET,
    ("tinyconv", 1): TINYCONV,
    ("tinyconv", 7): TINYCONV,
    ("dscnn", 16): {"CONV_2D": 7, "DEPTHWISE_CONV_2D": 6, "MEAN": 1, "FULLY_CONNECTED": 1},
    ("tenet_branches", 32): TENET,
    ("tinyconv_branches", 8): TINYCONV,
    ("tinyconv_valid", 8): {"PAD": 1} | TINYCONV,
    ("tenet_valid", 36): {"CONV_2D": 7, "DEPTHWISE_CONV_2D": 6, "MEAN": 1, "FULLY_CONNECTED": 1},
    ("tenet_wide", 96): {"CONV_2D": 8, "DEPTHWISE_CONV_2D": 7, "MEAN": 1, "FULLY_CONNECTED": 1},
    ("teacher", 16): TENET,
    ("tenet_causal", 24): {"PAD": 8} | TENET,
}
CACHED = "kwslib.deployment.conversion.cached"


def network(arch: str, channels: int) -> torch.nn.Module:
    """An untrained network whose batch norms have something to fold."""
    torch.manual_seed(0)
    model = build(ModelConfig(arch=arch, channels=channels)).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model


@cache
def as_onnx(arch: str, channels: int):
    """The network as ONNX, which takes a second to make."""
    return to_onnx(network(arch, channels))


@pytest.fixture(scope="module")
def calibration(clips) -> np.ndarray:
    """As few clips as leave the answers of the int8 networks close to those of the float ones."""
    return clips[:64]


@pytest.fixture(scope="module")
def in_turn(calibration) -> dict[tuple[str, int], tuple[bytes, bytes]]:
    """What the converters make of the other networks, one after another, and nothing of it from the cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CACHED, lambda folder, key, make: make())
        return {key: convert(as_onnx(*key), calibration) for key in OTHERS}


@pytest.fixture(scope="module")
def converted(in_turn) -> dict[tuple[str, int], tuple[bytes, bytes]]:
    """The same files as an export finishes them."""
    description = Description(ModelConfig().labels, "any", "")
    return {
        key: tuple(finish(content, description, INPUT_SCALE, INPUT_ZERO_POINT) for content in pair)
        for key, pair in in_turn.items()
    }


def test_what_was_converted_before_leaves_no_trace_and_what_is_refused_is_named(
    in_turn, calibration, monkeypatch
):
    monkeypatch.setattr(CACHED, lambda folder, key, make: make())
    assert convert(as_onnx("tenet", 32), calibration) == in_turn["tenet", 32]  # the first, ten others later
    unknown = deepcopy(as_onnx("tinyconv", 7))
    next(node for node in unknown.graph.node if node.op_type == "Gemm").op_type = "Unheard"
    with pytest.raises(KwsError, match=r"cannot convert this network \(.*Unheard.*use one of the zoo"):
        convert(unknown, calibration)


def test_no_network_of_the_zoo_is_left_out():
    assert {arch for arch, _ in OTHERS} == set(ZOO)


@pytest.mark.parametrize("key", OTHERS, ids=lambda key: f"{key[0]}-{key[1]}")
def test_the_rest_of_the_zoo(converted, clips, tmp_path, key):
    float32, int8 = converted[key]
    assert Counter(operators(int8)) == OTHERS[key]
    (tmp_path / "float.tflite").write_bytes(float32)
    (tmp_path / "int8.tflite").write_bytes(int8)
    with torch.inference_mode():
        expected = network(*key)(torch.from_numpy(normalise(clips[:20]))).numpy()
    np.testing.assert_allclose(
        LiteRtPredictor(tmp_path / "float.tflite").logits(clips[:20]), expected, atol=1e-4
    )
    quantized = LiteRtPredictor(tmp_path / "int8.tflite")
    step = np.abs(quantized.logits(clips[:20]) - expected).max()
    assert step < 0.1 * np.abs(expected).max()
    in_core = CorePredictor(tmp_path / "int8.tflite")
    assert np.array_equal(in_core.integer_logits(clips[:20]), quantized.integer_logits(clips[:20]))


@pytest.mark.parametrize("key", [key for key in OTHERS if "_valid" in key[0] or "_wide" in key[0]], ids=str)
def test_unpadded_networks_hear_a_stream_as_clips_cut_out_of_it(converted, clips, tmp_path, key):
    (tmp_path / "int8.tflite").write_bytes(converted[key][1])
    network = CorePredictor(tmp_path / "int8.tflite").network
    plan = stream(network)
    assert plan.whole == ""
    assert not plan.endless
    frames = clips[:4].reshape(-1, 40)
    heard = run_stream(plan, frames)
    first = FRAMES + FRAMES % HOP  # frames heard once the window is full
    cut = [frames[end - FRAMES : end] for end in range(first, len(frames) + 1, HOP)]
    assert np.array_equal(heard[first // HOP - 1 :], run_network(network, np.stack(cut)))


def test_a_network_is_converted_once_with_the_same_clips(monkeypatch, tmp_path):
    asked = []

    def converted(network, calibration):
        asked.append(calibration.tobytes())
        return {form: np.frombuffer(b"%s %d" % (form.encode(), len(asked)), np.uint8) for form in FORMS}

    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    monkeypatch.setattr("kwslib.deployment.conversion._converted", converted)
    small, large = (as_onnx("tinyconv", channels) for channels in (1, 7))
    quiet, loud = np.zeros((2, 49, 40), np.int8), np.ones((2, 49, 40), np.int8)
    first = convert(small, quiet)
    assert first == (b"float32 1", b"int8 1")
    assert convert(small, quiet) == first
    for other, clips in ((large, quiet), (small, loud), (small, quiet[:1])):
        assert convert(other, clips) == (b"float32 %d" % len(asked), b"int8 %d" % len(asked))
    assert len(asked) == 4
    monkeypatch.setattr("kwslib.deployment.conversion.package_version", lambda name: "another")
    assert convert(small, quiet) != first
