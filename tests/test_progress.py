"""Work over all cores: results in order, and no other process where only one core may be used."""

import os
import threading
import warnings

import pytest

from kwslib.progress import over_cores


def test_one_core_takes_no_other_process(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert over_cores(lambda n: (n, os.getpid()), range(3), "numbers") == [(n, os.getpid()) for n in range(3)]


def test_tests_on_one_core_find_what_cannot_go_to_another_process(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    lock, told = threading.Lock(), []
    assert over_cores(lambda _: lock.locked(), [0], "threads", threads=True) == [False]
    for work in (lambda _: lock.locked(), lambda _: threading.Lock()):
        with pytest.raises(TypeError, match="cannot pickle"):
            over_cores(work, [0], "processes")
    over_cores(told.append, [0], "processes")
    assert not told


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("3 tasks lack a name", True),
        ("3 tasks which were still being processed by the workers have been cancelled.", False),
        ("3 tasks have been successfully executed  but not used. Additionally, 2 tasks which", False),
    ],
)
def test_only_what_joblib_says_of_an_interruption_is_unheard(monkeypatch, said, heard):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        over_cores(lambda n: warnings.warn(said, stacklevel=1), range(1), "warnings")
    assert [str(one.message) for one in caught] == [said] * heard
