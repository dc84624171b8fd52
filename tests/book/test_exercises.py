"""The exercises' solutions run and print what the page says; the grader knows right answers from wrong ones."""

import re
from contextlib import redirect_stdout
from importlib import util
from io import StringIO

import pytest
from repository import REPOSITORY

FOLDER = REPOSITORY / "book" / "exercises"
PAGES = sorted(FOLDER.glob("[0-9][0-9].md"))
BLOCK = re.compile(r"^~~~(python|text)\n(.*?)^~~~$", re.DOTALL | re.MULTILINE)


def solved(page) -> tuple[dict, list[tuple[str, str]]]:
    """What a page's code defines, and (what it printed, what the page says) block by block."""
    namespace: dict = {}
    pairs = []
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    for (kind, code), (after, said) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind != "python":
            continue
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile(code, page.name, "exec"), namespace)
        assert after == "text", f"{page.name}: code without its output"
        pairs.append((printed.getvalue(), said))
    return namespace, pairs


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_solutions_print_what_the_page_says(page):
    _, pairs = solved(page)
    assert pairs
    for printed, said in pairs:
        assert printed == said


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_part_has_three_exercises_with_folded_solutions(page):
    text = page.read_text(encoding="utf-8")
    numbers = re.findall(r"^## (\d\.\d) ", text, re.MULTILINE)
    assert numbers == [f"{int(page.stem)}.{n}" for n in range(1, len(numbers) + 1)]
    assert len(numbers) >= 3
    assert text.count("````{dropdown} Solution") == len(numbers)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_line_of_code_is_wider_than_its_box(page):
    lines = [
        line for _, code in BLOCK.findall(page.read_text(encoding="utf-8")) for line in code.splitlines()
    ]
    assert max(map(len, lines)) <= 70, max(lines, key=len)


def grader():
    spec = util.spec_from_file_location("grade", FOLDER / "grade.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_solutions_pass_the_grader(tmp_path):
    grade = grader()
    answers = {}
    for page in PAGES:
        answers |= solved(page)[0]
    assert grade.points(answers) == dict.fromkeys(grade.CHECKS, True)


def test_the_assignment_asks_for_what_is_graded_and_nothing_passes_unsolved():
    grade = grader()
    empty = grade.load(FOLDER / "answers.py")
    assert {name for name in grade.CHECKS if callable(empty.get(name))} == set(grade.CHECKS)
    assert not any(grade.points(empty).values())
    for page in PAGES:
        asked = re.findall(r"\*\*`(\w+)\(", page.read_text(encoding="utf-8"))
        assert asked
        assert set(asked) <= set(grade.CHECKS)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("frames", lambda samples: samples // 320),
        ("mel", lambda hertz: hertz),
        ("wilson_interval", lambda right, n: (right / n - 0.01, right / n + 0.01)),
        ("quantize_symmetric", lambda values, bits: ([0] * len(values), 1.0)),
        ("gaps", lambda row: [(i, w) for i, w in enumerate(row) if w]),
        ("decide", lambda posteriors, smoothing, threshold, pause: []),
    ],
)
def test_wrong_answers_get_no_point(name, wrong):
    assert grader().points({name: wrong})[name] is False


def test_the_grader_prints_points_and_tells_a_shell(tmp_path, capsys):
    grade = grader()
    (tmp_path / "mine.py").write_text("def frames(n):\n    return 0 if n < 480 else 1 + (n - 480) // 320\n")
    assert grade.main([str(tmp_path / "mine.py")]) == 1
    printed = capsys.readouterr().out
    assert "frames" in printed
    assert f"1 of {len(grade.CHECKS)}" in printed
    assert grade.main([str(tmp_path / "nowhere.py")]) == 2
