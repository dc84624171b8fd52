"""A long stream: what a file says is in it, and its score counts every report once."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tflite_files import Maker

from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_stream import run_stream
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.stream_plan import stream
from kwslib.errors import KwsError
from kwslib.features.frontend import FRAMES, HOP
from kwslib.field.conditions import Field
from kwslib.field.evaluate import stage
from kwslib.field.long import LongStream, Specification, SpokenWord, long_stream, run_long, specification
from kwslib.field.sources import spoken
from kwslib.field.stream import StreamNetwork, inference_frames, inference_times, listen, windows
from kwslib.labels import SAMPLE_RATE, class_labels

OPEN_AIR = Field(rt60=None)
YES = {"word": "yes", "at": 3}
SETTINGS = DecisionSettings(classes=4, smoothing=1, threshold=0.9, suppression=0)


@pytest.fixture(scope="module")
def where(corpus):
    return stage(corpus, class_labels(), OPEN_AIR, seed=3)


def test_a_specification_gives_the_same_samples_and_its_words(where):
    spec = Specification(seconds=70, keywords=10, others=20, seed=3)
    stream, again = long_stream(spec, where), long_stream(spec, where)
    assert np.array_equal(stream.samples, again.samples)
    assert stream.words == again.words
    assert (stream.samples.dtype, len(stream.samples)) == (np.int16, 70 * SAMPLE_RATE)
    labels = [word.label for word in stream.words]
    assert [labels.count(label) for label in class_labels()] == [0, 20, 5, 5]
    times = [word.second for word in stream.words]
    assert times == sorted(times)
    assert times[-1] > 60  # in the second room, too
    assert {word.clip for word in stream.words} <= {
        clip.name for part in where.material.clips for clip in part
    }
    other = long_stream(replace(spec, seed=4), where)
    assert not np.array_equal(other.samples, stream.samples)


def test_listed_keywords_begin_when_they_are_said_to(where):
    quiet = replace(where, field=replace(OPEN_AIR, snr=None, microphone=None))
    spec = Specification(seconds=20, keywords=(("no", 3.0), ("yes", 12.5)), others=0)
    stream = long_stream(spec, quiet)
    assert [(word.label, word.second) for word in stream.words] == [("no", 3.0), ("yes", 12.5)]
    clips = {clip.name: clip for part in quiet.material.clips for clip in part}
    for word, begin in zip(stream.words, (3, 12.5), strict=True):
        start = round(begin * SAMPLE_RATE)
        heard, clip = stream.samples[start : start + SAMPLE_RATE], spoken(clips[word.clip])
        assert np.corrcoef(heard, clip)[0, 1] > 0.99
        stream.samples[start : start + SAMPLE_RATE] = 0
    assert not stream.samples.any()
    with pytest.raises(KwsError, match="up: not a keyword of this model, which has yes, no"):
        long_stream(Specification(seconds=20, keywords=(("up", 3.0),), others=0), quiet)


def _network(answers: dict[int, int]) -> StreamNetwork:
    """A network that is sure of class `answers[t]` at inference t, else of silence."""

    def run(seen: np.ndarray) -> np.ndarray:
        logits = np.full((len(seen), 4), -20.0, np.float32)
        logits[np.arange(len(seen)), [answers.get(t, 0) for t in range(len(seen))]] = 20
        return logits

    return StreamNetwork("made up", class_labels(), None, run)


def test_every_report_is_a_hit_once_or_false():
    samples = np.zeros(20 * SAMPLE_RATE, np.int16)
    times = inference_times(len(listen(samples)))
    said = (
        SpokenWord("yes", 3.0, "a"),
        SpokenWord("unknown", 6.0, "b"),
        SpokenWord("no", 9.0, "c"),
        SpokenWord("no", 15.0, "d"),
    )
    moments = {
        3.5: 2,
        4.0: 2,
        6.5: 3,
        11.2: 3,
        15.1: 2,
    }  # a hit, heard twice, another word, too late, wrong word
    answers = {int(np.searchsorted(times, at)): label for at, label in moments.items()}
    score = run_long(_network(answers), LongStream(samples, said), SETTINGS).as_json()
    assert (score["keywords"], score["hits"], score["misses"], score["false_accepts"]) == (3, 1, 2, 4)
    assert score["seconds"] == 20
    assert score["listed"][0]["reported"] == pytest.approx(3.5, abs=0.05)
    assert [row["reported"] for row in score["listed"][1:]] == [None, None]
    assert [row["word"] for row in score["false"]] == ["yes", "no", "no", "yes"]


def _causal(path: Path) -> Network:
    """A convolution with zeros in the past alone, the mean over time and a linear layer, as an int8 file."""
    maker, rng = Maker(), np.random.default_rng(0)
    source = maker.tensor((1, FRAMES, 1, 40), 0.02, 3)
    padded = maker.tensor((1, FRAMES + 2, 1, 40), 0.02, 3)
    amounts = maker.tensor((4, 2), data=[0, 0, 2, 0, 0, 0, 0, 0], kind="int32")
    maker.operator("PAD", [source, amounts], padded, "PadOptions")
    weights = maker.tensor((8, 3, 1, 40), 0.01, 0, rng.integers(-127, 128, (8, 3, 1, 40)), 0)
    columns = maker.tensor((1, 25, 1, 8), 0.02, -60)
    options = {"padding": 1, "strideH": 2, "strideW": 1, "fusedActivationFunction": 1}
    bias = maker.tensor((8,), 0.0002, 0, np.zeros(8, int), kind="int32")
    maker.operator("CONV_2D", [padded, weights, bias], columns, "Conv2DOptions", **options)
    axes, flat = maker.tensor((2,), data=[1, 2], kind="int32"), maker.tensor((1, 8), 0.01, -5)
    maker.operator("MEAN", [columns, axes], flat, "ReducerOptions", keepDims=False)
    dense = maker.tensor((4, 8), 0.01, 0, rng.integers(-127, 128, (4, 8)), 0)
    none, logits = (
        maker.tensor((4,), 0.0001, 0, np.zeros(4, int), kind="int32"),
        maker.tensor((1, 4), 0.01, 3),
    )
    maker.operator("FULLY_CONNECTED", [flat, dense, none], logits, "FullyConnectedOptions")
    return read_network(maker.write(path, source, logits))


def test_a_causal_network_hears_all_that_came_before(tmp_path):
    """Its inferences are the rows of the whole stream whose frames are complete then; others run on windows."""
    frames = np.random.default_rng(0).integers(-128, 128, (121, 40)).astype(np.int8)
    core = _causal(tmp_path / "causal.tflite")

    def run(seen: np.ndarray) -> np.ndarray:
        return run_network(core, seen)

    heard = StreamNetwork("causal", class_labels(), 0.01, run, core).logits_of_stream(frames)
    ends = inference_frames(len(frames))
    assert np.array_equal(heard, run_stream(stream(core), frames)[ends // HOP - 1])
    on_windows = StreamNetwork("float", class_labels(), None, run).logits_of_stream(frames)
    assert np.array_equal(on_windows, run(windows(frames)))
    assert not np.array_equal(on_windows, heard)


@pytest.mark.parametrize(
    ("content", "culprit"),
    [
        ([], "not a JSON object"),
        ({"hours": 1}, '"hours" is unknown'),
        ({"seconds": "20"}, "\"seconds\" is '20': give a number"),
        ({"keywords": True}, '"keywords" is True: give a whole number or a list'),
        ({"seed": 1.5}, '"seed" is 1.5: give a whole number'),
        ({"keywords": [["yes", 3]]}, "lists"),
        ({"keywords": 0}, "one or more"),
        ({"keywords": [{"word": "yes", "at": 1199}]}, "yes at 1199 s"),
        ({"keywords": [{"word": "yes", "at": 3, "gain": 2}]}, "'gain': 2.*and no more"),
        ({"keywords": [YES, {"word": "no", "at": 3.2}]}, "yes at 3 s and no at 3.2 s overlap"),
        ({"keywords": [{"word": "no", "at": 3.9}, YES]}, "yes at 3 s and no at 3.9 s overlap"),
        ({"seconds": 5}, "10 to"),
        ({"seconds": 60, "others": 50}, '40 are the most that fit; set "keywords", 50 by default, and'),
        (
            {"seconds": 20, "keywords": [YES]},
            '13 are the most that fit; set "others", which are 150 by default',
        ),
        ({"split": "test"}, "testing"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(content, culprit):
    with pytest.raises(KwsError, match=culprit):
        specification(json.loads(json.dumps(content)))
