"""A keyword of few takes is heard as often as the recipe says, each time as another copy, by a network that knows
other words."""

import numpy as np

from kwslib.checkpoints import load_checkpoint, start_from
from kwslib.features.dataset import FeatureSet
from kwslib.keyword import ARCH
from kwslib.keyword.training import APART, pretrained, with_word, word_setup
from kwslib.networks.models import build


def numbered(copies, labels, first=0):
    """Features that tell copy and example: x[copy * n + i] is full of first + 10 * copy + i."""
    n = len(labels)
    values = np.array([first + 10 * copy + i for copy in range(copies) for i in range(n)], np.int8)
    x = np.broadcast_to(values[:, None, None], (copies * n, 49, 40)).copy()
    return FeatureSet(x, np.tile(labels, copies), tuple(f"clip{i}" for i in range(n)), copies)


def test_the_share_is_reached_and_every_repeat_is_the_next_copy():
    word = numbered(4, [2], first=100 - 128)
    data = with_word(numbered(3, [0, 2, 1, 1, 1, 1, 1]), word, 0.25)
    assert data.n == 8
    assert data.copies == 3
    seen = []
    for copy in range(3):
        x, y = data.copy(copy)
        assert (y == 2).mean() == 0.25
        assert x[y == 0][:, 0, 0].tolist() == [10 * copy]
        assert x[y == 1][:, 0, 0].tolist() == [10 * copy + other for other in range(2, 7)]
        seen += x[y == 2][:, 0, 0].tolist()
        assert [data.names[row] for row in np.flatnonzero(y == 2)] == ["clip0", "clip0"]
    assert seen == [-28, -18, -8, 2, -28, -18]


def test_a_keyword_that_is_frequent_enough_comes_once():
    data = with_word(numbered(2, [0, 1, 2]), numbered(2, [2, 2, 2]), 0.25)
    assert data.copy(1)[1].tolist() == [0, 1, 2, 2, 2]


def test_the_default_network_starts_from_one_that_never_heard_the_words_of_the_benchmark():
    path = pretrained(ARCH)
    known, config, _ = load_checkpoint(path)
    assert {"yes", "no", "stop"} < set(config.labels)
    assert not set(APART) & set(config.labels)
    mine = word_setup("computer", ARCH, 1).config
    model = build(mine)
    start_from(model, mine, path)
    kept = [name for name, tensor in model.state_dict().items() if tensor.equal(known.state_dict()[name])]
    assert set(model.state_dict()) - set(kept) == {"linear.weight", "linear.bias"}
    assert pretrained("tinyconv") is None
