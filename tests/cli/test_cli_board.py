"""`kws board` from the outside."""

import json
import re

import numpy as np
import pytest
import soundfile
from tflite_files import tinyconv, too_large

from kwslib.board.cycles import ERROR


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tinyconv(tmp_path_factory.mktemp("model") / "tinyconv.tflite")


@pytest.mark.slow
def test_json_has_the_agreed_shape(kws, model, tmp_path):
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, (np.random.default_rng(0).standard_normal(16000) * 2000).astype(np.int16), 16000)
    status, out, _ = kws("board", model, "--wav", clip, "--keep", tmp_path / "kept", "--json")
    result = json.loads(out)
    assert status == 0
    assert set(result["scores"]) == {"silence", "unknown", "yes", "no"}
    assert result["label"] == max(result["scores"], key=result["scores"].get)
    assert sum(result["scores"].values()) == pytest.approx(1, abs=1e-3)
    for stage in ("frontend", "network", "decision"):
        assert result["stages"][stage]["ms"] == pytest.approx(result["stages"][stage]["cycles"] / 64_000)
    assert {"flash_bytes", "ram_bytes", "stack_bytes", "instructions"} <= set(result)
    assert result["ms_error_percent"] == pytest.approx(100 * ERROR)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "firmware.elf",
        "firmware.map",
        "kws_model.h",
    ]


def test_table_names_stages_and_functions(kws, model):
    status, out, _ = kws("board", model)
    assert status == 0
    assert all(
        word in out for word in ("frontend", "network", "decision", "kws_neighbours", "flash", "stack")
    )


def test_times_are_one_figure_to_two_digits_with_its_error(kws, model):
    _, out, _ = kws("board", model)
    assert "cycle model, ± 4 %" in out
    (network,) = re.findall(r"^  network +[\d,]+ +(\S+)$", out, re.MULTILINE)
    assert len(network.replace(".", "").lstrip("0")) <= 2


def test_a_longer_recording_is_heard_in_its_loudest_second_and_which_is_said(kws, model, tmp_path):
    sound = np.zeros(3 * 16000, np.int16)
    sound[32000:44000] = np.random.default_rng(0).standard_normal(12000) * 3000
    soundfile.write(tmp_path / "long.wav", sound, 16000)
    status, out, _ = kws("board", model, "--wav", tmp_path / "long.wav", "--json")
    assert status == 0
    second = json.loads(out)["second"]
    assert 1.7 <= second <= 2
    status, out, _ = kws("board", model, "--wav", tmp_path / "long.wav")
    assert out.splitlines()[0].endswith(f", in the second from {second:.2f} s on")


@pytest.mark.slow
def test_a_model_that_does_not_fit_is_named(kws, tmp_path):
    status, out, err = kws("board", too_large(tmp_path / "large.tflite"))
    assert (status, out) == (2, "")
    assert re.fullmatch(r"kws: .*large\.tflite: .*does not fit the board: .* too large for FLASH;.*\n", err)


def test_missing_model(kws, tmp_path):
    status, out, err = kws("board", tmp_path / "none.tflite")
    assert (status, out) == (2, "")
    assert "none.tflite" in err
    assert len(err.splitlines()) == 1


def test_unreadable_clip_writes_nothing(kws, model, tmp_path):
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    status, out, err = kws("board", model, "--wav", clip, "--keep", tmp_path / "kept")
    assert (status, out) == (2, "")
    assert "clip.wav" in err
    assert not (tmp_path / "kept").exists()


def test_board_models_in_classify(kws, model, tmp_path):
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, (np.random.default_rng(0).standard_normal(16000) * 2000).astype(np.int16), 16000)
    labels = []
    for name in (str(model), f"board:{model}"):
        status, out, _ = kws("classify", name, clip, "--json")
        assert status == 0
        labels.append(json.loads(out)["results"][0]["scores"])
    assert labels[0] == pytest.approx(labels[1])


def write_sound(path, seconds):
    rng = np.random.default_rng(0)
    soundfile.write(path, (rng.standard_normal(int(16000 * seconds)) * 2000).astype(np.int16), 16000)
    return path


@pytest.mark.slow
def test_a_stream_is_billed_hop_by_hop(kws, model, tmp_path):
    status, out, _ = kws("board", model, "--stream", write_sound(tmp_path / "s.wav", 1.3), "--json")
    result = json.loads(out)
    assert status == 0
    assert (result["hop_ms"], result["hops"]) == (40, 32)
    assert set(result["stages"]) == {"frontend", "network", "decision"}
    for cost in result["stages"].values():
        assert 0 < cost["ms_mean"] <= cost["ms_max"]
    mean = sum(cost["ms_mean"] for cost in result["stages"].values())
    assert result["load_percent"] == pytest.approx(100 * mean / 40)
    assert result["fits"]
    assert result["equal_to_whole_window"]
    assert result["way"] == "incremental"
    assert result["stages"]["network"]["ms_max"] <= 2.0 < result["whole_window_network_ms"]
    assert result["ram_bytes"] <= result["whole_window_ram_bytes"] + 4608
    assert result["flash_bytes"] > 16_652
    assert (
        78 < result["energy_uj_per_hop"] < 0.003 * 3.3 * 3 * 40 * 1000
    )  # more than the microphone, less than busy
    assert set(result["battery_days"]) == {"CR2032", "2 x AA", "LiPo 400 mAh"}


@pytest.mark.parametrize(("seconds", "said"), [(0.9, "0.90 s"), (0.99995, "0.99 s")])
def test_a_stream_shorter_than_a_window_is_refused(kws, model, tmp_path, seconds, said):
    status, out, err = kws("board", model, "--stream", write_sound(tmp_path / "short.wav", seconds))
    assert (status, out) == (2, "")
    assert f"short.wav: {said}" in err
    assert len(err.splitlines()) == 1


def test_a_stream_of_its_own_run(kws, model, tmp_path):
    sound = write_sound(tmp_path / "s.wav", 1.1)
    status, out, err = kws("board", model, "--stream", sound, "--wav", sound)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_a_boards_log_stands_beside_the_cycle_model(kws, model, tmp_path):
    log = tmp_path / "board.log"
    log.write_text("".join(f"KWS,{40 * n},612,{6390 + n},9,yes,90,-\n" for n in range(5)))
    status, out, err = kws("serial", log, "--beside", model, "--json")
    assert (status, err) == (0, "")
    result = json.loads(out)
    _, out, _ = kws("board", model, "--stream", write_sound(tmp_path / "s.wav", 1.3), "--json")
    stages = json.loads(out)["stages"]
    for stage, both in result["beside"].items():
        measured = result["timings"][stage]["mean_ms"]
        assert both["ratio"] * both["ms"] == pytest.approx(measured)
    assert result["beside"]["network"]["ms"] == pytest.approx(stages["network"]["ms_mean"], rel=0.05)
    assert result["beside"]["frontend"]["ms"] == pytest.approx(stages["frontend"]["ms_mean"] / 2, rel=0.1)
    status, out, _ = kws("serial", log, "--beside", model)
    assert status == 0
    assert out.count("by the cycle model, the board takes") == 3


def test_a_log_of_trials_alone_has_no_times_to_set_beside(kws, model, tmp_path):
    log = tmp_path / "board.log"
    log.write_text("TRIAL,yes,yes\nTRIAL,no,no\n")
    status, out, err = kws("serial", log, "--beside", model)
    assert (status, out) == (2, "")
    assert "no times" in err
    assert len(err.splitlines()) == 1
