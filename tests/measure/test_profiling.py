"""Counts against an independent counter and hand-made ones; latency's bookkeeping, never its values."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from kwslib.errors import KwsError
from kwslib.measure import latency
from kwslib.measure.profiling import Costs, Operation, costs, file_costs
from kwslib.networks.models import ZOO, ModelConfig, build, fold_batch_norm


@pytest.mark.slow
@pytest.mark.parametrize("arch", ZOO)
def test_macs_agree_with_torchs_own_counter(arch):
    model = build(ModelConfig(arch)).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        fold_batch_norm(model)(torch.zeros(1, 49, 40))
    assert counter.get_total_flops() == 2 * costs(model).macs


def test_tinyconv_has_the_originals_numbers():
    counts = costs(build(ModelConfig()))
    assert counts.parameters == 16_652
    assert counts.macs == 336_000
    assert counts.flops == 676_004
    assert counts.all_outputs_bytes == 79_696
    assert counts.weight_bytes("float32") == 66_608
    assert counts.weight_bytes("int8") == 16_640 + 4 * 12


def test_tinyconv_needs_its_input_and_one_feature_map_at_once():
    counts = costs(build(ModelConfig()))
    assert counts.peak_live_bytes("int8") == 1960 + 4000
    assert counts.peak_live_bytes("float32") == 4 * (1960 + 4000)
    assert [name for name, _ in counts.schedule] == ["conv", "linear"]


def test_a_residual_keeps_its_input_alive():
    block = costs(build(ModelConfig("tenet"))).schedule[1:4]
    size = 25 * 32
    assert block[0][1] == {"conv": size, "blocks.0.depthwise": size}
    assert block[1][1] == {"conv": size, "blocks.0.depthwise": size, "blocks.0.pointwise": size}
    assert block[2][1] == {"conv": size, "blocks.0.pointwise": size, "add": size}


def test_a_relu_whose_input_is_needed_later_gets_its_own_buffer():
    chain = [
        Operation("input", "input", (), (1, 10)),
        Operation("conv", "conv", (0,), (1, 10)),
        Operation("relu", "relu", (1,), (1, 10)),
        Operation("add", "add", (1, 2), (1, 10)),
    ]
    assert Costs(tuple(chain)).peak_live_bytes("int8") == 30
    chain[3] = Operation("linear", "linear", (2,), (1, 10))
    assert Costs(tuple(chain)).peak_live_bytes("int8") == 20


def test_a_layer_that_cannot_be_counted_is_named():
    model = build(ModelConfig())
    model.relu = nn.PReLU()
    with pytest.raises(KwsError, match="relu is a PReLU"):
        costs(model)


@pytest.fixture(scope="module")
def tflite(tmp_path_factory):
    """An int8 .tflite file with TinyConv's graph at two channels."""
    pytest.importorskip("ai_edge_litert")
    from tflite_files import Maker

    make, rng = Maker(), np.random.default_rng(0)
    source = make.tensor((1, 49, 40, 1), 0.01, -47)
    kernel = make.tensor((2, 10, 8, 1), [0.01, 0.02], data=rng.integers(-127, 127, (2, 10, 8, 1)))
    bias = make.tensor((2,), [1e-4, 2e-4], data=[3, -4], kind="int32")
    conv = make.tensor((1, 25, 20, 2), 0.02, -128)
    options = {"padding": 0, "strideH": 2, "strideW": 2, "dilationHFactor": 1, "dilationWFactor": 1}
    make.operator("CONV_2D", (source, kernel, bias), conv, "Conv2DOptions", **options)
    flat = make.tensor((1, 1000), 0.02, -128)
    shape = make.tensor((2,), data=[1, 1000], kind="int32")
    make.operator("RESHAPE", (conv, shape), flat)
    weights = make.tensor((4, 1000), 0.01, data=rng.integers(-127, 127, (4, 1000)))
    logits = make.tensor((1, 4), 0.1, 3)
    make.operator("FULLY_CONNECTED", (flat, weights, -1), logits, "FullyConnectedOptions")
    return make.write(tmp_path_factory.mktemp("tflite") / "two.tflite", source, logits)


def test_counts_of_a_tflite_file(tflite):
    counts = file_costs(tflite)
    assert [op.kind for op in counts.operations] == ["input", "conv_2d", "reshape", "fully_connected"]
    assert counts.parameters == 2 * 81 + 4000
    assert counts.macs == 1000 * 80 + 4000
    assert counts.flops == 2 * counts.macs + 1000
    assert counts.peak_live_bytes("int8") == 1960 + 1000


def test_the_arena_holds_what_lives(tflite):
    pytest.importorskip("tflite_micro")
    from kwslib.deployment.litert import tflm_arena_bytes

    assert 1960 + 1000 <= tflm_arena_bytes(tflite) < 1960 + 1000 + 6000


def test_without_wheels_of_tflm_its_absence_is_said(tflite, monkeypatch):
    from kwslib.deployment import litert
    from kwslib.predictors import TflmPredictor

    monkeypatch.setattr(litert, "has_micro", lambda: False)
    for measure in (litert.tflm_arena_bytes, TflmPredictor):
        with pytest.raises(KwsError, match="no wheels for other systems"):
            measure(tflite)


def test_damaged_tflite_files_are_named(tflite, tmp_path):
    whole = tflite.read_bytes()
    path = tmp_path / "m.tflite"
    for bad in (b"", b"not a model", whole[: len(whole) // 2]):
        path.write_bytes(bad)
        with pytest.raises(KwsError, match=r"m\.tflite: damaged"):
            file_costs(path)


def test_latency_says_how_it_was_measured(tflite):
    threads = torch.get_num_threads()
    measured = latency.pytorch(build(ModelConfig("tenet")), threads=1, runs=20)
    assert torch.get_num_threads() == threads
    result = measured.as_json()
    assert (result["runtime"], result["threads"], result["runs"]) == ("PyTorch", 1, 20)
    assert 0 < result["p05_ms"] <= result["p25_ms"] <= result["median_ms"] <= result["p75_ms"]
    assert latency.litert(tflite, runs=20).median > 0


def test_no_gpu_is_one_line():
    if torch.cuda.is_available():
        eager, graph = latency.cuda(build(ModelConfig()), runs=20)
        assert graph.median < eager.median
    else:
        with pytest.raises(KwsError, match="measure on the CPU"):
            latency.cuda(build(ModelConfig()))
