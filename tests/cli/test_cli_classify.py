"""kws classify: any recording, one answer a file; nothing at all when one of them is bad."""

import json

import numpy as np
import pytest
import soundfile

from kwslib.checkpoints import save_checkpoint
from kwslib.networks.models import ModelConfig, build

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def checkpoint(tmp_path):
    config = ModelConfig(labels=("silence", "unknown", "up", "down"))
    save_checkpoint(tmp_path / "model.pt", build(config), config)
    return tmp_path / "model.pt"


def clip_of(corpus, word):
    from kwslib.data.corpus import open_corpus

    return next(clip.path for clip in open_corpus(corpus).clips if clip.word == word)


def test_every_rate_length_and_format(kws, checkpoint, tmp_path):
    rng, paths = np.random.default_rng(0), []
    for name, rate, shape, subtype in (
        ("phone.wav", 44_100, (100_000, 2), "PCM_24"),
        ("short.flac", 8_000, (900,), "PCM_16"),
        ("float.wav", 48_000, (48_000,), "FLOAT"),
    ):
        paths.append(tmp_path / name)
        soundfile.write(paths[-1], rng.normal(0, 0.1, shape), rate, subtype=subtype)
    status, out, _ = kws("classify", checkpoint, *paths, "--json")
    assert status == 0
    results = json.loads(out)["results"]
    assert [result["file"] for result in results] == list(map(str, paths))
    for result in results:
        assert list(result["scores"]) == ["silence", "unknown", "up", "down"]
        assert sum(result["scores"].values()) == pytest.approx(1)
        assert result["label"] == max(result["scores"], key=result["scores"].get)


def test_text_is_a_line_a_file(kws, checkpoint, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(16_000), 16_000)
    status, out, err = kws("classify", checkpoint, tmp_path / "a.wav", tmp_path / "a.wav")
    assert (status, err) == (0, "")
    (line, other) = out.splitlines()
    assert line == other
    assert line.startswith(f"{tmp_path / 'a.wav'}: ")


def test_checkpoint_and_int8_file_agree_on_a_word(kws, exported, recordings):
    answers = []
    for model in (exported.checkpoint, exported.tflite_int8):
        status, out, _ = kws("classify", model, clip_of(recordings, "yes"), "--json")
        assert status == 0
        (result,) = json.loads(out)["results"]
        answers.append(list(result["scores"].values()))
    np.testing.assert_allclose(*answers, atol=0.1)


def test_all_bad_files_are_named_before_anything_is_printed(kws, checkpoint, tmp_path):
    soundfile.write(tmp_path / "good.wav", np.zeros(16_000), 16_000)
    (tmp_path / "text.wav").write_text("hello")
    status, out, err = kws("classify", checkpoint, tmp_path / "good.wav", tmp_path / "text.wav", "gone.wav")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "text.wav" in err
    assert "gone.wav: no such file" in err


def test_ten_voice_memos_are_one_line_with_one_remedy(kws, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    memos = [tmp_path / f"memo {number}.m4a" for number in range(10)]
    for memo in memos:
        memo.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(99))
    status, out, err = kws("classify", checkpoint, *memos)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.count("ffmpeg") == 1
    assert "memo 0.m4a" in err
    assert "and 5 more" in err


@pytest.mark.parametrize("name", ["missing.pt", "missing.tflite", "model.onnx", ""])
def test_bad_models(kws, tmp_path, name):
    soundfile.write(tmp_path / "good.wav", np.zeros(16_000), 16_000)
    status, out, err = kws("classify", name, tmp_path / "good.wav")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert name in err
