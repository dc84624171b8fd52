"""Nothing and one: filters and layers of zeros, one channel, two classes, one clip a class, from PTQ to the C core."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest
import torch
from compiler import CORE, c_compiler
from small_networks import Q8 as CLIPS
from small_networks import integer_logits, toy

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.deployment.core_packed import int8_network, packed_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_sparse import compress
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.model_data import model_header
from kwslib.errors import KwsError
from kwslib.experiments.quantization import ours
from kwslib.features.dataset import FeatureSet
from kwslib.features.frontend import normalise
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.networks.training import Recipe, predict
from kwslib.quantization.grids import TERNARY
from kwslib.quantization.integer import IntegerNetwork, integer_network, run_integers
from kwslib.quantization.ptq import post_training
from kwslib.quantization.qat import quantization_aware

BITS = (8, TERNARY)
Q8 = CLIPS[:4]
X = torch.from_numpy(normalise(Q8))


def zero_filter(model) -> None:
    model.conv.weight[0], model.conv.bias[0] = 0, 0


def zero_convolution(model) -> None:
    model.conv.weight[:], model.conv.bias[:] = 0, 0


def zero_outputs(model) -> None:
    model.linear.weight[:], model.linear.bias[:] = 0, 0


def zero_network(model) -> None:
    zero_convolution(model)
    zero_outputs(model)


CASES = {  # what is zero, channels, labels
    "a filter": (zero_filter, 8, class_labels()),
    "the only filter": (zero_filter, 1, class_labels()),
    "the convolution": (zero_convolution, 4, class_labels()),
    "the dense layer": (zero_outputs, 4, class_labels()),
    "everything": (zero_network, 2, class_labels()),
    "nothing, one channel": (lambda model: None, 1, class_labels()),
    "nothing, two labels": (lambda model: None, 4, ("silence", "yes")),
}


def network(case: str) -> torch.nn.Module:
    change, channels, labels = CASES[case]
    torch.manual_seed(0)
    model = fold_batch_norm(build(ModelConfig(channels=channels, labels=labels)))
    with torch.no_grad():
        change(model)
    return model


def check_all_forms(narrow: torch.nn.Module) -> IntegerNetwork:
    """Finite logits, near those of integers; and the C core's, bit for bit, in every layout of weights."""
    found = predict(narrow, Q8)
    assert np.isfinite(found).all()
    whole = integer_network(narrow)
    linear = whole.layers[-1]
    bias_step = float(linear.sources[0][0]) * float(linear.constants.scales.max())
    np.testing.assert_allclose(integer_logits(whole, Q8), found, atol=2 * float(linear.output[0]) + bias_step)
    expected = run_integers(whole, Q8)
    int8 = int8_network(whole)
    for layout in (int8, packed_network(whole), compress(int8, 1.0), compress(int8)):
        np.testing.assert_array_equal(run_network(layout, Q8), expected)
    return whole


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("case", CASES)
def test_after_post_training(case, bits):
    check_all_forms(post_training(network(case), ours(bits), X, careful=False))


@torch.no_grad()
def hidden_values(narrow: torch.nn.Module, x: torch.Tensor) -> np.ndarray:
    """What the linear layer's input quantizer reads, in its steps (N, n)."""
    quantizer, seen = narrow.linear.input, []
    handle = quantizer.register_forward_hook(lambda _layer, inputs, _output: seen.append(inputs[0]))
    narrow(x)
    handle.remove()
    return (seen[0] / quantizer.scale).numpy()


@pytest.mark.parametrize(("bits", "clips"), [(3, CLIPS), (TERNARY, Q8)])
def test_one_channel_in_integers_differs_only_where_the_hidden_layer_rounds_otherwise(bits, clips):
    """Why careful PTQ of one channel can be some steps off: a hidden value just below a half is rounded up by TFLite's
    double rounding, or by a bias in whole steps; on a coarse grid each moves a logit by a weight times a wide step."""
    torch.manual_seed(2)
    narrow = post_training(fold_batch_norm(build(ModelConfig(channels=1))), ours(bits), X, careful=True)
    whole = integer_network(narrow)
    conv, linear = whole.layers
    floating = hidden_values(narrow, torch.from_numpy(normalise(clips)))
    graph = int8_network(whole)
    (first, *_) = graph.layers
    hidden = replace(graph, layers=(first,), output=first.output)
    integers = run_network(hidden, clips).astype(np.int32) - linear.sources[0][1]  # (N, n)
    rounded = np.clip(np.rint(floating), 0, narrow.linear.input.grid.high)
    other = integers != rounded
    assert other.any()
    assert np.abs(integers - rounded).max() == 1
    factor = float(conv.sources[0][0]) * float(conv.constants.scales[0]) / float(conv.output[0])
    twice = 2.0 ** (conv.requantization[1][0] - 1)  # half a step of what the first rounding leaves
    to_a_half = np.abs(floating - np.floor(floating) - 0.5)
    assert to_a_half[other].max() <= twice + factor / 2 + 1e-4
    given = linear.constants
    sums = integers @ given.values.T.astype(np.int64) + given.bias
    steps = sums * float(linear.sources[0][0]) * given.scales / float(linear.output[0]) + linear.output[1]
    np.testing.assert_allclose(run_integers(whole, clips), np.clip(steps, -128, 127), atol=0.51)


def one_clip_a_class(classes: int) -> FeatureSet:
    some = toy(64)
    rows = [int(np.flatnonzero(some.y == label)[0]) for label in range(classes)]
    return FeatureSet(some.x[rows], some.y[rows], tuple(some.names[row] for row in rows))


@pytest.mark.parametrize("case", CASES)
def test_after_a_step_of_training_on_one_clip_a_class(case):
    model = network(case)
    data = one_clip_a_class(len(CASES[case][2]))
    narrow, history = quantization_aware(model, ours(TERNARY), Recipe(epochs=1), data, data, seed=0)
    assert np.isfinite([history[0].training_loss, history[0].validation_loss]).all()
    check_all_forms(narrow)


def test_a_checkpoint_keeps_them(tmp_path):
    narrow = post_training(network("everything"), ours(3), X, careful=False)
    save_checkpoint(tmp_path / "zero.pt", narrow, ModelConfig(channels=2), {"seed": 0})
    np.testing.assert_array_equal(predict(load_checkpoint(tmp_path / "zero.pt")[0], Q8), predict(narrow, Q8))


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["int8", "packed", "sparse"])
def test_the_header_of_a_network_of_zeros_is_standard_c(tmp_path, layout):
    narrow = post_training(network("everything"), ours(3), X, careful=False)
    whole = integer_network(narrow)
    form = {
        "int8": int8_network(whole),
        "packed": packed_network(whole),
        "sparse": compress(int8_network(whole), 1.0),
    }[layout]
    assert [layer.kind for layer in form.layers][1] == {"int8": "dense", "packed": "packed_dense"}.get(
        layout, "sparse"
    )
    (tmp_path / "kws_model.h").write_text(model_header(form, class_labels(), DecisionSettings(4)))
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "kws_model.h"\n'
        "static int8_t input[KWS_MODEL_INPUTS], output[KWS_MODEL_CLASSES];\n"
        "static int32_t arena[KWS_MODEL_ARENA_BYTES / 4 + 1];\n"
        "int main(void) {\n"
        "    kws_model_run(input, output, (int8_t *)arena);\n"
        '    for (int i = 0; i < KWS_MODEL_CLASSES; i++) printf("%d ", output[i]);\n'
        "    return kws_model_decision.classes + (int)sizeof kws_model_labels == 0;\n}\n"
    )
    command = [c_compiler(), "-std=c99", "-pedantic-errors", "-Werror=pedantic", f"-I{CORE}", f"-I{tmp_path}"]
    program = tmp_path / "program"
    sources = [tmp_path / "main.c", *sorted(CORE.glob("*.c"))]
    done = subprocess.run([*command, *sources, "-lm", "-o", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert [int(number) for number in said.split()] == run_integers(whole, np.zeros((1, 49, 40), np.int8))[
        0
    ].tolist()


@pytest.mark.parametrize("labels", [(), ("silence",), ("yes", "yes")])
def test_fewer_than_two_labels_are_refused_in_one_line(labels):
    with pytest.raises(KwsError, match="too few or repeated") as caught:
        ModelConfig(labels=labels)
    assert "\n" not in str(caught.value)
