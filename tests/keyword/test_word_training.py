"""A keyword of few takes is heard as often as the recipe says, each time as another copy."""

import numpy as np

from kwslib.features.dataset import FeatureSet
from kwslib.keyword.training import repeated


def numbered(copies, labels):
    """Features that tell copy and example: x[copy * n + i] is full of 10 * copy + i."""
    n = len(labels)
    values = np.array([10 * copy + i for copy in range(copies) for i in range(n)], np.int8)
    x = np.broadcast_to(values[:, None, None], (copies * n, 49, 40)).copy()
    return FeatureSet(x, np.tile(labels, copies), tuple(f"clip{i}" for i in range(n)), copies)


def test_the_share_is_reached_and_every_repeat_is_another_copy():
    data = repeated(numbered(3, [0, 1, 1, 1, 1, 1, 2]), 2, 0.25)
    x, y = data.copy(1)
    assert data.n == 8
    assert (y == 2).mean() == 0.25
    assert x[y == 2][:, 0, 0].tolist() == [16, 26]
    assert len(data.names) == 8
    assert [data.names[row] for row in np.flatnonzero(y == 2)] == ["clip6", "clip6"]


def test_a_keyword_that_is_frequent_enough_stays():
    data = numbered(2, [0, 1, 2, 2])
    assert repeated(data, 2, 0.25) is data
