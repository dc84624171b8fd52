"""Work over all cores: results in order, and no other process where only one core may be used."""

import os

from kwslib.progress import over_cores


def test_one_core_takes_no_other_process(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert over_cores(lambda n: (n, os.getpid()), range(3), "numbers") == [(n, os.getpid()) for n in range(3)]
