"""JSON of others: read as the library reads it, and never deep enough to end the process."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.foreign_json import parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_json_is_read_as_it_stands(value):
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


def test_brackets_in_strings_do_not_count():
    assert parse_json(json.dumps(["[" * 500, '\\"' + "{" * 500])) == ["[" * 500, '\\"' + "{" * 500]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 101 + "]" * 101])
def test_what_is_nested_too_deep_is_refused_whatever_the_recursion_limit(text):
    program = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from kwslib.foreign_json import parse_json\n"
        "try: parse_json(sys.stdin.read())\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "brackets within each other" in done.stdout
