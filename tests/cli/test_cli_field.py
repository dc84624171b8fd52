"""kws field: the contract's JSON, measured rooms, own recordings, and what is refused."""

import json

import numpy as np
import pytest
import soundfile
import torch
from small_corpus import write_corpus

from kwslib.checkpoints import save_checkpoint
from kwslib.field import minutes
from kwslib.networks.models import ModelConfig, build

pytestmark = pytest.mark.slow

RATE = 16_000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "tiny", words=("yes", "no", "up", "down"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.pt"
    save_checkpoint(path, build(ModelConfig()), ModelConfig())
    return path


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Two impulse responses: one with a tail of 0.3 s, one without."""
    folder = tmp_path_factory.mktemp("rooms")
    time = np.arange(RATE // 2) / RATE
    tail = 0.02 * np.random.default_rng(0).standard_normal(len(time)) * 10 ** (-3 * time / 0.3)
    tail[0] = 0.9
    soundfile.write(folder / "kitchen.wav", tail, RATE)
    soundfile.write(folder / "booth.flac", np.eye(1, 800)[0] * 0.5, 48_000)
    return folder


def word(seconds=1.0, amplitude=0.1):
    return amplitude * np.random.default_rng(1).uniform(-1, 1, int(seconds * RATE))


def test_json(kws, checkpoint, corpus, measured):
    command = ("field", checkpoint, "--data", corpus, "--rooms", measured, "--trials", 12, "--json")
    status, out, err = kws(*command)
    assert status == 0
    assert err.startswith("data: tiny")
    result = json.loads(out)
    assert result["n"] == 12
    assert result["rooms"]["folder"] == str(measured)
    assert sorted(result["rooms"]["rt60"]) == ["booth.flac", "kitchen.wav"]
    assert list(result["per_class"]) == ["silence", "unknown", "yes", "no"]
    for row in result["per_class"].values():
        assert row["n"] == 3
        assert row["ci95"][0] <= row["accuracy"] <= row["ci95"][1]
    assert np.sum(result["confusion"]) == 12
    assert np.trace(result["confusion"]) == round(12 * result["accuracy"])
    low, high = result["ci95"]
    assert low <= result["accuracy"] <= high
    assert result["false_accepts_per_hour"] == pytest.approx(result["false_accepts"] / result["hours"])
    assert json.loads(kws(*command)[1]) == result


def test_text_and_sound(kws, checkpoint, corpus, measured, tmp_path):
    status, out, _ = kws(
        *(
            "field",
            checkpoint,
            "--data",
            corpus,
            "--rooms",
            measured,
            "--trial",
            6,
            "--save-wav",
            tmp_path / "wav",
        )
    )
    assert status == 0
    assert "of 1 " in out
    assert len(list((tmp_path / "wav").glob("00006_yes_*.wav"))) == 1
    assert (tmp_path / "wav" / "trials.csv").is_file()


def test_own_recordings(kws, checkpoint, tmp_path):
    for name in ("yes", "no", "hello"):
        (tmp_path / name).mkdir()
    soundfile.write(tmp_path / "yes" / "good.wav", word(), RATE)
    soundfile.write(tmp_path / "yes" / "phone.flac", word(2.0), 44_100)
    soundfile.write(tmp_path / "no" / "short.wav", word(0.1), RATE)
    soundfile.write(tmp_path / "no" / "still.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "no" / "loud.wav", np.clip(word(amplitude=20), -1, 1), RATE)
    (tmp_path / "no" / "notes.txt").write_text("take 1")
    status, out, err = kws("field", checkpoint, "--recordings", tmp_path, "--json")
    assert status == 0
    result = json.loads(out)
    assert (result["n"], result["refused"]) == (2, 5)
    assert result["per_class"]["yes"]["n"] == 2
    assert result["per_class"]["no"]["accuracy"] is None
    for name, reason in (
        ("short", "too short"),
        ("still", "silent"),
        ("loud", "clipped"),
        ("hello", "not a class"),
    ):
        assert any(name in line and reason in line for line in err.splitlines())


@pytest.mark.parametrize(
    "given",
    [
        *(("--trials", 4), ("--seed", 1), ("--data", "corpus"), ("--profile", "quick"), ("--hard",)),
        *(("--snr", "5:10"), ("--distance", "1"), ("--rt60", "0.3"), ("--rooms", "rooms"), ("--trial", 1)),
        ("--save-wav", "folder"),
    ],
    ids=str,
)
def test_recordings_take_no_options_of_trials(kws, checkpoint, tmp_path, given):
    status, out, err = kws("field", checkpoint, "--recordings", tmp_path, *given)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert given[0] in err


def test_unknown_bounds_are_null(kws, checkpoint, tmp_path):
    (tmp_path / "yes").mkdir()
    soundfile.write(tmp_path / "yes" / "good.wav", word(), RATE)
    status, out, _ = kws("field", checkpoint, "--recordings", tmp_path, "--json")
    result = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert status == 0
    assert result["false_accepts_per_hour_ci95"] == [0, None]
    assert (result["data"], result["synthetic"]) == (tmp_path.name, False)


def test_nothing_usable(kws, checkpoint, tmp_path):
    (tmp_path / "hello").mkdir()
    status, out, err = kws("field", checkpoint, "--recordings", tmp_path, "--json")
    assert (status, out) == (2, "")
    assert "hello" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--snr", "70:80"), "stay within -10 to 60"),
        (("--distance", "0"), "stay within 0.1 to 5"),
        (("--rt60", "2"), "stay within 0.1 to 1"),
        (("--snr", "loud"), "LOW:HIGH"),
        (("--smoothing", "99"), "1 to 32"),
        (("--rooms", "/no/such/folder"), "no such folder"),
    ],
)
def test_bad_usage(kws, checkpoint, corpus, arguments, message):
    status, out, err = kws("field", checkpoint, "--data", corpus, *arguments)
    assert (status, out) == (2, "")
    assert message in err.splitlines()[-1]


def test_no_folder_of_recordings(kws, checkpoint):
    status, out, err = kws("field", checkpoint, "--recordings", "/no/such/folder")
    assert (status, out) == (2, "")
    assert "no such folder" in err


def test_bad_model(kws, tmp_path, corpus):
    (tmp_path / "model.onnx").touch()
    status, _, err = kws("field", tmp_path / "model.onnx", "--data", corpus)
    assert status == 2
    assert "model.onnx" in err


def test_a_long_stream(kws, checkpoint, corpus, measured, tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text(
        '{"seconds": 20, "keywords": [{"word": "yes", "at": 4}, {"word": "no", "at": 9.5}], "others": 5}'
    )
    where = ("--data", corpus, "--rooms", measured, "--save-wav", tmp_path / "heard")
    status, out, _ = kws("field", checkpoint, "--long", spec, *where, "--json")
    result = json.loads(out)
    assert status == 0
    assert result["keywords"] == result["hits"] + result["misses"] == 2
    assert [row["at"] for row in result["listed"]] == [4, 9.5]
    assert len(result["false"]) == result["false_accepts"]
    assert (result["seconds"], result["duty"], result["fits"]) == (20, None, None)
    assert result["rooms"]["folder"] == str(measured)
    samples, rate = soundfile.read(tmp_path / "heard" / "stream.wav")
    assert (len(samples), rate) == (20 * RATE, RATE)


@pytest.mark.parametrize(
    ("content", "arguments", "culprit"),
    [
        ('{"keywords": [{"word": "maybe", "at": 4}]}', (), "spec.json: maybe: not a keyword"),
        ('{"keywords": 5', (), "spec.json: not JSON"),
        ('{"seconds": 1' + 400 * "0" + "}", (), "spec.json: a number is too large"),
        ('{"keywords": 1' + 400 * "0" + "}", (), "spec.json: a number is too large"),
        ('{"keywords": [{"word": "yes", "at": 1' + 400 * "0" + "}]}", (), "spec.json: a number is too large"),
        ('{"keywords": [{"word": "yes", "at": true}]}', (), 'spec.json: "keywords" lists'),
        ('{"seconds": 20, "seconds": 30}', (), "spec.json: not JSON ('seconds' is given twice)"),
        ('{"\\ud800": 5}', (), "is unknown: use seconds"),
        (None, (), "spec.json: cannot be read"),
        ("{}", ("--trials", 5), "--long takes no --trials"),
    ],
)
def test_a_long_stream_that_cannot_be_is_one_line(
    kws, checkpoint, corpus, tmp_path, content, arguments, culprit
):
    spec = tmp_path / "spec.json"
    if content is not None:
        spec.write_text(content)
    status, out, err = kws("field", checkpoint, "--long", spec, "--data", corpus, *arguments, "--json")
    lines = [line for line in err.splitlines() if not line.startswith(("data:", "100 rooms"))]
    assert (status, out, len(lines)) == (2, "", 1)
    assert culprit in lines[0]


def test_hours_without_a_keyword(kws, corpus, measured, tmp_path):
    eager = build(ModelConfig())
    with torch.no_grad():
        eager.linear.bias[2] = 3  # it hears yes everywhere
    save_checkpoint(tmp_path / "eager.pt", eager, ModelConfig())
    where = ("--data", corpus, "--rooms", measured, "--hours", 0.15)
    command = ("field", tmp_path / "eager.pt", *where, "--threshold", 0.3)
    status, out, err = kws(*command, "--json")
    assert status == 0, err
    result = json.loads(out)
    assert result["hours"] == pytest.approx(0.15, rel=0.01)
    assert result["false_accepts"] > 0
    kinds = result["by_kind"]
    assert list(kinds) == ["words", "running speech", "babble", "noise", "music", "quiet"]
    assert sum(row["false_accepts"] for row in kinds.values()) == result["false_accepts"]
    assert [round(60 * row["hours"]) for row in kinds.values()] == [2, 2, 2, 1, 1, 1]
    for row in (result, *kinds.values()):
        assert row["false_accepts_per_hour"] == pytest.approx(row["false_accepts"] / row["hours"])
        low, high = row["false_accepts_per_hour_ci95"]
        assert low <= row["false_accepts_per_hour"] <= high
    text = kws(*command)[1].splitlines()
    assert f"{result['false_accepts']} false accepts in 9 minutes" in text[0]
    assert [line.split("  ")[1] for line in text[1:7]] == list(kinds)
    never = json.loads(kws(*command[:-1], 1, "--seed", 1, "--json")[1])
    assert (never["false_accepts"], never["seed"], never["threshold"]) == (0, 1, 1)


def test_the_kinds_share_the_minutes_that_were_made(kws, checkpoint, corpus, measured, monkeypatch):
    """Of half a minute too: sixty times 0.275 is 16.5, which is rounded to 16, and 17 minutes are made."""
    sound = np.zeros((17 * 60 * 50 - 1, 40), np.int8)
    monkeypatch.setattr(minutes, "cached", lambda *given: {"frames": sound, "speech": sound})
    where = ("--data", corpus, "--rooms", measured, "--hours", 0.275)
    status, out, err = kws("field", checkpoint, *where, "--json")
    assert status == 0, err
    result = json.loads(out)
    assert result["hours"] == pytest.approx(17 / 60, rel=0.01)
    assert [round(60 * row["hours"]) for row in result["by_kind"].values()] == [3, 3, 3, 3, 3, 2]


@pytest.mark.parametrize(
    "given",
    [
        *(("--trials", 4), ("--trial", 1), ("--recordings", "folder"), ("--listen", "day.wav")),
        *(("--long", "spec.json"), ("--save-wav", "folder")),
    ],
    ids=str,
)
def test_hours_take_no_options_of_other_tests(kws, checkpoint, given):
    status, out, err = kws("field", checkpoint, "--hours", 1, *given)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert f"--hours takes no {given[0]}" in err
