"""A number in prose is recorded (a role, or checked here), quoted with a reason, or not there."""

import re

import pytest
from prose import load, numbers, pages, without_code

from kwslib.record.comparison import load_original, load_results, recorded_value
from kwslib.record.units import format_value

PAGES = {name: " ".join(text.split()) for name, text in pages().items()}
LISTED = load("quoted_numbers.yml")
QUOTED = [(page, entry) for page, entries in LISTED["files"].items() for entry in entries]


def unaccounted(page: str, text: str) -> list[str]:
    """The words around each number of a page that nothing accounts for."""
    for entry in LISTED["everywhere"]:
        text = re.sub(entry["fits"], " ", text)
    for entry in LISTED["files"].get(page, []):
        text = text.replace(entry["says"], " ")
    return [f"{number}: ... {around} ..." for number, around in numbers(text)]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_no_number_is_typed_in(page):
    assert unaccounted(page, PAGES[page]) == [], "record it, quote it with {original}, or give the reason"


@pytest.mark.parametrize(
    ("page", "entry"), QUOTED, ids=[f"{page}: {entry['says']}" for page, entry in QUOTED]
)
def test_what_is_quoted_is_there_and_right(page, entry):
    text = PAGES[page]
    for pattern in LISTED["everywhere"]:
        text = re.sub(pattern["fits"], " ", text)
    assert entry["says"] in text, "no longer there: take it off the list"
    if "recorded" in entry:
        value = recorded_value(load_results(), entry["recorded"])
        assert format_value(value["value"]) in entry["says"]
    elif "original" in entry:
        assert f"{load_original()[entry['original']].value:,}" in entry["says"]
    else:
        assert entry["why"]


def test_a_typed_result_is_found():
    assert unaccounted("book/intro.md", "Our network gets 94.9 % right.") == [
        "94.9: ... Our network gets 94.9 % right. ..."
    ]
    assert unaccounted("book/intro.md", "Part 3, with 95 % intervals, in int8, see Figures 7 to 9.") == []


def test_code_roles_and_formulas_are_no_prose():
    text = "It takes {recorded}`02_size_estimation/flops`, `x = 3`, $k = 4$.\n\n```python\nn = 5\n```\n1. First.\n"
    assert list(numbers(without_code(text))) == []
