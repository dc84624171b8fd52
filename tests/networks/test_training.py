"""Training is a function of its seed, survives interruption, and leaves checkpoints that carry what they are."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_networks import CONFIG, RECIPE, all_weights, toy

from kwslib.checkpoints import load_checkpoint, save_checkpoint, start_from, train, unfinished_model
from kwslib.errors import KwsError
from kwslib.labels import class_labels
from kwslib.networks.masking import masked
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.networks.training import Recipe, predict
from kwslib.quantization.quantizers import Quantization, quantized


@pytest.mark.slow
def test_it_learns_and_a_seed_fixes_every_bit():
    first, history = train(CONFIG, RECIPE, toy(64, copies=2), toy(32, seed=1), seed=3)
    second, _ = train(CONFIG, RECIPE, toy(64, copies=2), toy(32, seed=1), seed=3)
    other, _ = train(CONFIG, RECIPE, toy(64, copies=2), toy(32, seed=1), seed=4)
    assert history[-1].validation_accuracy > 0.9
    assert torch.equal(all_weights(first), all_weights(second))
    assert not torch.equal(all_weights(first), all_weights(other))


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_bits(tmp_path):
    whole, _ = train(CONFIG, RECIPE, toy(64), toy(32, seed=1), seed=0)
    out = tmp_path / "model.pt"

    def interrupt(epoch, _network):
        if epoch.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(CONFIG, RECIPE, toy(64), toy(32, seed=1), seed=0, out=out, after_epoch=interrupt)
    assert not out.exists()
    assert load_checkpoint(unfinished_model(out))[2]["finished"] is False
    resumed, history = train(CONFIG, RECIPE, toy(64), toy(32, seed=1), seed=0, out=out)
    assert [epoch.epoch for epoch in history] == [0, 1, 2]
    assert torch.equal(all_weights(whole), all_weights(resumed))
    assert load_checkpoint(out)[2]["finished"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


def test_a_checkpoint_carries_labels_and_predicts_the_same(tmp_path):
    out = tmp_path / "model.pt"
    data = toy(32, seed=1)
    model, _ = train(CONFIG, RECIPE, toy(64), data, seed=0, out=out)
    loaded, config, extra = load_checkpoint(out)
    assert config.labels == ("silence", "unknown", "yes", "no")
    assert extra["seed"] == 0
    assert np.array_equal(predict(model, data.x), predict(loaded, data.x))


def test_a_network_starts_from_one_for_other_words(tmp_path):
    known = tmp_path / "known.pt"
    others = replace(CONFIG, labels=class_labels(("up", "down", "left")))
    features = toy(64, seed=2)
    y = np.concatenate([features.y[:-1], [4]])
    before, _ = train(others, RECIPE, replace(features, y=y), replace(features, y=y), seed=5, out=known)
    still = Recipe(epochs=1, batch_size=16, learning_rate=1e-12, weight_decay=0)
    after, _ = train(CONFIG, still, toy(64), toy(32, seed=1), seed=0, start=known)
    fresh, _ = train(CONFIG, still, toy(64), toy(32, seed=1), seed=0)
    weights = {
        name: [net.state_dict()[name] for net in (before, after, fresh)] for name in before.state_dict()
    }
    assert torch.allclose(*weights["conv.weight"][:2])
    assert not torch.allclose(*weights["conv.weight"][1:])
    assert torch.allclose(*weights["linear.weight"][1:])  # the answers are to other words


def test_answers_to_as_many_other_words_are_not_taken(tmp_path):
    config = ModelConfig(arch="tenet")
    save_checkpoint(tmp_path / "known.pt", build(config), config)
    mine = replace(config, labels=class_labels(("up", "down")))
    model = build(mine)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    start_from(model, mine, tmp_path / "known.pt")
    after = model.state_dict()
    assert all(after[name].equal(before[name]) for name in ("linear.weight", "linear.bias"))
    assert not after["conv.weight"].equal(before["conv.weight"])


@pytest.mark.parametrize(
    ("known", "made", "said"),
    [
        (ModelConfig(), lambda network: network, "a tinyconv of 8 channels"),
        (ModelConfig("tenet", channels=16), lambda network: network, "a tenet of 16 channels"),
        (
            ModelConfig("tenet"),
            fold_batch_norm,
            "a tenet of 32 channels, quantized or without its batch norms",
        ),
        (
            ModelConfig("tenet"),
            lambda network: quantized(fold_batch_norm(network), Quantization(8, 8)),
            "a tenet of 32 channels, quantized or without its batch norms",
        ),
    ],
)
def test_a_network_starts_only_from_one_of_its_kind_as_it_was_trained(tmp_path, known, made, said):
    save_checkpoint(tmp_path / "known.pt", made(build(known)), known)
    config = ModelConfig("tenet")
    with pytest.raises(KwsError, match=r"known\.pt") as refused:
        start_from(build(config), config, tmp_path / "known.pt")
    remedy = "start from a tenet of 32 channels as `kws train` leaves it"
    assert str(refused.value) == f"{tmp_path / 'known.pt'}: {said}: {remedy}"


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"learning_rate": 0}, {"label_smoothing": 1.0}])
def test_impossible_recipes_are_refused(wrong):
    with pytest.raises(KwsError):
        Recipe(**wrong)


def test_masks_hide_one_stretch_of_frames_and_one_band():
    torch.manual_seed(0)
    x = masked(torch.ones(400, 49, 40), 10, 8)
    frames, channels = (x == 0).all(2), (x == 0).all(1)
    assert (frames.sum(1).min(), frames.sum(1).max()) == (0, 10)
    assert (channels.sum(1).min(), channels.sum(1).max()) == (0, 8)
    assert torch.equal(x == 0, frames[:, :, None] | channels[:, None])
    for hidden in (frames, channels):
        assert (hidden.int().diff(dim=1) == 1).sum(1).max() <= 1  # in one piece
        assert hidden.any(0).all()  # anywhere


@pytest.mark.parametrize("changed", [{"mask_frames": 10}, {"mask_channels": 8}, {"taught": 0.7}])
def test_masked_and_taught_runs_go_on_to_the_same_bits(tmp_path, changed):
    recipe, data, out = replace(RECIPE, **changed), toy(64, copies=2), tmp_path / "model.pt"
    teacher = np.random.default_rng(0).normal(size=(128, 4)).astype(np.float32)
    given = {"teacher": teacher} if recipe.taught else {}

    def interrupt(epoch, _network):
        if epoch.epoch == 1:
            raise KeyboardInterrupt

    whole, _ = train(CONFIG, recipe, data, toy(32, seed=1), seed=0, **given)
    with pytest.raises(KeyboardInterrupt):
        train(CONFIG, recipe, data, toy(32, seed=1), seed=0, out=out, after_epoch=interrupt, **given)
    if given:
        with pytest.raises(KwsError, match="other teacher"):
            train(CONFIG, recipe, data, toy(32, seed=1), seed=0, out=out, teacher=teacher + 1)
    resumed, _ = train(CONFIG, recipe, data, toy(32, seed=1), seed=0, out=out, **given)
    assert torch.equal(all_weights(whole), all_weights(resumed))
    plain, _ = train(CONFIG, RECIPE, data, toy(32, seed=1), seed=0)
    assert not torch.equal(all_weights(whole), all_weights(plain))


def test_a_student_learns_what_its_teacher_says_and_not_the_labels():
    """Every copy's own answers: a teacher that takes each class for the next one."""
    recipe, data = replace(RECIPE, epochs=12, taught=1.0), toy(64, copies=2)
    teacher = 5 * np.eye(4, dtype=np.float32)[(data.y + 1) % 4]
    model, _ = train(CONFIG, recipe, data, toy(32, seed=1), seed=0, teacher=teacher)
    test = toy(64, seed=2)
    assert np.mean(predict(model, test.x).argmax(1) == (test.y + 1) % 4) > 0.9


@pytest.mark.parametrize(
    ("recipe", "teacher"),
    [({"taught": 0.5}, None), ({}, np.zeros((64, 4), np.float32))],
)
def test_a_teacher_and_a_recipe_that_is_taught_belong_together(recipe, teacher):
    with pytest.raises(KwsError, match="--teacher"):
        train(CONFIG, replace(RECIPE, **recipe), toy(64), toy(32, seed=1), seed=0, teacher=teacher)


@pytest.mark.parametrize(
    "wrong", [{"mask_frames": 49}, {"mask_channels": -1}, {"taught": 1.1}, {"temperature": 0}]
)
def test_a_recipe_is_checked(wrong):
    with pytest.raises(KwsError, match="a recipe"):
        replace(RECIPE, **wrong)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_what_another_process_shares_is_trained_on_without_a_warning(dtype):
    """joblib hands large arrays to its processes as files that cannot be written."""
    shared = toy(64)
    x = np.zeros(shared.x.shape, dtype)
    for array in (x, shared.y):
        array.setflags(write=False)
    train(CONFIG, RECIPE, replace(shared, x=x), toy(32, seed=1), seed=3)
