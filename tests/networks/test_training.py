"""Training is a function of its seed, survives interruption, and leaves checkpoints that carry what they are."""

import numpy as np
import pytest
import torch
from small_networks import toy

from kwslib.checkpoints import load_checkpoint, train, unfinished_model
from kwslib.errors import KwsError
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig
from kwslib.networks.training import Recipe, predict

CONFIG = ModelConfig(labels=class_labels())
RECIPE = Recipe(epochs=3, batch_size=16)


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.mark.slow
def test_it_learns_and_a_seed_fixes_every_bit():
    first, history = train(CONFIG, RECIPE, toy(64, copies=2), toy(32, seed=1), seed=3)
    second, _ = train(CONFIG, RECIPE, toy(64, copies=2), toy(32, seed=1), seed=3)
    other, _ = train(CONFIG, RECIPE, toy(64, copies=2), toy(32, seed=1), seed=4)
    assert history[-1].validation_accuracy > 0.9
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(other))


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
    assert torch.equal(weights(whole), weights(resumed))
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


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"learning_rate": 0}, {"label_smoothing": 1.0}])
def test_impossible_recipes_are_refused(wrong):
    with pytest.raises(KwsError):
        Recipe(**wrong)
