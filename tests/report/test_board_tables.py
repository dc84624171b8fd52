"""Part 4's tables of the board, from a profile of round numbers."""

from types import SimpleNamespace

import pytest

from kwslib.report.part4.board import frontend_ms, peer_table, stage_table

STAGES = {  # of a whole second: 49 frames of 1 ms
    "frontend": {"ms": 49.0, "cycles": 49 * 64_000},
    "network": {"ms": 12.5, "cycles": 800_000},
    "decision": {"ms": 0.01, "cycles": 640},
}
PROFILE = SimpleNamespace(stages=lambda: STAGES)


def test_stages_stand_beside_the_original_s():
    table = stage_table(PROFILE)
    assert tuple(table.loc["network"]) == (87.91, 12.5, 800_000)
    assert tuple(table.loc["decision"]) == (0.23, 0.01, 640)
    assert table["cycles"].dtype == int


def test_the_front_end_is_told_for_a_frame_for_a_second_and_for_what_the_original_s_hears_in_a_cycle():
    table = stage_table(PROFILE)
    frame, second = table.loc["front end, one frame"], table.loc["front end, a whole second"]
    assert (frame["ours (ms)"], frame["cycles"]) == (1.0, 64_000)
    assert (second["ours (ms)"], second["cycles"]) == (49.0, 3_136_000)
    assert table["original (ms)"].isna().tolist() == [False, True, True, False, False]
    cycle = table.loc["front end, sound of one cycle"]
    frames = (22.52 + 87.91 + 0.23) / 20  # its three stages one after another, in steps of 20 ms
    assert (cycle["original (ms)"], cycle["ours (ms)"]) == (22.52, pytest.approx(frames))
    assert cycle["cycles"] == round(64_000 * frames)
    assert frontend_ms(PROFILE) == pytest.approx({"frame": 1, "cycle": frames, "second": 49})


def test_peers_are_told_in_cycles_per_product_and_in_times_ours():
    table = peer_table(PROFILE, macs=400_000)
    assert tuple(table.loc["ours"]) == (12.5, 2.0, 1.0)
    assert tuple(table.loc["TFLM, reference kernels, -O2"]) == pytest.approx((305.0, 48.8, 24.4))
    assert table["times ours"].min() == 1.0
