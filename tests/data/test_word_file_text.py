"""The file of an own word as text: folders survive it, and what someone else wrote into it is meant or refused."""

import json
from pathlib import Path

import pytest
from examples import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_corpus import write_corpus

from kwslib.data.word_file import WordFile, open_word, read_word_file
from kwslib.errors import KwsError

NAMES = st.sampled_from(
    ["x", "~x", "~", "sub/~x", ".", "..", "a b", "größe", "back\\slash", "link/../x", "link", "-"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(takes=st.none() | NAMES, lists=st.tuples(*[st.lists(NAMES, max_size=3)] * 3), place=NAMES)
def test_folders_survive_the_file(tmp_path, monkeypatch, takes, lists, place):
    home = tmp_path / "home"
    for folder in (
        "far/away/x",
        *(f"home/{name}" for name in ("x", "~x", "~", "sub/~x", "a b", "größe", "-")),
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (home / "back\\slash").mkdir(exist_ok=True)
    if not (home / "link").is_symlink():
        (home / "link").symlink_to(tmp_path / "far" / "away" / "x")  # so that link/../x is that folder
    monkeypatch.chdir(home / place)
    made = WordFile(
        "kiwi", takes and home / takes, *(tuple(home / name for name in names) for names in lists)
    )
    made.save(home / place / "corpus.json")
    again = read_word_file(Path("corpus.json"))
    assert (again.takes is None) == (made.takes is None)
    for one, other in zip(folders_of(made), folders_of(again), strict=True):
        assert other.is_absolute()
        assert other.samefile(one)


def folders_of(made):
    return [*filter(None, [made.takes]), *made.negatives, *made.background, *made.data]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text(max_size=5) | st.just("~nobodyx"),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=3), values, max_size=2),
    max_leaves=4,
)
WHOLE = {"format": 1, "word": "kiwi", "takes": None, "not": [], "background": [], "data": []}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(300))
@given(field=st.sampled_from([*WHOLE, "more"]), value=JSON)
@example("format", True)
@example("format", 1.0)
@example("takes", [])
@example("takes", False)
@example("takes", 0)
@example("takes", "")
@example("takes", "~\0")
@example("takes", "~\ud800")
@example("not", [""])
@example("data", {})
@example("word", "silence")
@example("word", "unknown")
@example("word", "../x")
def test_any_value_in_the_file_is_meant_or_refused_with_the_files_name(tmp_path, field, value):
    path = tmp_path / "corpus.json"
    path.write_text(json.dumps(WHOLE | {field: value}))
    try:
        made = read_word_file(path)
    except KwsError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert made.word == (value if field == "word" else "kiwi")
        assert made.word not in ("silence", "unknown")
        assert field != "format" or repr(value) == "1"
        assert len(folders_of(made)) == (
            0 if field in ("format", "word") or value is None else len(names(value))
        )
    assert not refusal or refusal.startswith(str(path))


def names(value):
    return [value] if isinstance(value, str) else value


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300, "x/" * 3000, "corpus.json", "loop"])
@pytest.mark.parametrize("field", ["takes", "not", "background", "data"])
def test_a_name_that_is_no_folders_is_one_line(tmp_path, monkeypatch, field, name):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    write_corpus(tmp_path / "data")
    (tmp_path / "loop").symlink_to("loop")
    path = tmp_path / "corpus.json"
    folder = name if field == "takes" else [name]
    path.write_text(json.dumps(WHOLE | {"data": ["data"], field: folder}))
    with pytest.raises(
        KwsError, match=f"{tmp_path}/.*: (no such folder|a file, not a folder|a link to nothing)"
    ):
        open_word(read_word_file(path))
