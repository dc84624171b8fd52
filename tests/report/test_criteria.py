"""Part 6 compares criteria on networks in which it is known what a criterion takes away, and what then is answered."""

from pathlib import Path

import numpy as np
import pytest
import torch

from kwslib.checkpoints import save_checkpoint
from kwslib.features.dataset import FeatureSet
from kwslib.features.frontend import INPUT_ZERO_POINT
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.report.part6.tables import channels_by_criterion, criteria_table, raw_by_criterion

CONFIG = ModelConfig()
SILENCE, NO = 0, 3


def still(*y: int) -> FeatureSet:
    """Examples of a normalised 0 everywhere: a convolution's outputs are its biases."""
    names = tuple(map(str, range(len(y))))
    return FeatureSet(np.full((len(y), 49, 40), INPUT_ZERO_POINT, np.int8), np.array(y), names)


def network(path: Path, rows: dict[int, list[float]], filters: torch.Tensor) -> Path:
    """A TinyConv whose channels are all 1. rows: weights of a class's output for (a place's) channels, which repeat;
    without any it answers silence. filters: the weights of each channel, alike within it, (8,)."""
    model = fold_batch_norm(build(CONFIG)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.conv.weight += filters.reshape(-1, 1, 1, 1)
        model.conv.bias += 1
        model.linear.bias[SILENCE] = 0.5
        for label, weights in rows.items():
            model.linear.weight[label] = torch.tensor(weights).repeat(4000 // len(weights))
    save_checkpoint(path, model, CONFIG)
    return path


def test_weights_of_the_least_magnitude_go_first_and_seeds_are_averaged(tmp_path):
    heavy = {1: [5.0, -5.0], 2: [5.0, -5.0]}  # which cancel each other out
    many = {NO: [0.001]}  # which together say "no"
    none = torch.zeros(8)
    bases = {0: network(tmp_path / "0.pt", heavy | many, none), 1: network(tmp_path / "1.pt", {}, none)}
    testing = still(NO, SILENCE, SILENCE, SILENCE)
    table = raw_by_criterion(bases, still(NO), testing, [0.5, 0.0], [("l1", 1), ("l1", 4)])
    assert list(table.columns) == [0.0, 0.5]
    assert list(table.index) == [("L1", 1), ("L1", 4)]
    assert table.index.names == ["criterion", "block"]
    assert table.loc[("L1", 1)].tolist() == [50, 75]  # (25 + 75) / 2 %, then both answer silence
    assert table.loc[("L1", 4)].tolist() == [50, 75]
    assert list(criteria_table(table).columns) == ["0 %", "50 %"]


@pytest.mark.slow
def test_only_the_loss_keeps_the_channel_of_the_smallest_filter_on_which_the_answer_depends(tmp_path):
    rows, filters = {NO: [0.01] + [0.0] * 7}, torch.arange(1.0, 9.0)
    bases = {seed: network(tmp_path / f"{seed}.pt", rows, filters) for seed in (0, 1)}
    table = channels_by_criterion(bases, still(NO, NO), still(NO, NO, NO))
    assert list(table.columns) == [7, 6, 5, 4, 3, 2, 1]
    assert list(table.index) == ["L1", "L2", "L∞", "loss"]
    assert table.loc["loss"].tolist() == pytest.approx([100] * 7)
    for norm in ("L1", "L2", "L∞"):
        assert table.loc[norm].tolist() == [0] * 7
