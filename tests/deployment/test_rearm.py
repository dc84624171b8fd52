"""A dead time per word: the same word waits until its score has fallen, another one does not."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kwslib.deployment.decision import Decision, DecisionSettings
from kwslib.features.ccore import interface, library, pointer, structure

SILENCE, YES, NO, EVEN = (
    (127, -128, -128, -128),
    (-128, -128, 127, -128),
    (-128, -128, -128, 127),
    (0, 0, 0, 0),
)


def reports(hops: list[tuple[int, ...]], settings: DecisionSettings) -> list[int]:
    fields = settings.fields(0.1)
    struct = structure("kws_decision_settings", fields)
    decision, rearm = interface().new("kws_decision *"), interface().new("kws_rearm *")
    library().kws_decision_init(decision)
    library().kws_rearm_init(rearm)
    smoothed = np.empty(settings.classes, np.uint16)
    return [
        library().kws_decide_by_word(
            struct, decision, rearm, pointer(np.array(h, np.int8)), pointer(smoothed)
        )
        for h in hops
    ]


def found(hops: list[tuple[int, ...]], dead: int = 5, smoothing: int = 1) -> list[tuple[int, int]]:
    """(hop, class) of every report."""
    settings = DecisionSettings(smoothing=smoothing, suppression=dead)
    return [(hop, label) for hop, label in enumerate(reports(hops, settings)) if label >= 0]


def test_another_word_is_reported_at_once():
    assert found([YES, NO, YES, NO]) == [(0, 2), (1, 3)]
    common = Decision(DecisionSettings(smoothing=1, suppression=5), 0.1)
    assert [common.process(np.array(h, np.int8))[0] for h in (YES, NO, YES, NO)] == [2, -1, -1, -1]


def test_a_word_without_an_end_is_one_word():
    assert found([YES] * 100) == [(0, 2)]


def test_a_word_said_again_after_its_dead_time_is_another():
    assert found([YES, *[SILENCE] * 5, YES]) == [(0, 2), (6, 2)]
    assert found([YES, *[SILENCE] * 2, *[YES] * 20]) == [(0, 2), (6, 2)]  # fallen while it was dead


def test_a_score_that_has_not_fallen_far_frees_nothing():
    near = (-128, -128, 14, 10)  # 0.6 of yes: below the threshold, above three quarters of it
    assert found([YES, *[near] * 20, YES]) == [(0, 2)]
    assert found([YES, *[near] * 20, EVEN, YES]) == [(0, 2), (22, 2)]


@given(st.lists(st.sampled_from((SILENCE, YES, NO, EVEN)), max_size=60), st.integers(0, 6), st.integers(1, 4))
def test_two_reports_of_a_word_have_its_dead_time_and_a_fall_between_them(hops, dead, smoothing):
    always = found(hops, 0, smoothing)
    seen = found(hops, dead, smoothing)
    for word in (2, 3):
        times = [hop for hop, label in seen if label == word]
        assert all(later - earlier > dead for earlier, later in pairwise(times))
    assert {label for _, label in seen} <= {label for _, label in always}
    assert seen[:1] == always[:1]
