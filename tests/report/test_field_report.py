"""What Part 4 records of the field test."""

from types import SimpleNamespace

import numpy as np
import pytest

from kwslib.deployment.decision import DecisionSettings
from kwslib.field.evaluate import FieldResult
from kwslib.field.factors import CLEAN, WHOLE_FIELD, Effect, Factor
from kwslib.field.rooms import Room
from kwslib.field.trials import Trial
from kwslib.labels import class_labels
from kwslib.report.part4 import field


def test_shares_of_a_class_are_of_its_own_trials():
    said = np.array([0] * 2 + [1] * 10 + [2] * 3 + [3] * 5)
    answers = np.where(np.isin(np.arange(20), (2, 3, 4)), 0, said)  # three unknown words answered as silence
    labels = class_labels()
    result = FieldResult(labels, said, answers, 0, 1.0, DecisionSettings())
    silenced = field.unknown_values(result)["field_unknown_as_silence"]
    assert (silenced.value, silenced.n) == (pytest.approx(3 / 10), 10)
    assert field.trial_values("field", result)["accuracy_field_unknown"].value == pytest.approx(7 / 10)


def test_the_table_of_trials_has_headings_with_units():
    room, clip = (
        Room("5.7 x 5.6 x 2.8 m", 0.9, 0.4, *np.zeros((2, 4))),
        SimpleNamespace(name="yes/a.wav", speaker="a"),
    )
    trial = Trial(0, 2, "testing", "yes", clip, 33_600, 60.6, 6.9, 0, "music")
    table = field.draws_table(SimpleNamespace(trial=lambda _: trial, rooms=(room,)), 1)
    assert table.iloc[0].to_dict() == {
        "said": "yes",
        "clip": "yes/a.wav",
        "level (dB SPL)": 60.6,
        "distance (m)": 0.9,
        "reverberation (s)": 0.4,
        "room": "5.7 × 5.6 × 2.8 m",
        "background": "music",
        "SNR (dB)": 6.9,
        "word starts (s)": 2.1,
    }


def test_a_factor_is_compared_with_the_whole_field_trial_by_trial():
    said, labels = np.arange(400) % 4, class_labels()

    def effect(name, wrong):
        answers = np.where(np.arange(400) < wrong, (said + 1) % 4, said)
        result = FieldResult(labels, said, answers, 0, 1.0, DecisionSettings())
        return Effect(Factor(name, "alone", CLEAN), result)

    table = field.factor_table(
        [effect(WHOLE_FIELD, 20), effect("room", 80), effect("noise", 14), effect("none", 20)]
    )
    assert table["made right, wrong"].tolist() == ["", "+0, −60", "+6, −0", "+0, −0"]
    assert table["p"].tolist() == ["", "< 0.001", "0.094", "1"]  # 2 / 2**6, for three comparisons
