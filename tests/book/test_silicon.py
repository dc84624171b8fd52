"""The table of measured cycles: errors that follow from its figures, and the band that they support."""

import re

import numpy as np
import pytest
import yaml

from kwslib.board.cycles import ERROR
from kwslib.record.comparison import repository


def numbers(text: str) -> list[float]:
    """+0.81 / −1,234 k as numbers, thousands left as they are."""
    return [
        float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-").replace(",", ""))
    ]


@pytest.fixture(scope="module")
def functions() -> list[dict[str, str]]:
    root = repository()
    if root is None:
        pytest.skip("no clone here: the table lies in book/")
    return yaml.safe_load((root / "book" / "silicon.yml").read_text(encoding="utf-8"))["functions"]


def errors(functions: list[dict[str, str]], column: str) -> np.ndarray:
    """Size of each function's error (%); one that stands for a row is that of each of its functions."""
    each = []
    for entry in functions:
        found, count = np.abs(numbers(entry[column])), len(numbers(entry["measured"]))
        each += list(found) if len(found) == count else [found[0]] * count
    return np.array(each)


def test_errors_follow_from_the_cycles(functions):
    for entry in functions:
        measured, model = np.array(numbers(entry["measured"])), np.array(numbers(entry["model"]))
        stated = errors([entry], "error")
        np.testing.assert_allclose(
            stated, np.abs(100 * (model / measured - 1)), atol=0.08, err_msg=entry["name"]
        )


def test_the_rules_bring_the_errors_down_to_what_the_book_says(functions):
    still = [entry for entry in functions if entry["wait"] == "zero"]
    assert len(errors(still, "rules")) == 29
    assert errors(still, "error").mean() == pytest.approx(1.3, abs=0.05)
    assert errors(still, "rules").mean() == pytest.approx(0.4, abs=0.05)
    assert (errors(still, "error").max(), errors(still, "rules").max()) == (6.8, 1.8)


def test_the_band_covers_every_function(functions):
    assert errors(functions, "rules").max() < 100 * ERROR < errors(functions, "error").max()


def test_the_book_s_directive_shows_every_entry(functions, monkeypatch):
    root = repository()
    assert root is not None
    monkeypatch.syspath_prepend(root / "book" / "_ext")
    pytest.importorskip("sphinx")
    from silicon import HEAD, rows

    shown = rows(root / "book" / "silicon.yml")
    assert [row[0] for row in shown] == [entry["name"] for entry in functions]
    assert all(len(row) == len(HEAD) and all(row) for row in shown)
