"""The core in the page, WebAssembly with the model as data: on every hop what the host computes, bit for bit."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from repository import REPOSITORY
from stream_networks import temporal
from tflite_files import Maker

from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_packed import packed_network, read_integers
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_sparse import compress
from kwslib.deployment.core_stream import run_stream
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.stream_plan import stream as stream_plan
from kwslib.deployment.streaming import Call
from kwslib.errors import KwsError
from kwslib.field import stream
from kwslib.page.core import build_core
from kwslib.page.words import KINDS, model_words
from kwslib.statistics import wilson

MODELS = REPOSITORY / "book" / "results" / "models"
LISTED = [entry["model"] for entry in yaml.safe_load((REPOSITORY / "book" / "try_it.yml").read_text())]
SETTINGS = DecisionSettings(4)


def opened(name: str) -> Network:
    path = MODELS / name
    return compress(packed_network(read_integers(path)) if path.suffix == ".pt" else read_network(path))


def of_every_kind(folder: Path) -> Network:
    """A network of the kinds of layers that no recorded one has, random weights."""
    rng, maker = np.random.default_rng(0), Maker()

    def weights(shape, axis):
        bias = maker.tensor((shape[axis],), 0.0001, 0, rng.integers(-2000, 2000, shape[axis]), kind="int32")
        return maker.tensor(shape, 0.005, 0, rng.integers(-127, 128, shape), axis), bias

    window = {"padding": 0, "strideH": 2, "strideW": 2, "fusedActivationFunction": 1}
    same = {"padding": 0, "strideH": 1, "strideW": 1, "depthMultiplier": 1}
    pool = {"padding": 1, "strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 3}
    image = maker.tensor((1, 49, 40, 1), 0.0115, -47)
    wide, deep = maker.tensor((1, 25, 20, 6), 0.02, -128), maker.tensor((1, 25, 20, 6), 0.03, 4)
    both, small = maker.tensor((1, 25, 20, 6), 0.03, -5), maker.tensor((1, 12, 9, 6), 0.03, -5)
    mean, logits = maker.tensor((1, 6), 0.02, -9), maker.tensor((1, 4), 0.02, 3)
    output, axes = maker.tensor((1, 4), 1 / 256, -128), maker.tensor((2,), data=[1, 2], kind="int32")
    maker.operator("CONV_2D", [image, *weights((6, 5, 4, 1), 0)], wide, "Conv2DOptions", **window)
    depthwise = [wide, *weights((1, 3, 3, 6), 3)]
    maker.operator("DEPTHWISE_CONV_2D", depthwise, deep, "DepthwiseConv2DOptions", **same)
    maker.operator("ADD", [wide, deep], both, "AddOptions")
    maker.operator("AVERAGE_POOL_2D", [both], small, "Pool2DOptions", **pool)
    maker.operator("MEAN", [small, axes], mean, "ReducerOptions", keepDims=False)
    maker.operator("FULLY_CONNECTED", [mean, *weights((4, 6), 0)], logits, "FullyConnectedOptions")
    maker.operator("SOFTMAX", [logits], output, "SoftmaxOptions", beta=1.0)
    return read_network(maker.write(folder / "every.tflite", image, output))


@pytest.fixture(scope="module")
def sound(recordings) -> np.ndarray:
    """Words and noise for eight seconds, of a length that ends amid a step."""
    from kwslib.data.audio import read_audio

    clips = [read_audio(sorted((recordings / word).iterdir())[2]) for word in ("yes", "no", "bed", "yes")]
    rng = np.random.default_rng(0)
    noise = [np.rint(rng.normal(0, level, 16_123)).astype(np.int16) for level in (30, 300, 3000, 0)]
    return np.concatenate([part for pair in zip(noise, clips, strict=True) for part in pair])


def heard_in_page(node, folder: Path, network: Network, sound: np.ndarray, *more: str) -> list[dict]:
    """Hops of the page's spotter, run by node."""
    (folder / "model").write_bytes(model_words(network, SETTINGS))
    sound.tofile(folder / "sound")
    return json.loads(node("hear", build_core(), folder / "model", folder / "sound", *more))


def heard_on_host(network: Network, sound: np.ndarray) -> list[dict]:
    frames = stream.listen(sound)
    logits = run_network(network, stream.windows(frames))
    heard = stream.decide(logits, network.output_scale, SETTINGS)
    rows = zip(stream.inference_times(len(frames)), logits, heard.smoothed, heard.reported, strict=True)
    return [
        {"time": pytest.approx(t), "logits": z.tolist(), "posteriors": p.tolist(), "reported": int(r)}
        for t, z, p, r in rows
    ]


@pytest.mark.parametrize("name", [*LISTED, "tinyconv_qat7.pt"])
def test_every_network_of_the_page_hears_what_the_host_hears(name, node, tmp_path, sound):
    network = opened(name)
    assert heard_in_page(node, tmp_path, network, sound) == heard_on_host(network, sound)


def test_so_does_a_network_of_every_other_kind_of_layer(node, tmp_path, sound):
    network = of_every_kind(tmp_path)
    assert heard_in_page(node, tmp_path, network, sound) == heard_on_host(network, sound)


def test_a_causal_network_hears_the_whole_stream(node, tmp_path, sound):
    network = temporal(tmp_path / "causal.tflite")
    plan = stream_plan(network)
    assert plan.endless
    expected = run_stream(plan, stream.listen(sound))[stream.FRAMES // stream.HOP :]
    heard = heard_in_page(node, tmp_path, network, sound)
    np.testing.assert_array_equal([hop["logits"] for hop in heard], expected)


def test_sound_may_come_in_chunks_of_any_length(node, tmp_path, sound):
    network = opened("tinyconv_channels_1_qat_ternary.pt")
    assert heard_in_page(node, tmp_path, network, sound, "43") == heard_on_host(network, sound)


def test_these_networks_have_every_kind_of_layer(tmp_path):
    networks = [of_every_kind(tmp_path), temporal(tmp_path / "causal.tflite"), *map(opened, LISTED)]
    plans = [stream_plan(network) for network in networks]
    steps = [step for plan in plans for step in (*plan.first, *plan.hop)]
    assert {step.layer.kind for step in steps if isinstance(step, Call)} == set(KINDS)


def test_a_network_larger_than_the_board_is_refused():
    network = opened("tinyconv.tflite")
    (layer,) = (one for one in network.layers if one.kind == "dense")
    large = replace(layer, fields=layer.fields | {"weights": np.zeros(1 << 20, np.int8)})
    with pytest.raises(KwsError, match="larger than the board"):
        model_words(replace(network, layers=(network.layers[0], large)), SETTINGS)


def test_a_field_that_the_page_does_not_know_is_an_error():
    network = opened("tinyconv.tflite")
    first, *others = network.layers
    changed = replace(first, fields=first.fields | {"dilation": 2})
    with pytest.raises(KeyError, match="dilation"):
        model_words(replace(network, layers=(changed, *others)), SETTINGS)


def test_intervals_and_answers_are_the_hosts(node):
    cases = [[correct, n] for n in (0, 1, 7, 20, 400) for correct in {0, n // 3, n}]
    found = json.loads(node("call", "trials", "wilson", given=json.dumps(cases)))
    assert found == [pytest.approx(list(wilson(*case)), abs=1e-12) for case in cases]
    rng = np.random.default_rng(0)
    trials, expected = [], []
    for _ in range(200):
        logits = (rng.integers(-20, 20, (40, 4)) + rng.integers(-20, 20, 4)).astype(np.int8)
        heard = stream.decide(logits, 0.1, DecisionSettings(4, smoothing=3))
        hops = [
            {"posteriors": row.tolist(), "best": int(row.argmax()), "reported": int(word)}
            for row, word in zip(heard.smoothed, heard.reported, strict=True)
        ]
        trials.append([hops])
        expected.append(stream.answer(heard, 0))
    assert set(expected) == {0, 1, 2, 3}
    assert json.loads(node("call", "trials", "answer", given=json.dumps(trials))) == expected


@pytest.mark.parametrize(
    "tests", sorted((REPOSITORY / "tests" / "web").glob("*.test.mjs")), ids=lambda path: path.stem
)
def test_the_modules_own_tests_pass(node, tests):
    node(tests.stem)
