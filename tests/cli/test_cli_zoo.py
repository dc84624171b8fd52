"""Every network of the zoo by name through the commands, with weights that nobody trained."""

import json

import pytest
import soundfile
from small_networks import SOUND, checkpoint

from kwslib.labels import class_labels
from kwslib.networks.models import ZOO


@pytest.mark.slow
@pytest.mark.parametrize("arch", ZOO)
def test_profile_export_board_and_classify(kws, few_runs, tmp_path, arch):
    quantized, clip = checkpoint(tmp_path, 4, arch=arch), tmp_path / "clip.wav"
    soundfile.write(clip, SOUND[0], 16_000)
    status, out, error = kws("profile", quantized, "--json")
    assert status == 0, error
    profiled = json.loads(out)
    assert profiled["arch"] == arch
    assert 0 < profiled["flash_bytes"]["packed"] < profiled["flash_bytes"]["float32"]
    status, _, error = kws("export", quantized, "--out", tmp_path / "made")
    assert status == 0, error
    model = tmp_path / "made" / "model.tflite"
    status, out, error = kws("board", model, "--wav", clip, "--json")
    assert status == 0, error
    board = json.loads(out)
    assert list(board["scores"]) == list(class_labels())
    assert board["flash_bytes"] < 1 << 20
    assert board["ram_bytes"] < 256 << 10
    status, out, error = kws("classify", model, clip, "--json")
    assert status == 0, error
    (heard,) = json.loads(out)["results"]
    assert heard["scores"] == pytest.approx(board["scores"], abs=1e-3)


def test_an_unknown_network_lists_the_zoo(kws, tmp_path):
    for command in (("train", "--arch", "resnet", "--out", tmp_path / "m.pt"), ("profile", "resnet")):
        status, _, error = kws(*command)
        assert status == 2
        assert "resnet" in error
        assert all(arch in error for arch in ZOO)
