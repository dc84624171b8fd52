"""Recorded networks over a stream of real recordings: every logit of every hop is the whole window's."""

import pytest

from kwslib.data.corpus import read_folder
from kwslib.data.protocol import Protocol, build_splits, load_waveforms
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_packed import packed_network, read_integers
from kwslib.deployment.core_sparse import compress
from kwslib.features.frontend import Frontend
from kwslib.record.comparison import recorded_folder
from kwslib.report.part7.stream import equal_hops

SECONDS = 120
MODELS = recorded_folder() / "models"
NETWORKS = {
    "int8": lambda: read_network(MODELS / "tinyconv.tflite"),
    "packed, 3 bits": lambda: packed_network(read_integers(MODELS / "tinyconv_qat3.pt")),
    "ternary": lambda: packed_network(read_integers(MODELS / "tinyconv_qat_ternary.pt")),
    "sparse": lambda: compress(read_network(MODELS / "tinyconv_unstructured_90.tflite"), 1),
    "unpadded in time": lambda: read_network(MODELS / "tinyconv_valid_seed0.tflite"),
    "causal": lambda: read_network(MODELS / "tenet_causal_seed0.tflite"),
}


@pytest.fixture(scope="module")
def frames(speech_commands):
    examples = build_splits(read_folder(speech_commands), Protocol())["testing"][:SECONDS]
    return Frontend().process(load_waveforms(examples).reshape(-1))


@pytest.mark.parametrize("form", NETWORKS)
def test_a_stream_of_recordings(frames, form):
    same, hops = equal_hops(NETWORKS[form](), frames)
    assert hops == len(frames) // 2
    assert same == hops
