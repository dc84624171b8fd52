"""`kws board` from the outside."""

import json

import numpy as np
import pytest
import soundfile
from tflite_files import tinyconv


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tinyconv(tmp_path_factory.mktemp("model") / "tinyconv.tflite")


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
