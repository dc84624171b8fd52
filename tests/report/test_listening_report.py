"""What Part 7 shows: rows that a hop makes new, clips in streams, whether a chain fits its hop."""

import numpy as np
import pytest

from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.features.frontend import features
from kwslib.record.comparison import recorded_folder
from kwslib.report.part7 import past, rows
from kwslib.report.part7.chains import verdict, window_ms


@pytest.fixture(scope="module")
def tinyconv():
    return read_network(recorded_folder() / "models" / "tinyconv.tflite")


def test_every_row_is_kept_or_has_its_reason(tinyconv):
    listed = rows.first_rows(tinyconv)
    kinds = [row.kind for row in listed]
    assert kinds[:2] == [rows.PADDED] * 2
    assert kinds[2:21] == [rows.KEPT] * 19
    assert kinds[21:] == [rows.NEW] + [rows.PADDED] * 3
    assert rows.counts(listed) == {rows.KEPT: 19, rows.PADDED: 5, rows.NEW: 1}
    for row in listed:  # those kept see neither padding nor the two new frames, one row down
        if row.kind == rows.KEPT:
            assert row.first >= 0
            assert row.last <= row.frames - 2


def test_a_clip_in_a_stream_is_heard_where_it_ends(tinyconv):
    """A window a frame off would pass for what a stream's past does."""
    clips = np.random.default_rng(0).integers(-3000, 3000, (5, 16_000)).astype(np.int16)
    frames = past._listened(clips)
    ends = np.arange(1, 6) * (len(frames) // 5)
    assert len(frames) == 250
    first = features(np.concatenate([np.zeros(320, np.int16), clips[0]])[None, :16_000])
    np.testing.assert_array_equal(frames[:49], first[0])
    alone = run_network(tinyconv, frames[None, 1:50])
    np.testing.assert_array_equal(past.logits_at(tinyconv, frames, ends)[0], alone[0])


def test_a_chain_that_does_not_fit_is_called_so():
    cost = {"fits": True, "worst_hop_ms": 3.0, "load_percent": 5.0, "whole_window_network_ms": 6.0}
    cost |= {"stages": {"network": {"ms_mean": 1.5}}}
    assert verdict(cost) == "yes"
    assert window_ms(cost) == pytest.approx(6.5)  # 2 ms a hop, of which 1.5 become 6
    assert verdict(cost | {"fits": False, "worst_hop_ms": 41.5}) == "no: 1.5 ms too long, not deployable"
