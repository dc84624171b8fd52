"""kws keyword refuses what it cannot do before it works, in one line, and leaves nothing. The whole road is executed by
tests/book/test_own_keyword.py."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from converters import needs_converters
from small_corpus import write_corpus

from kwslib.cli.keyword import _print
from kwslib.data import word_file


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Where the command runs: a corpus, takes; and a synthesizer that must not be asked."""
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(word_file, "spoken_folder", lambda word: pytest.fail("the synthesizer was asked"))
    write_corpus(tmp_path / "data")
    (tmp_path / "takes").mkdir()
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "corpus.json").write_text("{}")
    for number in range(4):
        sound = np.random.default_rng(number).normal(0, 0.1, 9_000)
        soundfile.write(tmp_path / "takes" / f"take{number}.wav", sound, 16_000)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@needs_converters
@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (("a,b",), "'a,b'"),
        (("unknown",), "'unknown'"),
        (("../x",), "'../x'"),
        (("/a/b",), "'/a/b'"),
        (("a/b",), "'a/b'"),
        ((".",), "'.'"),
        (("~",), "'~'"),
        (("Привет",), "cannot read 'Привет': give your own recordings of it with --takes"),
        (("kiwi", "--arch", "transformer"), "transformer"),
        (("kiwi", "--takes", "nowhere"), "nowhere: no such folder"),
        (("kiwi", "--takes", "data/_background_noise_", "--not", "nowhere"), "recordings of 'kiwi'"),
        (
            ("takes", "--takes", "takes"),
            "takes: recordings are here: name another folder for the model with --out",
        ),
        (("kiwi", "--takes", "takes", "--out", "data/../data"), "recordings are here"),
        (("kiwi", "--takes", "takes", "--out", "takes/model"), "takes/model: recordings are here"),
        (("kiwi", "--takes", "."), "kiwi: recordings are here"),
        (("kiwi", "--takes", "takes", "--not", "nowhere"), "nowhere: no such folder"),
        (("kiwi", "--takes", "takes", "--background", "takes"), "takes: no usable background"),
        (("yes", "--takes", "data/yes"), "in the data already: leave it out, or move it out of the data"),
        (("kiwi", "--data", "nowhere"), "nowhere: no such folder"),
        (
            ("kiwi", "--data", "made"),
            'made: no clips here: give the folders that its corpus.json lists under "data"',
        ),
        (("kiwi", "--data", "made/corpus.json"), 'give the folders that it lists under "data"'),
        (("kiwi", "--epochs", "0"), "epochs"),
        (("kiwi", "--trials", "1"), "trials"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(kws, world, arguments, culprit):
    given = () if "--data" in arguments else ("--data", "data")
    status, out, error = kws("keyword", *arguments, *given)
    assert (status, out) == (2, "")
    assert len(error.splitlines()) == 1
    assert culprit in error
    assert {path.name for path in world.iterdir()} - {"cache"} == {"data", "made", "takes"}


def test_the_file_of_another_kind_is_no_corpus(kws, world):
    soundfile.write("sound.wav", np.ones(100), 16_000)
    status, out, error = kws("data", "info", "--data", "sound.wav")
    assert (status, out) == (2, "")
    assert "sound.wav: not a corpus file" in error


@pytest.mark.parametrize("knows", [False, True])
def test_a_word_that_the_pretrained_network_knows_is_said(capsys, knows):
    testing = {"accuracy": 0.9, "n": 10, "ci95": (0.6, 1.0)}
    missed = {"said": 10, "clips": 10, "missed_share": 0.1, "missed_share_ci95": (0.0, 0.4)}
    field = missed | {"false_accepts_per_hour": 0.0, "false_accepts_per_hour_ci95": (0.0, 1.0)}
    report = {"word": "stop", "testing": testing, "field": field, "everyday": {}, "pretrained_on_word": knows}
    _print(Path("stop"), "synthetic", report | {"threshold": 0.6, "smoothing": 4})
    said = "the pretrained network was trained on 'stop', said by speakers of Speech Commands"
    assert (said in capsys.readouterr().out) == knows
