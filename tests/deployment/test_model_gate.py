"""A .tflite file of which one thing is wrong gives one line, whoever opens it, and ends no process.

Files are changed through the schema: their framing stays whole, and what they say is no model.
"""

import os
import subprocess
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ai_edge_litert", reason="needs kwslib[convert]")

import fuzz_models
from ai_edge_litert import schema_py_generated as schema
from tflite_files import Maker, reference, temporal_net, tinyconv

from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.errors import KwsError
from kwslib.field.stream import open_network
from kwslib.measure.latency import litert
from kwslib.measure.profiling import file_costs
from kwslib.predictors import load_predictor

pytestmark = pytest.mark.slow

OPENERS = (load_predictor, read_network, open_network, file_costs, litert)


def _note(model, text: bytes) -> None:
    model.metadata, note = [schema.MetadataT()], schema.BufferT()
    note.data = np.frombuffer(text, np.uint8)
    model.metadata[0].name, model.metadata[0].buffer = "kwslib", len(model.buffers)
    model.buffers.append(note)


def _set(*path: object):
    """A change: what lies at `path` below the model's only graph becomes the last of it."""

    *names, last, value = path

    def change(model) -> None:
        node, array = model.subgraphs[0], names[-1] if isinstance(last, int) else None
        for name in names[:-1] if array else names:
            node = node[name] if isinstance(name, int) else getattr(node, name)
        if array:
            values = getattr(node, array).copy()
            values[last] = value
            setattr(node, array, values)
        else:
            setattr(node, last, value)

    return change


# tinyconv: tensors 0 features, 1 image, 2 weights, 3 bias, 4 middle, 5 flat, 6 weights, 7 bias, 8 logits
CHANGES = {
    "no operators": (_set("operators", []), "has no operators"),
    "no graph": (lambda model: setattr(model, "subgraphs", None), "no graph"),
    "two outputs": (
        _set("outputs", np.array([8, 5], np.int32)),
        "not one graph with one input and one output",
    ),
    "no output": (_set("outputs", np.array([], np.int32)), "not one graph with one input and one output"),
    "output of -1": (_set("outputs", 0, -1), "nothing computes its output"),
    "output that is a weight": (_set("outputs", 0, 6), "nothing computes its output"),
    "input out of range": (_set("inputs", 0, 99), "its input is not a tensor"),
    "operand out of range": (_set("operators", 1, "inputs", 1, 99), "CONV_2D: reads tensor 99"),
    "operand not computed": (_set("operators", 1, "inputs", 0, 8), "CONV_2D: reads tensor 8, which nothing"),
    "weights overwritten": (_set("operators", 1, "outputs", 0, 2), "CONV_2D: writes tensor 2"),
    "missing operand": (
        _set("operators", 3, "inputs", np.array([5], np.int32)),
        "FULLY_CONNECTED: its input 1",
    ),
    "no options": (_set("operators", 1, "builtinOptions", None), "CONV_2D: lacks its Conv2DOptions"),
    "stride of 0": (_set("operators", 1, "builtinOptions", "strideH", 0), "CONV_2D: has a step out of range"),
    "stride of -1": (
        _set("operators", 1, "builtinOptions", "strideW", -1),
        "CONV_2D: has a step out of range",
    ),
    "another stride": (
        _set("operators", 1, "builtinOptions", "strideH", 3),
        r"CONV_2D: its output is \[1, 25",
    ),
    "dilation of 0": (_set("operators", 1, "builtinOptions", "dilationHFactor", 0), "CONV_2D: has a step"),
    "activation": (
        _set("operators", 1, "builtinOptions", "fusedActivationFunction", 77),
        "CONV_2D: .* activation",
    ),
    "buffer out of range": (_set("tensors", 2, "buffer", 99), "tensor t2 has no buffer 99"),
    "wrong buffer": (_set("tensors", 2, "buffer", 2), "tensor t2 has 32 bytes"),
    "no weights": (_set("tensors", 2, "buffer", 0), "CONV_2D: reads tensor 2, which nothing computes"),
    "type": (_set("tensors", 2, "type", 5), "tensor t2 is STRING"),
    "name": (_set("tensors", 0, "name", b"input\x95"), "tensor input\ufffd has a name that is not UTF-8"),
    "160 GiB": (
        _set("tensors", 4, "shape", np.array([1, 1 << 20, 1 << 17, 1], np.int32)),
        "more than .* values",
    ),
    "shape of 0": (_set("tensors", 4, "shape", np.array([1, 0, 20, 8], np.int32)), "dynamic shape"),
    "reshape": (_set("tensors", 5, "shape", np.array([1, 3999], np.int32)), "RESHAPE: its output is"),
    "too few scales": (
        _set("tensors", 2, "quantization", "scale", np.ones(7, np.float32)),
        "tensor t2 has zero",
    ),
    "no scale": (_set("tensors", 4, "quantization", None), "CONV_2D: has operands without a scale"),
    "zero point": (
        _set("tensors", 4, "quantization", "zeroPoint", np.array([300])),
        "tensor t4 has the zero point 300",
    ),
    "labels cut": (lambda model: _note(model, b'{"labels": ["silence", "unk'), "its labels are damaged"),
    "labels nested": (lambda model: _note(model, b"[" * 100_000), "its labels are damaged"),
    "labels of numbers": (
        lambda model: _note(model, b'{"format": 1, "labels": [1, 2, 3, 4], "arch": "", "checkpoint": ""}'),
        "label 1 is not text",
    ),
    "format": (
        lambda model: _note(
            model, b'{"format": true, "labels": ["a", "b", "c", "d"], "arch": "", "checkpoint": ""}'
        ),
        "of format True, not 1",
    ),
} | {
    f"scale of {scale} of t{number}": (
        _set("tensors", number, "quantization", "scale", 0, scale),
        f"tensor t{number} has a scale",
    )
    for scale in (0.0, -0.1, float("nan"), float("inf"), 1e-44)
    for number in (0, 2, 8)
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_line_whoever_opens_it(tmp_path, name):
    change, message = CHANGES[name]
    path = tinyconv(tmp_path / "m.tflite")
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())
    for opener in OPENERS:
        with pytest.raises(KwsError, match=message) as caught:
            opener(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


def dense(path: Path, inputs: int, outputs: int, output_scale: float) -> Path:
    maker = Maker()
    source = maker.tensor((1, inputs), 0.02)
    weights = maker.tensor((outputs, inputs), 0.01, data=np.full((outputs, inputs), 127))
    output = maker.tensor((1, outputs), output_scale)
    maker.operator("FULLY_CONNECTED", [source, weights, -1], output, "FullyConnectedOptions")
    return maker.write(path, source, output)


def test_a_factor_that_leads_out_of_int32_is_refused(tmp_path):
    with pytest.raises(KwsError, match=r"m\.tflite: FULLY_CONNECTED: its sums can leave 32 bits"):
        read_network(dense(tmp_path / "m.tflite", 179, 4, 2e-9))
    path = dense(tmp_path / "m.tflite", 179, 4, 2e-6)  # outputs that saturate are no fault
    x = np.full((1, 179), -128, np.int8)
    assert (run_network(read_network(path), x) == reference(path, x)).all()


def test_what_fast_kernels_refuse_is_not_called_damaged(tmp_path):
    path = dense(tmp_path / "m.tflite", 179, 4, 2e-9)
    with pytest.raises(
        KwsError, match=r"m\.tflite: LiteRT's fast kernels \(XNNPACK\) cannot run this model \("
    ):
        litert(path)


def test_a_layer_wider_than_int16_is_refused(tmp_path):
    maker, wide = Maker(), 40_000
    source, output = maker.tensor((1, 1, 1, 1), 0.02), maker.tensor((1, 1, 1, wide), 0.02)
    weights = maker.tensor((wide, 1, 1, 1), 0.01, data=np.ones(wide))
    bias = maker.tensor((wide,), 0.0002, data=np.zeros(wide), kind="int32")
    maker.operator("CONV_2D", [source, weights, bias], output, "Conv2DOptions", strideH=1, strideW=1)
    with pytest.raises(KwsError, match=r"CONV_2D: a side of 40,000 is more than the C core's 32,767"):
        read_network(maker.write(tmp_path / "m.tflite", source, output))


def test_an_operator_without_a_check_is_tried_apart_once_an_opening(tmp_path, monkeypatch):
    run, tried = subprocess.run, []
    monkeypatch.setattr(
        subprocess, "run", lambda *given, **options: tried.append(1) or run(*given, **options)
    )
    maker = Maker()
    source, output = maker.tensor((1, 1960), 0.1), maker.tensor((1, 4), 0.1)
    rows = maker.tensor((1,), data=[9], kind="int32")  # of one row: LiteRT refuses when it runs
    taken = maker.tensor((1, 1960), 0.1)
    maker.operator("GATHER", [source, rows], taken, "GatherOptions")
    weights = maker.tensor((4, 1960), 0.01, data=np.ones((4, 1960)))
    maker.operator("FULLY_CONNECTED", [taken, weights, -1], output, "FullyConnectedOptions")
    path = maker.write(tmp_path / "m.tflite", source, output)
    for opener in (load_predictor, open_network):
        with pytest.raises(KwsError, match=r"m\.tflite: LiteRT cannot run this model \(.*gather"):
            opener(path)
    assert len(tried) == 2
    rows = maker.buffers[maker.tensors[rows].buffer]
    rows.data = np.zeros(4, np.uint8)
    path = maker.write(tmp_path / "m.tflite", source, output)
    for _ in range(2):
        assert load_predictor(path).logits(np.zeros((1, 49, 40), np.int8)).shape == (1, 4)
    assert len(tried) == 4


SCALES = st.floats(-37, 30).map(lambda exponent: float(np.float32(10.0**exponent)))


def survives(work) -> bool:
    """Whether `work` ends well, or by a KwsError, in a process of its own."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except KwsError:
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


@settings(max_examples=40, derandomize=True)
@given(st.lists(SCALES, min_size=9, max_size=9), st.lists(st.booleans(), min_size=9, max_size=9), SCALES)
def test_no_scale_ends_the_process(tmp_path_factory, scales, kept, beta):
    path = temporal_net(tmp_path_factory.getbasetemp() / "scaled.tflite")
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    computed = [o.outputs[0] for o in model.subgraphs[0].operators]
    for number, scale, keep in zip(computed, scales, kept, strict=False):
        if not keep:
            model.subgraphs[0].tensors[number].quantization.scale = np.array([scale], np.float32)
    if not kept[-1]:
        model.subgraphs[0].operators[-1].builtinOptions.beta = beta
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())
    x = np.random.default_rng(0).integers(-128, 128, (5, 49, 40)).astype(np.int8)

    def work() -> None:
        predictor, network = load_predictor(path), read_network(path)
        assert (run_network(network, x) == predictor.integer_logits(x)).all()

    assert survives(work)


def test_fuzzing_finds_nothing():
    """Some cases of fuzz_models.py, which runs longer by hand."""
    assert not list(fuzz_models.fuzz(first=0, cases=500, seed=0))
