"""Every network of the zoo in every form: int8, packed, pruned, narrow, on a stream; one that joins is tested too."""

from functools import cache

import numpy as np
import pytest
import torch
from small_networks import Q8, integer_logits, lively, toy
from stream_networks import noise, of_windows
from tflite_files import reference

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_packed import int8_network, packed_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_sparse import compress, dense_weights
from kwslib.deployment.core_stream import run_at_once, run_stream
from kwslib.deployment.integer_graph import to_graph
from kwslib.deployment.stream_plan import stream
from kwslib.deployment.tflite_flatbuffer import Description
from kwslib.deployment.tflite_write import write
from kwslib.experiments.quantization import ours
from kwslib.features.frontend import normalise
from kwslib.labels import class_labels
from kwslib.networks.models import ZOO, ModelConfig, fold_batch_norm
from kwslib.networks.training import Recipe, predict
from kwslib.pruning.channels import keep_channels, last, removal_orders
from kwslib.pruning.coupled import coupled
from kwslib.pruning.weights import Pruning, finish, prune_to
from kwslib.quantization.integer import integer_network, run_integers
from kwslib.quantization.ptq import post_training
from kwslib.quantization.qat import quantization_aware

QUICK = ("tinyconv", "tenet_branches", "tenet_valid")
ANY = [arch if arch in QUICK else pytest.param(arch, marks=pytest.mark.slow) for arch in ZOO]
CLIPS = Q8[:3]
X = torch.from_numpy(normalise(CLIPS))


@cache
def narrowed(arch: str, bits: int):
    """A network of the zoo, quantized; for reading alone."""
    return post_training(lively(arch), ours(bits), X, careful=False)


def in_eight_bits(model):
    return integer_network(post_training(model, ours(8), X, careful=False))


@pytest.mark.slow
@pytest.mark.parametrize("arch", ZOO)
def test_training_on_a_grid_gives_packed_layers_that_compute_its_integers(tmp_path, arch):
    model, data, how = lively(arch), toy(8), Recipe(epochs=1, batch_size=8)
    for bits in (4, 2):
        trained, _ = quantization_aware(model, ours(bits), how, data, data, seed=0)
        whole = integer_network(trained)
        expected = run_integers(whole, CLIPS)
        path = tmp_path / "model.tflite"
        path.write_bytes(write(to_graph(whole), Description(class_labels(), arch, "0" * 16)))
        packed = packed_network(whole)
        for form in (int8_network(whole), packed, read_network(path)):
            np.testing.assert_array_equal(run_network(form, CLIPS), expected)
        np.testing.assert_array_equal(reference(path, CLIPS), expected)
        kinds = [layer.kind for layer in packed.layers if layer.kind not in ("mean", "sum")]
        assert all(kind.startswith("packed") or "depthwise" in kind for kind in kinds)
        save_checkpoint(tmp_path / "q.pt", trained, ModelConfig(arch))
        np.testing.assert_array_equal(
            run_integers(integer_network(load_checkpoint(tmp_path / "q.pt")[0]), CLIPS), expected
        )


@pytest.mark.parametrize("arch", ANY)
def test_integers_are_near_what_they_were_taken_from(arch):
    whole = integer_network(narrowed(arch, 8))
    steps = np.abs(integer_logits(whole, CLIPS) - predict(narrowed(arch, 8), CLIPS)) / whole.output[0]
    assert steps.mean() < 1


@pytest.mark.parametrize("arch", ANY)
def test_a_pruned_network_runs_by_its_weights_that_are_left(tmp_path, arch):
    model = fold_batch_norm(lively(arch))
    prune_to(model, Pruning(0.9, "lamp"))
    finish(model)
    save_checkpoint(tmp_path / "pruned.pt", model, ModelConfig(arch))
    loaded, _, _ = load_checkpoint(tmp_path / "pruned.pt")
    np.testing.assert_array_equal(predict(loaded, CLIPS), predict(model, CLIPS))
    whole = in_eight_bits(loaded)
    core = int8_network(whole)
    assert all((dense_weights(layer) == 0).any() for layer in core.layers if layer.kind == "dense")
    sparse = compress(core, worthwhile=1)
    assert any(layer.kind == "sparse" for layer in sparse.layers)
    np.testing.assert_array_equal(run_network(sparse, CLIPS), run_integers(whole, CLIPS))


@pytest.mark.slow
@pytest.mark.parametrize("arch", ANY)
def test_a_narrow_network_computes_what_the_silenced_one_does(tmp_path, arch):
    model = fold_batch_norm(lively(arch))
    keep = last(removal_orders(model, "l1", CLIPS, np.zeros(len(CLIPS), int)), 50)
    small = keep_channels(model, *keep)
    with torch.no_grad():
        for group, kept in zip(coupled(model), keep, strict=True):
            group.silence(model, [channel for channel in range(group.size) if channel not in kept])
        torch.testing.assert_close(small(X), model(X), rtol=1e-4, atol=1e-4)
    assert sum(p.numel() for p in small.parameters()) < 0.6 * sum(p.numel() for p in model.parameters())
    config = ModelConfig(arch, channels=len(keep[0]))
    save_checkpoint(tmp_path / "narrow.pt", small, config)
    np.testing.assert_array_equal(
        predict(load_checkpoint(tmp_path / "narrow.pt")[0], CLIPS), predict(small, CLIPS)
    )
    run_integers(in_eight_bits(small), CLIPS[:1])


@pytest.mark.parametrize("bits", [8, 2])
@pytest.mark.parametrize("arch", ANY)
def test_a_stream_hop_by_hop_is_its_windows_or_the_whole_stream(arch, bits):
    core = packed_network(integer_network(narrowed(arch, bits)))
    plan, frames = stream(core), noise(1, 120, 40)
    expected = run_at_once(core, frames, 2) if plan.endless else of_windows(core, frames, 2)
    np.testing.assert_array_equal(run_stream(plan, frames), expected)
