"""kws serial: logs as serial lines leave them: what is garbled is counted, never averaged."""

import json
import random

import numpy as np
import pytest

from kwslib.board.seriallog import LONGEST, parse_log
from kwslib.errors import KwsError

LABELS = ("silence", "unknown", "left", "right")


def sent(n: int = 400, labels: tuple[str, ...] = LABELS) -> list[str]:
    """An honest board's lines: front end 611 to 613 us, network 6,388 to 6,394, decision 9 or 10."""
    rng = random.Random(1)
    lines = []
    for number in range(n):
        label = rng.choice(labels)
        times = f"{rng.randint(611, 613)},{rng.randint(6388, 6394)},{rng.randint(9, 10)}"
        lines.append(f"KWS,{40 * number + 1000},{times},{label},{rng.randint(30, 100)},-")
    return lines


def lost(line: str, at: int) -> str:
    return line[:at] + line[at + 1 :]


def doubled(line: str, at: int) -> str:
    return line[:at] + line[at] + line[at:]


def swapped(line: str, at: int) -> str:
    return line[:at] + line[at : at + 2][::-1] + line[at + 2 :]


def joined(line: str, at: int) -> str:
    return line[:at] + sent(1)[0][-at:]


@pytest.mark.parametrize("garble", [lost, doubled, swapped, joined])
def test_garbled_times_are_counted_and_not_averaged(garble):
    rng, lines = random.Random(2), sent()
    for number in range(0, len(lines), 10):
        lines[number] = garble(lines[number], rng.randrange(4, 25))
    log = parse_log(lines, LABELS)
    low, high = log.times_us.min(axis=0), log.times_us.max(axis=0)
    assert (low >= np.multiply(0.995, (611, 6388, 9))).all()  # 6,389 and 6,398 us are both times of a board
    assert (high <= np.multiply(1.005, (613, 6394, 10))).all()
    assert len(log.times_us) + log.broken + log.outlying == 400
    assert len(log.times_us) >= 360


def test_honest_times_stay_whole():
    log = parse_log(sent(), LABELS)
    assert (len(log.times_us), log.broken, log.outlying) == (400, 0, 0)
    slow = [line.replace(",63", ",64") if number % 3 else line for number, line in enumerate(sent())]
    assert parse_log(slow, LABELS).outlying == 0  # two times, both often, are no outliers


def test_classes_by_option_heading_or_default(kws, tmp_path):
    path = tmp_path / "board.log"
    path.write_text("\n".join([sent()[0][7:], *sent()]), encoding="utf-8")  # begins within a line
    for labels in ("silence,unknown,left,right", "left,right"):
        status, out, _ = kws("serial", path, "--labels", labels, "--json")
        result = json.loads(out)
        assert status == 0
        assert result["labels"] == list(LABELS)
        assert (result["inferences"], result["broken_lines"], result["outlying_lines"]) == (400, 1, 0)
    headings = [f"# kws labels {','.join(LABELS)}"] * 2 + ["# kws labels silence,unknown,lft,right"]
    assert parse_log([*headings, *sent()]).labels == LABELS
    path.write_text("\n".join(sent(labels=("left", "right"))), encoding="utf-8")
    status, out, err = kws("serial", path, "--labels", "up,down")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "board.log" in err
    assert "--labels" in err


def test_lines_without_an_end_and_numbers_without_one(kws, tmp_path):
    path = tmp_path / "long.log"
    digits = f"KWS,1040,{'6' * 5_000},6391,9,left,98,-"
    path.write_bytes(b"\n".join([b"x" * 10 * LONGEST, digits.encode(), *map(str.encode, sent())]))
    status, out, _ = kws("serial", path, "--labels", "left,right", "--json")
    assert status == 0
    assert json.loads(out)["broken_lines"] == 2
    path.write_bytes(b"7" * 5_000)
    status, out, err = kws("serial", path)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "long.log" in err


@pytest.mark.parametrize("labels", ["", ",", "left,left", "silence"])
def test_labels_that_are_none(kws, tmp_path, labels):
    path = tmp_path / "board.log"
    path.write_text("\n".join(sent()), encoding="utf-8")
    status, out, err = kws("serial", path, "--labels", labels)
    assert (status, out, len(err.splitlines())) == (2, "", 1)


def test_a_log_of_trials_alone():
    log = parse_log(["TRIAL,left,right", "TRIAL,left,lefft"], LABELS)
    assert (log.trials, log.broken, log.times_us.shape) == ((("left", "right"),), 1, (0, 3))
    assert log.timings() == {}
    with pytest.raises(KwsError, match="no inference"):
        parse_log([], LABELS)
    assert np.array_equal(log.confusion()[2], [0, 0, 0, 1])
