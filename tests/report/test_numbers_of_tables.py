"""Numbers in tables keep the digits that they have."""

import pytest

from kwslib.report.numbers import two_digits


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5.0, "5.0"),
        (1.96, "2.0"),
        (0.0099, "0.0099"),
        (0.01, "0.010"),
        (11.4, "11"),
        (99.6, "100"),
        (304, "300"),
        (0, "0.0"),
    ],
)
def test_a_time_has_two_digits_zeros_included(value, shown):
    assert two_digits(value) == shown
