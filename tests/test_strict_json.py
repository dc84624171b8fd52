"""JSON: what is written any reader takes; what others wrote is read as it stands, and never too deep."""

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repository import REPOSITORY

from kwslib.errors import KwsError
from kwslib.strict_json import is_format, is_number, is_whole, json_text, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_json_is_read_as_it_stands(value):
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(VALUES)
def test_what_is_written_is_what_the_library_writes(value):
    assert json_text(value, indent=1) == json.dumps(value, indent=1)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_never_written(number):
    with pytest.raises(KwsError, match="not finite"):
        json_text({"row": [1, {"loss": number}]})


def test_no_module_writes_files_of_json_another_way():
    writers = re.compile(r"\bjson\.dumps?\(")
    sources = (REPOSITORY / "kwslib").rglob("*.py")
    found = {path.name for path in sources if writers.search(path.read_text(encoding="utf-8"))}
    assert found == {"strict_json.py", "espeak.py"}  # the latter speaks to a process of its own


def test_brackets_in_strings_do_not_count():
    assert parse_json(json.dumps(["[" * 500, '\\"' + "{" * 500])) == ["[" * 500, '\\"' + "{" * 500]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "[" * 101 + "]" * 101], ids=["lists", "objects", "closed"]
)
def test_what_is_nested_too_deep_is_refused_whatever_the_recursion_limit(text):
    program = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from kwslib.strict_json import parse_json\n"
        "try: parse_json(sys.stdin.read())\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "brackets within each other" in done.stdout


def test_a_number_is_of_its_kind():
    """Python calls True, 1 and 1.0 equal: each reader asks which of them it was given."""
    values = [True, False, None, "1", 1.0, 1, 10**400, float("nan"), -float("inf"), [1]]
    assert [value for value in values if is_whole(value)] == [1, 10**400]
    assert [repr(value) for value in values if is_number(value)] == ["1.0", "1", repr(10**400)]
    assert [repr(value) for value in values if is_format(value, 1)] == ["1"]
