"""The sketches' loop on the host, in simulated time: stalls, wraps, a slow or absent computer, commands in pieces."""

import binascii
import re

import pytest
from host_sketch import ARDUINO, HOST, Sketch, compile_sketch

SETTLED = 4_000  # ms, when the microphone has


pytestmark = pytest.mark.slow  # compiled under the sanitizers


@pytest.fixture(scope="module")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> Sketch:
    """The loop around a spotter that checks the order of what it hears, under the sanitizers."""
    flags = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    return compile_sketch(tmp_path_factory.mktemp("sketch"), "kws_nano33ble", HOST / "order.cpp", flags=flags)


def bodies(lines: list[str]) -> list[str]:
    """The lines without number and check, which are tested."""
    found = []
    for line in lines:
        text, check = line.rsplit("*", 1)
        assert binascii.crc_hqx(text.encode(), 0xFFFF) == int(check, 16)
        found.append(text.rsplit(",", 1)[0])
    return found


def numbers(lines: list[str]) -> list[int]:
    return [int(line.rsplit("*", 1)[0].rsplit(",", 1)[1]) for line in lines]


def kind(lines: list[str], name: str) -> list[list[str]]:
    return [body.split(",") for body in bodies(lines) if body.startswith(f"{name},")]


def test_every_line_is_numbered_and_checked(sketch):
    lines, said = sketch.run("8000 end 0")
    assert numbers(lines) == list(range(len(lines)))
    assert len(kind(lines, "WARM") + kind(lines, "KWS")) == pytest.approx(8000 / 40, abs=2)
    assert (said["gaps"], said["disorder"]) == (0, 0)
    assert bodies(lines)[0] == "# order labels silence,unknown,yes,no"


def test_settings_are_told_every_few_seconds_and_when_asked_for(sketch):
    heading = "# order model in-turn hop_ms 40 gain 20 dead_time word"
    lines, _ = sketch.run("16000 end 0")
    assert sum(body.startswith(heading) for body in bodies(lines)) == 4
    lines, _ = sketch.run("100 type /settings~", "1000 end 0")
    assert sum(body.startswith(heading) for body in bodies(lines)) == 2


@pytest.mark.parametrize("ms", [100, 480])
def test_a_stall_shorter_than_the_ring_loses_nothing(sketch, ms):
    lines, said = sketch.run(f"{SETTLED} stall {ms}", f"{SETTLED + 3000} end 0")
    assert (said["gaps"], said["disorder"], kind(lines, "STATUS")[-1][2:4]) == (0, 0, ["0", "0"])


@pytest.mark.parametrize("wrap", [0, 2**32 - 64_000, 2**32 - 65_537, 2**32 - 63_999])
def test_a_longer_stall_is_counted_and_never_shuffles(sketch, wrap):
    events = [f"0 samples {wrap}", f"{SETTLED - 50} stall 700", f"{SETTLED + 2000} stall 900"]
    lines, said = sketch.run(*events, f"{SETTLED + 4000} end 0")
    _, _, overruns, lost, _ = kind(lines, "STATUS")[-1]
    assert (said["gaps"], said["disorder"], overruns) == (2, 0, "2")
    heard = int(lost) + said["heard"]
    assert heard == pytest.approx((SETTLED + 4000) * 16, abs=1000)
    assert int(lost) % 256 == 0
    assert 700 + 900 - 2 * 530 < int(lost) / 16 < 700 + 900 - 2 * 470
    assert said["on13"] == 3  # lit while it settles, and after each overrun
    assert said["lit13"] == 0


def test_sound_is_in_order_where_the_index_wraps(sketch):
    _, said = sketch.run(f"0 samples {2**32 - 50_000}", "8000 end 0")
    assert (said["gaps"], said["disorder"]) == (0, 0)
    assert said["heard"] > 120_000


def test_reports_wait_until_the_microphone_has_settled(sketch):
    lines, said = sketch.run("6000 end 0")
    warm = kind(lines, "WARM")
    assert {row[7] for row in warm} == {"-"}
    assert int(warm[-1][1]) == pytest.approx(3500, abs=60)
    assert {row[7] for row in kind(lines, "KWS")} == {"yes", "no", "-"}
    assert said["forgotten"] == 1
    assert int(kind(lines, "KWS")[0][1]) > int(warm[-1][1])


def test_a_computer_that_does_not_read_stops_nothing(sketch):
    lines, said = sketch.run(f"{SETTLED} rate 0", "30000 rate 1000000", "34000 end 0")
    assert (said["gaps"], said["disorder"]) == (0, 0)
    missing = set(range(numbers(lines)[-1])) - set(numbers(lines))
    assert int(kind(lines, "STATUS")[-1][4]) == len(missing) > 500
    assert len(kind(lines, "STATUS")) > 1


def test_a_slow_computer_gets_whole_lines(sketch):
    lines, said = sketch.run("0 rate 900", "30000 end 0")
    whole = lines[:-1]  # the last one is still on its way
    assert (said["gaps"], said["disorder"]) == (0, 0)
    assert bodies(whole)
    assert numbers(whole) == sorted(set(numbers(whole)))
    assert numbers(whole)[-1] > len(whole)


def test_works_unplugged_and_numbers_its_lines(sketch):
    lines, said = sketch.run("0 plug 0", "20000 plug 1", "22000 end 0")
    assert said["heard"] > 340_000
    assert said["on23"] > 5  # green, for yes
    assert numbers(lines)[0] > 400
    assert numbers(lines) == list(range(numbers(lines)[0], numbers(lines)[-1] + 1))
    assert kind(lines, "STATUS")[-1][2:] == ["0", "0", "0"]
    lines, said = sketch.run("5010 plug 0", "8000 plug 1", "9000 end 0")
    torn = [line for line in lines if not re.search(r"\*[0-9A-F]{4}$", line)]
    assert len(torn) <= 1


def test_a_trial_in_pieces(sketch):
    typed = (f"{SETTLED} type y", f"{SETTLED + 100} type e", f"{SETTLED + 700} type s~~ no  ~", "9000 end 0")
    lines, _ = sketch.run(*typed)
    assert kind(lines, "TRIAL") == [["TRIAL", "no", "yes"]] or kind(lines, "TRIAL") == [["TRIAL", "no", "no"]]
    lines, _ = sketch.run(f"{SETTLED} type unkn", f"{SETTLED + 20} type own~", "9000 end 0")
    (trial,) = kind(lines, "TRIAL")
    assert trial[1] == "unknown"
    begun = next(i for i, line in enumerate(lines) if line.startswith("TRIAL"))
    last = int(kind(lines[:begun], "KWS")[-1][1])
    assert last == pytest.approx(SETTLED + 2020, abs=60)


@pytest.mark.parametrize(
    ("typed", "gain"),
    [("/gain 35~", 35), ("/gain 81~", 20), ("/gain~", 20), ("/gain 3x~", 20), ("/gain -1~", 20), ("/ga", 20)],
)
def test_gain(sketch, typed, gain):
    lines, said = sketch.run(f"{SETTLED} type {typed}", "9000 end 0")
    assert said["gain"] == gain
    assert f" gain {gain} " in [body for body in bodies(lines) if " model " in body][-1]


@pytest.mark.parametrize("typed", ["maybe~", "/gain 99~", f"{'x' * 500}~", "/settings now~"])
def test_what_is_no_command_is_refused(sketch, typed):
    lines, _ = sketch.run(f"{SETTLED} type {typed}", "5000 end 0")
    assert sum("neither a label nor a command" in body for body in bodies(lines)) == 1
    assert not kind(lines, "TRIAL")


def test_trials_wait_until_the_microphone_has_settled(sketch):
    lines, _ = sketch.run("1000 type yes~", "9000 end 0")
    assert any("warming up" in body for body in bodies(lines))
    assert not kind(lines, "TRIAL")


def test_dead_time_for_all_is_the_other_rule(sketch):
    lines, _ = sketch.run(f"{SETTLED} type /dead_time all~", "8000 end 0")
    reports = [row[7] for row in kind(lines, "KWS") if int(row[1]) > SETTLED + 100]
    assert set(reports) == {"yes", "-"}
    assert any(body.startswith("# order model") and "dead_time all" in body for body in bodies(lines))


def test_cycles_and_cache_for_a_second(sketch):
    lines, _ = sketch.run(f"{SETTLED} type /cycles~", "9000 end 0")
    rows = kind(lines, "CYCLES")
    assert len(rows) == 25
    cycles = [int(row[2]) for row in rows]
    assert min(cycles) == 600 * 64
    assert int(rows[0][5]) == 6000 * 64
    assert int(rows[0][6]) > int(rows[0][7]) > 0


def test_without_a_microphone(sketch):
    lines, said = sketch.run("0 microphone 0", "6000 type /settings~", "8000 end 0")
    assert sum(body == "# no microphone" for body in bodies(lines)) == 3
    assert said["on22"] > 5  # red blinks
    assert not kind(lines, "KWS")


def test_what_the_sketches_share_is_in_their_library():
    for sketch in ("kws_nano33ble", "kws_tflm"):
        text = (ARDUINO / sketch / f"{sketch}.ino").read_text()
        assert "void loop() { kws_loop(); }" in text
