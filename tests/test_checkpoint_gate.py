"""A checkpoint of which one thing is wrong gives one line that names the file and that thing, in every command."""

from dataclasses import asdict
from itertools import cycle

import numpy as np
import pytest
import torch

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.errors import KwsError
from kwslib.networks.models import ModelConfig, build
from kwslib.predictors import TorchPredictor
from kwslib.quantization.ptq import post_training
from kwslib.quantization.quantizers import Quantization

CONFIGURATIONS = {
    "labels": [
        [1, 2, 3, 4],
        ["silence", "unknown", "yes", ""],
        ["a", "a", "b", "c"],
        "abcd",
        None,
        [],
        ["a"],
    ],
    "arch": ["resnet", None],
    "channels": [0, -1, 9, 2.0, True, "8", float("nan"), 10**30],
    "dropout": [float("nan"), float("inf"), "half", 1.0, False],
    "colour": ["red"],
}


@pytest.fixture(scope="module")
def contents(tmp_path_factory) -> dict[str, dict]:
    """What a float checkpoint and a quantized one hold."""
    folder = tmp_path_factory.mktemp("whole")
    torch.manual_seed(0)
    config = ModelConfig()
    model = build(config)
    save_checkpoint(folder / "float.pt", model, config)
    narrow = post_training(model, Quantization(8, 8), torch.randn(20, 49, 40), careful=False)
    save_checkpoint(folder / "narrow.pt", narrow, config)
    teacher = ModelConfig("tenet", channels=4)
    save_checkpoint(folder / "normed.pt", build(teacher), teacher)
    return {path.stem: torch.load(path, weights_only=True) for path in folder.glob("*.pt")}


def refused(path, content, what: str) -> None:
    torch.save(content, path)
    with pytest.raises(KwsError, match=what) as caught:
        load_checkpoint(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configuration(contents, tmp_path, name):
    for value in CONFIGURATIONS[name]:
        content = contents["float"]
        refused(tmp_path / "m.pt", content | {"config": content["config"] | {name: value}}, name[:4])


@pytest.mark.parametrize("value", [True, 1.0, "1", None, 2])
def test_the_format_is_a_whole_number(contents, tmp_path, value):
    refused(tmp_path / "m.pt", contents["float"] | {"format": value}, f"of format {value!r}, .*; update")


@pytest.mark.parametrize("kind", ["float", "narrow", pytest.param("normed", marks=pytest.mark.slow)])
def test_every_number_must_be_finite(contents, tmp_path, kind):
    state = contents[kind]["state"]
    numbers = {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}
    for (name, tensor), value in zip(numbers.items(), cycle(map(float, ("nan", "inf", "-inf")))):
        bad = tensor.clone()
        bad.view(-1)[-1] = value
        refused(tmp_path / "m.pt", contents[kind] | {"state": state | {name: bad}}, f"{name} are not finite")


def test_tensors_must_fit(contents, tmp_path):
    content = contents["float"]
    state = content["state"]
    for bad, what in (
        (
            {name: tensor for name, tensor in state.items() if name != "conv.bias"},
            "lacks the weights conv.bias",
        ),
        (
            state | {"conv.bias": torch.zeros(9)},
            r"conv.bias are float32 \[9\] where the network has float32 \[8\]",
        ),
        (state | {"conv.bias": torch.zeros(8, dtype=torch.complex64)}, "conv.bias are complex64"),
        (state | {"conv.bias": [0.0] * 8}, "lacks the weights conv.bias"),
        (state | {"other.bias": torch.zeros(8)}, "other.bias, which this kwslib does not know"),
        ([1, 2], "its state is a list"),
    ):
        refused(tmp_path / "m.pt", content | {"state": bad}, what)
    content = contents["normed"]
    state = content["state"] | {"norm.running_var": torch.full((4,), -1.0)}
    refused(tmp_path / "m.pt", content | {"state": state}, "variances norm.running_var are negative")


def test_ranges_of_a_quantized_network(contents, tmp_path):
    content = contents["narrow"]
    for name, value, what in (
        ("linear.output.log_scale", 100.0, "scale of linear.output"),
        ("linear.output.log_scale", -100.0, "scale of linear.output"),
        ("conv.weight.log_scale", 1e30, "scale of conv.weight"),
        ("linear.output.zero_point", 0.5, "zero point of linear.output"),
        ("linear.output.zero_point", 256.0, "zero point of linear.output"),
        ("linear.input.zero_point", -1.0, "zero point of linear.input"),
    ):
        state = content["state"] | {name: torch.full_like(content["state"][name], value)}
        refused(tmp_path / "m.pt", content | {"state": state}, what)
    widths = [({name: True}, "width of True") for name in ("weights", "activations", "output")]
    for bad, what in (
        *widths,
        ({"weights": 9}, "width of 9"),
        ({"colour": 1}, "its quantization has colour"),
    ):
        how = asdict(Quantization(8, 8)) | bad
        refused(tmp_path / "m.pt", content | {"quantization": how}, what)


def test_weights_that_overflow_are_told_from_the_logits(contents, tmp_path):
    content = contents["float"]
    state = {name: tensor * 1e30 for name, tensor in content["state"].items()}
    torch.save(content | {"state": state}, tmp_path / "m.pt")
    predictor = TorchPredictor(tmp_path / "m.pt")
    with pytest.raises(KwsError, match=r"m\.pt: its logits are not finite"):
        predictor.logits(np.full((1, 49, 40), 127, np.int8))
