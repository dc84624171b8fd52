"""What the C core cannot run is refused with the name of the operator and what is supported."""

from pathlib import Path

import numpy as np
import pytest
from tflite_files import Maker

from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.errors import KwsError


def dense(path: Path, kind: str = "int8", **source) -> Path:
    maker = Maker()
    first = maker.tensor(source.pop("shape", (1, 4)), 0.1, kind=kind, **source)
    output = maker.tensor((1, 2), 0.1, kind=kind)
    weights = maker.tensor((2, 4), 0.1, 0, np.ones(8), kind=kind)
    maker.operator("FULLY_CONNECTED", [first, weights, -1], output, "FullyConnectedOptions")
    return maker.write(path, first, output)


def test_wrong_type_is_refused_by_operator(tmp_path):
    with pytest.raises(KwsError, match=r"m\.tflite: FULLY_CONNECTED: its input is FLOAT32 .* INT8"):
        read_network(dense(tmp_path / "m.tflite", kind="float32"))


def test_dynamic_shape_is_refused(tmp_path):
    with pytest.raises(KwsError, match=r"dynamic shape \[1, -1\]"):
        read_network(dense(tmp_path / "m.tflite", signature=(1, -1)))


def test_unsupported_operator_is_named_with_what_is_supported(tmp_path):
    maker = Maker()
    source, output = maker.tensor((1, 4), 0.1), maker.tensor((1, 4), 1 / 256, -128)
    maker.operator("LOGISTIC", [source], output)
    with pytest.raises(KwsError, match=r"LOGISTIC is not supported .* CONV_2D"):
        read_network(maker.write(tmp_path / "m.tflite", source, output))


def test_damaged_file_is_refused(tmp_path):
    path = dense(tmp_path / "m.tflite")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(KwsError, match=r"m\.tflite"):
        read_network(path)


def test_inputs_of_another_size_are_refused(tmp_path):
    network = read_network(dense(tmp_path / "m.tflite"))
    with pytest.raises(KwsError, match="int8 of 4"):
        run_network(network, np.zeros((2, 5), np.int8))


def test_padding_twice_is_refused(tmp_path):
    maker = Maker()
    source, padded = maker.tensor((1, 4, 4, 2), 0.02), maker.tensor((1, 5, 4, 2), 0.02)
    pads = maker.tensor((4, 2), data=[0, 0, 1, 0, 0, 0, 0, 0], kind="int32")
    maker.operator("PAD", [source, pads], padded, "PadOptions")
    weights = maker.tensor((1, 2, 2, 2), 0.02, 0, np.ones(8))
    bias = maker.tensor((1,), 0.0004, data=[0], kind="int32")
    output = maker.tensor((1, 5, 4, 1), 0.02)
    options = {"padding": 0, "strideH": 1, "strideW": 1}
    maker.operator("CONV_2D", [padded, weights, bias], output, "Conv2DOptions", **options)
    with pytest.raises(KwsError, match="padded by an operator of its own and again by itself"):
        read_network(maker.write(tmp_path / "m.tflite", source, output))


def test_padding_before_another_operator_is_refused(tmp_path):
    maker = Maker()
    source, padded = maker.tensor((1, 4, 4, 2), 0.02), maker.tensor((1, 5, 4, 2), 0.02)
    pads = maker.tensor((4, 2), data=[0, 0, 1, 0, 0, 0, 0, 0], kind="int32")
    output = maker.tensor((1, 2), 0.02)
    maker.operator("PAD", [source, pads], padded, "PadOptions")
    axes = maker.tensor((2,), data=[1, 2], kind="int32")
    maker.operator("MEAN", [padded, axes], output, "ReducerOptions", keepDims=False)
    with pytest.raises(KwsError, match="PAD is supported only before CONV_2D and DEPTHWISE_CONV_2D"):
        read_network(maker.write(tmp_path / "m.tflite", source, output))
