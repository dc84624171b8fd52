"""Numbers in tables keep the digits that they have, and rows an order that can be read."""

import math
from types import SimpleNamespace

import pytest

from kwslib.report.numbers import by_magnitude, one_digit, span_text, two_digits, with_interval
from kwslib.report.part4.board import function_table


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


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.077, "0.08"), (2.5, "2.5"), (66.0, "66.0"), (495.744, "496"), (5_500, "5,500"), (float("nan"), "")],
)
def test_a_size_has_decimals_by_its_magnitude(value, shown):
    assert by_magnitude(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (0.0213, "0.02"), (2.4e-7, "2 × 10⁻⁷"), (3e11, "3 × 10¹¹")]
)
def test_a_difference_has_one_digit_and_no_programmers_exponent(value, shown):
    assert one_digit(value) == shown


def test_an_interval_of_unknown_width_is_left_out():
    assert with_interval(93.0, 92.04, 94.0) == "93.0 (92.0 to 94.0)"
    assert with_interval(-0.5, -1.0, 0.25, form="+.2f") == "-0.50 (-1.00 to +0.25)"
    for bounds in ((math.nan, math.nan), (0.0, math.inf)):
        assert with_interval(93.0, *bounds) == "93.0"
        assert span_text(*bounds) == ""


def test_functions_stand_stage_by_stage_the_slowest_first():
    def spent(stage, name, cycles):
        return SimpleNamespace(
            stage=stage, name=name, cycles=cycles, instructions=0, flash_reads=0, cache_misses=0
        )

    functions = [
        spent("network", "conv", 90),
        spent("frontend", "fft", 60),
        spent("frontend", "mel", 40),
        spent("network", "dense", 9),
        spent("network", "rare", 1),
    ]
    profile = SimpleNamespace(
        functions=functions,
        stages=lambda: {"frontend": {}, "network": {}, "decision": {}},
        cycles=lambda _: 100,
    )
    table = function_table(profile)
    assert table.index.tolist() == [
        ("front end", "fft"),
        ("front end", "mel"),
        ("network", "conv"),
        ("network", "dense"),
    ]
