"""`kws quantize` and `kws prune` leave checkpoints that every other command takes, or refuse in one line."""

import json

import numpy as np
import pytest
import torch
from converters import needs_converters
from shared_work import made_once
from small_corpus import write_corpus
from small_networks import Q8, checkpoint, lively
from small_word import with_little_work

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.data.word_file import WordFile
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_packed import packed_network, read_integers
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_sparse import compress
from kwslib.experiments import further
from kwslib.field.stream import open_network
from kwslib.keyword.road import Effort
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.pruning.weights import prunable, zero_share
from kwslib.quantization.grids import BINARY, TERNARY
from kwslib.quantization.integer import run_integers
from kwslib.quantization.quantizers import quantization_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with a corpus of noise and a tenet and a tinyconv that nobody trained."""

    def make(folder):
        write_corpus(folder / "corpus", words=("yes", "no", "up", "down"))
        for arch in ("tenet", "tinyconv"):
            config = ModelConfig(arch, labels=class_labels(("up", "yes")))
            save_checkpoint(folder / f"{arch}.pt", lively(arch), config, {"seed": 0})
        return folder

    return made_once(tmp_path_factory, "compress", make)


def zeros(path):
    """Which weights of a float or quantized checkpoint are zero, by layer."""
    network = load_checkpoint(path)[0]
    if quantization_of(network) is None:
        return {name: layer.weight == 0 for name, layer in prunable(fold_batch_norm(network)).items()}
    weights = {name.removesuffix(".layer"): layer.weight for name, layer in prunable(network).items()}
    return {name: network.get_submodule(name).weight(weight) == 0 for name, weight in weights.items()}


def result_of(kws, *arguments):
    status, out, error = kws(*arguments, "--json")
    assert status == 0, error
    return json.loads(out)


@needs_converters
def test_a_trained_network_on_few_bits_goes_everywhere(kws, synthetic, tmp_path):
    model, clip = tmp_path / "model.pt", next((synthetic / "yes").glob("*.wav"))
    result_of(kws, "train", "--arch", "tenet_valid", "--epochs", 1, "--out", model)
    for bits, method, *longer in ((4, "qat", "--epochs", 1), (2, "ptq")):
        out = tmp_path / f"{bits}.pt"
        made = result_of(kws, "quantize", model, "--bits", bits, "--method", method, *longer, "--out", out)
        assert (made["bits"], made["method"], made["epochs"]) == (bits, method, len(longer) // 2)
        assert (made["data"], made["synthetic"]) == ("synthetic", True)
        network = read_integers(out)
        assert network.bits == bits
        assert made["flash_bytes"]["packed"] == network.flash_bytes < made["flash_bytes"]["float32"] / 3
        assert np.array_equal(run_network(packed_network(network), Q8), run_integers(network, Q8))
        found = result_of(kws, "eval", out, "--split", "validation")
        assert found["accuracy"] == made["validation"]["after"]["accuracy"]
        assert result_of(kws, "profile", out)["flash_bytes"]["packed"] == network.flash_bytes
        exported = result_of(kws, "export", out, "--out", tmp_path / "made")
        assert sorted(exported["bytes"]) == ["kws_model.h", "model.tflite"]
        assert result_of(kws, "classify", tmp_path / "made" / "model.tflite", clip)["results"]
    before = result_of(kws, "eval", model, "--split", "validation")["accuracy"]
    assert made["validation"]["before"]["accuracy"] == before
    assert {path.name for path in tmp_path.iterdir()} == {"model.pt", "4.pt", "2.pt", "made"}


@pytest.mark.parametrize(
    ("bits", "width"), [("ternary", TERNARY), ("binary", BINARY), ("1", BINARY), ("8", 8)]
)
def test_widths_have_names(kws, small, tmp_path, bits, width):
    out, data = tmp_path / "small.pt", small / "corpus"
    given = (
        "quantize",
        small / "tinyconv.pt",
        "--bits",
        bits,
        "--data",
        data,
        "--method",
        "ptq",
        "--out",
        out,
    )
    status, text, error = kws(*given)
    assert status == 0, error
    quantization = quantization_of(load_checkpoint(out)[0])
    assert (quantization.weights, quantization.activations) == (width, 8)
    assert "validation clips right" in text
    assert f"{read_integers(out).flash_bytes:,} bytes" in text
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize("arch", ["tinyconv", "tenet"])
def test_zeros_stay_zero_on_few_bits(kws, small, tmp_path, arch):
    given = ("--data", small / "corpus", "--epochs", 1)
    pruned = tmp_path / "pruned.pt"
    made = result_of(kws, "prune", small / f"{arch}.pt", "--sparsity", 0.75, *given, "--out", pruned)
    network = load_checkpoint(pruned)[0]
    assert zero_share(network) == pytest.approx(0.75, abs=1e-3)
    assert made["zero_share"] == zero_share(network)
    assert made["parameters"]["after"] < made["parameters"]["before"] / 2
    assert made["flash_bytes"]["sparse"] <= made["flash_bytes"]["int8"] < made["flash_bytes"]["float32"]
    for method, options in (("qat", given), ("ptq", given[:2])):
        out = tmp_path / f"{method}.pt"
        result_of(kws, "quantize", pruned, "--bits", 4, "--method", method, *options, "--out", out)
        after = zeros(out)
        assert all(after[name][gone].all() for name, gone in zeros(pruned).items())
    status, text, _ = kws("quantize", pruned, "--bits", 8, "--method", "ptq", *given[:2], "--out", out)
    assert status == 0
    assert (" without the zeros" in text) == (arch == "tinyconv")  # whose dense layer the core stores so


@needs_converters
def test_a_pruned_network_exports_to_the_sparse_core(kws, small, tmp_path):
    data, pruned = ("--data", small / "corpus"), tmp_path / "pruned.pt"
    result_of(kws, "prune", small / "tinyconv.pt", "--sparsity", 0.9, *data, "--epochs", 1, "--out", pruned)
    result_of(kws, "export", pruned, *data, "--out", tmp_path)
    core = compress(read_network(tmp_path / "model.tflite"))
    assert "sparse" in [layer.kind for layer in core.layers]
    assert result_of(kws, "eval", pruned, *data)["n"]


def test_pruned_networks_are_not_pruned_less_and_are_not_binary(kws, small, tmp_path):
    data = ("--data", small / "corpus")
    model = lively("tinyconv")
    with torch.no_grad():
        model.linear.weight[:, ::2] = 0
    pruned, out = tmp_path / "half.pt", tmp_path / "out.pt"
    save_checkpoint(pruned, model, ModelConfig())
    for command, said in (
        (("prune", pruned, "--sparsity", 0.3), "already: name a larger --sparsity"),
        (("quantize", pruned, "--bits", "binary"), "binary weights are never zero: use ternary ones"),
        (("quantize", pruned, "--bits", 1), "binary weights are never zero: use ternary ones"),
    ):
        status, text, error = kws(*command, *data, "--out", out)
        assert (status, text, len(error.splitlines())) == (2, "", 1), error
        assert str(pruned) in error
        assert said in error
    assert not out.exists()


def test_a_network_for_the_field_gets_a_threshold_of_its_own(kws, tmp_path):
    data = ("--data", write_corpus(tmp_path / "corpus", words=("yes", "no", "up", "down")))
    model = tmp_path / "field.pt"
    result_of(kws, "train", "--field", "--epochs", 1, *data, "--out", model)
    for command in (
        ("quantize", model, "--bits", 4, "--epochs", 1),
        ("quantize", model, "--bits", 8, "--method", "ptq"),
        ("prune", model, "--sparsity", 0.5, "--epochs", 1),
    ):
        out = tmp_path / "small.pt"
        made = result_of(kws, *command, *data, "--out", out)
        settings = open_network(out).settings
        assert (settings.threshold, settings.smoothing) == (made["threshold"], made["smoothing"])
    status, text, _ = kws(*command, *data, "--out", out)
    earlier = open_network(model).settings.threshold
    assert status == 0
    assert f"{settings.threshold:g} on, {earlier:g} before (profile quick)" in text


REFUSED = [  # arguments, what the line says
    (("quantize", "QUANTIZED", "--bits", "4"), "quantized already: give the float checkpoint"),
    (("prune", "QUANTIZED", "--sparsity", "0.5"), "quantized already: give the float checkpoint"),
    (("quantize", "MODEL", "--bits", "9"), "'9' bits: use a whole number from 1 to 8, ternary or binary"),
    (("quantize", "MODEL", "--bits", "2.5"), "'2.5' bits: use a whole number"),
    (
        ("quantize", "MODEL", "--bits", "4", "--method", "nearest"),
        "method 'nearest' is unknown: use ptq or qat",
    ),
    (
        ("quantize", "MODEL", "--bits", "4", "--method", "ptq", "--epochs", "2"),
        "--method ptq trains no epochs: leave --epochs out",
    ),
    *(
        (("prune", "MODEL", "--sparsity", value), f"sparsity {value}: use a share above 0 and below 1")
        for value in ("0", "1", "-1", "nan", "75")
    ),
    (("prune", "MODEL", "--sparsity", "0.99999"), "leaves no weight: name a smaller one"),
    (("prune", "MODEL", "--sparsity", "1e-9"), "a sparsity of 1e-09 removes no weight: name a larger one"),
    (("prune", "ZERO", "--sparsity", "0.5"), "zero.pt: all of its weights are zero: train it again"),
    *(
        ((*command, *options), said)
        for name, said in (
            ("HUGE", "huge.pt: its logits are not finite: its weights are too large"),
            ("STOPPED", "stopped.pt: its training was stopped: run the same `kws train` again"),
        )
        for command, options in (
            (("prune", name), ("--sparsity", "0.5", "--epochs", "1")),
            (("quantize", name), ("--bits", "4", "--epochs", "1")),
            (("quantize", name), ("--bits", "4", "--method", "ptq")),
        )
    ),
    (("quantize", "MODEL", "--bits", "4", "--data", "MODEL"), "not a corpus file: make one with"),
    (("quantize", "model.tflite", "--bits", "4"), "model.tflite: not a checkpoint: give FILE.pt"),
    (("prune", "model.tflite", "--sparsity", "0.5"), "model.tflite: not a checkpoint: give FILE.pt"),
    (("prune", "MODEL", "--sparsity", "0.5", "--data", "OTHER"), "no clips of up"),
    (("quantize", "MODEL", "--bits", "4", "--data", "OTHER"), "no clips of up"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_bad_input_is_one_line_and_leaves_nothing(kws, small, tmp_path, arguments, said):
    known = {"MODEL": small / "tinyconv.pt", "OTHER": tmp_path / "other"}
    for name, factor, extra in (("HUGE", 1e30, {}), ("ZERO", 0, {}), ("STOPPED", 1, {"finished": False})):
        network, config, _ = load_checkpoint(small / "tinyconv.pt")
        with torch.no_grad():
            for layer in prunable(network).values():
                layer.weight *= factor
        known[name] = tmp_path / f"{name.lower()}.pt"
        save_checkpoint(known[name], network, config, extra)
    if "QUANTIZED" in arguments:
        known["QUANTIZED"] = checkpoint(tmp_path, 8)
    if "OTHER" in arguments:
        write_corpus(tmp_path / "other", words=("yes", "no"))
    out = tmp_path / "out.pt"
    filled = [known.get(each, each) for each in arguments]
    data = () if "--data" in filled else ("--data", small / "corpus")
    status, text, error = kws(*filled, *data, "--out", out)
    lines = [line for line in error.splitlines() if not line.startswith("data:")]
    assert (status, text, len(lines)) == (2, "", 1), error
    assert said in lines[0]
    assert not out.exists()


@pytest.mark.parametrize("command", [("quantize", "--bits", "4"), ("prune", "--sparsity", "0.5")])
def test_the_output_is_another_checkpoint(kws, small, tmp_path, monkeypatch, command):
    model = small / "tinyconv.pt"
    before = model.read_bytes()
    for out, said in (
        (model, "would be replaced by what is made of it: name another file"),
        (tmp_path / "out.tflite", "out.tflite: not a checkpoint's name: give one that ends in .pt"),
        (model / "out.pt", "cannot be written (Not a directory): choose another place"),
    ):
        status, text, error = kws(command[0], model, *command[1:], "--out", out)
        assert (status, text, len(error.splitlines())) == (2, "", 1), error
        assert said in error
    assert model.read_bytes() == before


def test_a_word_of_ones_own_is_trained_further_on_its_corpus(kws, small, tmp_path, monkeypatch):
    """As `kws keyword` trained it, on what its corpus.json names, with a threshold chosen anew."""
    monkeypatch.setattr(further, "WORD_EFFORT", Effort(1, 3, 0.05))
    with_little_work(monkeypatch, tmp_path / "cache")
    model, out = tmp_path / "model.pt", tmp_path / "small.pt"
    config, noted = ModelConfig(labels=class_labels(("kiwi",))), {"threshold": 0.5, "smoothing": 3}
    save_checkpoint(model, build(config), config, {"decision": noted, "choice": noted})
    WordFile("kiwi", None, (), (), (small / "corpus",)).save(tmp_path / "corpus.json")
    for name, *options in (("quantize", "--bits", 4), ("prune", "--sparsity", 0.5)):
        made = result_of(kws, name, model, *options, "--data", tmp_path / "corpus.json", "--out", out)
        assert open_network(out).settings.threshold == made["threshold"]
        assert load_checkpoint(out)[2]["choice"]["threshold"] == made["threshold"]
    status, _, error = kws("quantize", model, "--bits", 4, "--data", small / "corpus", "--out", out)
    assert status == 2
    assert f"no clips of kiwi in {small / 'corpus'}: give the word's corpus file" in error
