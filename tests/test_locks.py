"""Processes that want the same folder take turns, and who waits says for what."""

import time
from concurrent.futures import ThreadPoolExecutor

from kwslib.locks import alone


def test_who_waits_for_a_folder_says_so_and_survives_its_removal(tmp_path, capsys):
    folder, entered = tmp_path / "shared", []

    def enter():
        with alone(folder, "the same work"):
            entered.append(folder.stat().st_ino)

    with ThreadPoolExecutor() as pool:
        with alone(folder, "the same work"):
            assert capsys.readouterr().err == ""
            waiting = [pool.submit(enter) for _ in range(2)]
            said, end = "", time.monotonic() + 10
            while said.count("\n") < 2 and time.monotonic() < end:
                said += capsys.readouterr().err
            folder.rmdir()
            assert not entered
        assert [each.result(10) for each in waiting] == [None, None]
    assert said == 2 * "waiting for another process that is busy with the same work\n"
    assert entered == 2 * [folder.stat().st_ino]
