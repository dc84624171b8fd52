"""What cells print is in words."""

from dataclasses import dataclass

import pytest

from kwslib.report.words import counted, settings, yes_no


@dataclass(frozen=True)
class Chosen:
    shift_ms: int = 100
    training_unknown_percent: int = 60
    keywords: tuple[str, ...] = ("yes", "no")
    in_place: bool = True
    output: int | None = None


def test_settings_are_in_words_with_their_units():
    assert settings(Chosen()) == {
        "shift (ms)": "100",
        "training unknown (%)": "60",
        "keywords": "yes, no",
        "in place": "yes",
        "output": "none",
    }


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1 bit"), (2, "2 bits"), (0, "0 bits"), (1000, "1,000 bits")]
)
def test_a_noun_follows_its_number(number, text):
    assert counted(number, "bit") == text


def test_a_check_is_yes_or_no():
    assert (yes_no(True), yes_no([])) == ("yes", "no")
