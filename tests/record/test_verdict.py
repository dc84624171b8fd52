"""Verdicts are given by the rule of Methods, and by nothing else."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.errors import KwsError
from kwslib.record import headline
from kwslib.record.comparison import Comparison, comparability, compare, load_original, load_results
from kwslib.record.verdict import Verdict, load_comparability, originals_interval, ranked, reach
from kwslib.statistics import wilson

ORIGINAL = load_original()


def row(value, ours=None, better="higher", sign="", n=None, interval=None, differs=None, shift=0.0):
    entry = replace(ORIGINAL["accuracy_testing"], value=value, better=better, sign=sign, n=n)
    return Comparison(entry, ours, interval, interval, differs, shift)


def test_a_difference_within_the_intervals_is_none():
    assert row(93.2, 94.9, n=1368, interval=(93.6, 95.9)).verdict == "not told apart"
    assert row(93.2, 96.5, n=1368, interval=(95.9, 97.1)).verdict == "better"
    assert row(93.2, 90.0, n=1368, interval=(89.0, 91.0)).verdict == "worse"


def test_a_change_of_test_counts_against_a_difference():
    assert row(93.2, 95.5, n=1368, interval=(94.6, 96.0)).verdict == "better"
    assert row(93.2, 95.5, n=1368, interval=(94.6, 96.0), shift=0.5).verdict == "not told apart"


def test_above_means_anything_above():
    assert row(87, 92.4, sign=">", n=1368, interval=(90.9, 93.7)).verdict == "not told apart"
    assert row(87, 80.0, sign=">", n=1368, interval=(78.0, 82.0)).verdict == "worse"


def test_less_is_better_where_the_original_says_so():
    assert row(3, 1, better="lower").verdict == "better"
    assert row(3, 4, better="lower").verdict == "worse"
    assert row(3, 3, better="lower").verdict == "not told apart"


def test_settings_are_the_same_or_cannot_be_compared():
    assert row(16652, 16652, better="equal").verdict == "same"
    assert row(16652, 16650, better="equal").verdict == "not comparable"
    assert row(10000, 16000, better="none", sign=">").verdict == "same"
    assert row(0.67, 0.676, better="equal", sign="≈").verdict == "same"
    assert row(79.7, 79.696, better="equal", sign="≈").verdict == "same"


def test_what_measures_something_else_gets_no_verdict():
    found = row(1.019, 0.08, better="lower", differs="another computer")
    assert (found.verdict, found.reason) == ("not comparable", "another computer")
    assert row(93.2).verdict == "not recorded"
    assert row(93.2).difference is None


shares = st.tuples(st.integers(20, 2000), st.floats(0, 100))


@given(shares, st.floats(0, 100), st.floats(0, 5))
def test_only_intervals_that_leave_each_other_out_are_told_apart(counts, ours, shift):
    n, value = counts
    theirs = originals_interval(value, n, 100)
    mine = reach(None, ours, 1368, 100)
    verdict = ranked(theirs, mine, True, shift)
    overlap = theirs[0] <= mine[1] + shift and mine[0] <= theirs[1] + shift
    assert (verdict == "not told apart") == overlap
    swapped = {"better": "worse", "worse": "better"}.get(verdict, verdict)
    assert ranked(mine, theirs, True, shift) == swapped == ranked(theirs, mine, False, shift)


def test_the_original_s_interval_is_wilson_s():
    low, high = wilson(1275, 1368)
    assert ORIGINAL["accuracy_testing"].ci95 == pytest.approx((100 * low, 100 * high))
    low, high = wilson(271, 272)
    assert ORIGINAL["figure9_correct_silence"].ci95 == pytest.approx((272 * low, 272 * high))
    low, high = wilson(13, 20)
    assert ORIGINAL["field_accuracy"].ci95 == pytest.approx((100 * low, 100 * high))
    assert ORIGINAL["board_network"].ci95 is None


def test_no_interval_of_ours_is_narrower_than_its_clips_allow():
    """Five runs that all get 272 of 272 leave as much open as one."""
    assert reach((1.0, 1.0), 1.0, 272, 1.0) == pytest.approx(wilson(272, 272))


def test_patterns_name_values_that_exist():
    known = comparability()
    for pattern in (*known.not_comparable, *known.other_test, *known.modelled):
        hits = [key for key in ORIGINAL if replace_one(known, pattern, key)]
        assert hits, pattern


def replace_one(known, pattern, key):
    return replace(known, not_comparable={pattern: "x"}, other_test=(), modelled=()).why_not(key)


def test_every_row_that_is_not_compared_says_why():
    rows = compare(load_results())
    assert [row.original.key for row in rows if row.verdict == "not comparable" and not row.reason] == []
    assert {row.verdict for row in rows} <= set(get_args(Verdict))


def test_no_computer_and_no_simulation_is_better():
    """Other hardware, a cycle model, simulated rooms: nothing of that is better or worse."""
    for row in compare(load_results()):
        if row.original.unit in ("ms", "us") or row.original.key.startswith(("board_", "field_")):
            assert row.verdict in ("not comparable", "no counterpart")


def test_the_headline_has_the_fair_pair_the_hours_and_the_misses():
    rows = headline.rows(load_results())
    gists = " ".join(row.gist for row in rows)
    assert "drawn the original's way" in gists
    assert "missed over hours" in gists
    assert "false accepts an hour" in gists
    assert all(row.ours for row in rows)


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "comparability.yml"
    path.write_text("not_comparable: {}\n")
    with pytest.raises(KwsError, match=r"comparability\.yml.*not_comparable, other_test"):
        load_comparability(path)
