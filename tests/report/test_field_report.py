"""What Part 4 records of the field test."""

import numpy as np
import pytest

from kwslib.deployment.decision import DecisionSettings
from kwslib.field.evaluate import FieldResult
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
