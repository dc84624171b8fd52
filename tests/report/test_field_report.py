"""What Part 4 records of the field test."""

import numpy as np
import pytest

from kwslib.deployment.decision import DecisionSettings
from kwslib.field.evaluate import FieldResult
from kwslib.field.stream import Network
from kwslib.labels import class_labels
from kwslib.profiles import PROFILES
from kwslib.record.recording import Run
from kwslib.report.part4 import field


def test_shares_of_a_class_are_of_its_own_trials(tmp_path, monkeypatch):
    said = np.array([0] * 2 + [1] * 10 + [2] * 3 + [3] * 5)
    answers = np.where(np.isin(np.arange(20), (2, 3, 4)), 0, said)  # three unknown words answered as silence
    labels = class_labels()
    result = FieldResult(labels, said, answers, 0, 1.0, DecisionSettings())
    monkeypatch.setattr(field, "heard_trials", lambda *_: np.zeros((20, 1, 4)))
    monkeypatch.setattr(field, "judge", lambda *_: result)
    run = Run("04_deployment", PROFILES["quick"], None, tmp_path, (0,))
    field.field_trials(run, field.Model("field", Network("none", labels, 1.0, lambda x: x)))
    assert run.values["field_unknown_as_silence"]["value"] == pytest.approx(3 / 10)
    assert run.values["field_unknown_as_silence"]["n"] == 10
    assert run.values["accuracy_field_unknown"]["value"] == pytest.approx(7 / 10)
