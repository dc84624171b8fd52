"""kws serial: logs as serial lines leave them: what is garbled is counted, never averaged."""

import binascii
import json
import os
import pty
import random
import threading

import numpy as np
import pytest

from kwslib.board.seriallog import LONGEST, parse_log
from kwslib.errors import KwsError
from kwslib.labels import SILENCE, UNKNOWN

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


def checked(texts: list[str], first: int = 0) -> list[str]:
    """The lines as a sketch numbers and checks them."""
    numbered = [f"{text},{number}" for number, text in enumerate(texts, first)]
    return [f"{line}*{binascii.crc_hqx(line.encode(), 0xFFFF):04X}" for line in numbered]


SPOKEN = (SILENCE, UNKNOWN, "größe", "*1A2B", "back\\")
HEADING = [
    f"# kws_nano33ble labels {','.join(SPOKEN)}",
    "# kws_nano33ble model 1f2e3d4c hop_ms 40 gain 20 dead_time word cache_at_reset on",
]


def told(n: int = 400) -> list[str]:
    """What a sketch sends in as many hops, before it is numbered."""
    warm = [line.replace("KWS", "WARM") for line in sent(20, SPOKEN)]
    return [*HEADING, "STATUS,900,0,0,0", *warm, *sent(n, SPOKEN), "STATUS,20000,2,512,0"]


@pytest.mark.parametrize("garble", [lost, doubled, swapped, joined])
def test_damage_is_rejected_by_the_check_for_any_words(garble):
    rng, lines = random.Random(3), checked(told())
    damaged = 0
    for number in range(30, len(lines) - 5, 10):
        good = lines[number]
        lines[number] = garble(good, rng.randrange(1, len(good) - 1))
        damaged += lines[number] != good
    result = parse_log(lines).as_json()
    assert result["labels"] == list(SPOKEN)
    assert (result["lines"], result["rejected"], result["lost"]) == (len(lines), damaged, 0)
    assert (result["inferences"], result["warming"], result["outlying_lines"]) == (400 - damaged, 20, 0)
    assert (result["overruns"], result["resets"]) == (2, 0)
    assert result["settings"]["model"] == "1f2e3d4c"
    assert result["settings"]["hop_ms"] == "40"


def test_lost_lines_are_the_gaps_that_no_damaged_one_fills():
    lines = checked(told())
    lines[100:110] = []
    lines[200:203] = [lines[200] + lines[202]]
    lines[300:302] = [lines[300][:7], lines[300][7:], lines[301][:-1]]
    result = parse_log(lines[5:]).as_json()
    assert (result["lost"], result["rejected"]) == (10 + 2, 4)


def test_a_time_far_out_counts_where_checks_vouch_for_it():
    texts = told()
    texts[50] = "KWS,1040,612,99999,9,silence,98,-"
    log = parse_log(checked(texts))
    assert (log.outlying, log.times_us.max()) == (0, 99_999)


def test_the_board_was_reset():
    result = parse_log([*checked(told(), 1000), *checked(told())]).as_json()
    assert (result["resets"], result["lost"], result["overruns"]) == (1, 0, 4)


def test_a_checked_log_without_a_heading_names_its_own_classes():
    log = parse_log(checked(sent(200, ("silence", "left", "right")), 7))
    assert (log.labels, log.broken) == (("silence", "unknown", "left", "right"), 0)
    assert log.as_json()["overruns"] is None


def test_counters_are_those_of_the_shortest_hop():
    hops = ["CYCLES,1,39000,90,9,400000,800,80,600,7,1", "CYCLES,2,38000,91,8,410000,900,90,601,6,2"]
    result = parse_log(checked([*told(), *hops, "CYCLES,3,1,2"])).as_json()
    assert result["cycles"]["frontend"] == {"cycles": 38000, "cache_hits": 91, "cache_misses": 8}
    assert result["cycles"]["network"] == {"cycles": 400000, "cache_hits": 800, "cache_misses": 80}
    assert result["broken_lines"] == 1


def test_what_is_said_of_a_checked_log(kws, tmp_path):
    path = tmp_path / "board.log"
    path.write_text("\r\n".join(checked(told())), encoding="utf-8")
    status, out, _ = kws("serial", path)
    assert status == 0
    assert "lines lost 0, overruns 2, resets 0" in out
    assert "model 1f2e3d4c, hop_ms 40, gain 20" in out
    path.write_text("\n".join(line.replace("1", "2") for line in checked(told())), encoding="utf-8")
    status, out, err = kws("serial", path)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "board.log" in err


def test_a_port_is_asked_for_its_settings(kws):
    board, port = pty.openpty()
    asked = []

    def answer() -> None:
        while b"/settings\n" not in b"".join(asked):
            asked.append(os.read(board, 100))
        os.write(board, ("".join(f"{line}\r\n" for line in checked(told(20), 5))).encode())

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    status, out, _ = kws("serial", os.ttyname(port), "--seconds", "1", "--json")
    thread.join(10)
    assert status == 0
    assert json.loads(out)["inferences"] == 20
    os.close(board)
    os.close(port)
