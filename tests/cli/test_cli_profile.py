"""`kws profile`: its JSON, and one line with status 2 for whatever it cannot profile."""

import json

import pytest
import torch

from kwslib.checkpoints import save_checkpoint
from kwslib.networks.models import ModelConfig, build


@pytest.mark.parametrize("arch", ["tinyconv", "tenet"])
def test_json_of_a_network_by_name_and_by_checkpoint(kws, few_runs, tmp_path, arch):
    config = ModelConfig(arch)
    save_checkpoint(tmp_path / "m.pt", build(config), config)
    results = []
    for model in (arch, tmp_path / "m.pt"):
        status, out, err = kws("profile", model, "--json")
        assert (status, err) == (0, "")
        results.append(json.loads(out))
    by_name, by_file = results
    assert by_name["macs"] == by_file["macs"] == sum(layer["macs"] for layer in by_name["layers"])
    assert by_name["parameters"] == by_file["parameters"]
    assert by_file["latency"][0]["median_ms"] > 0
    assert set(by_name["memory_bytes"]) == {"every_output_float32", "peak_live_float32", "peak_live_int8"}


def test_text_shows_the_same_numbers(kws):
    status, out, _ = kws("profile", "tinyconv")
    assert status == 0
    for number in ("16,652", "336,000", "676,004", "79,696 B", "6.35 % of 1 MB"):
        assert number in out


@pytest.mark.parametrize("model", ["nothing.pt", "nothing.tflite", "nothing.wav", "nothing"])
def test_missing_models(kws, model):
    status, out, err = kws("profile", model)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert model in err


def test_bad_models_and_devices(kws, tmp_path):
    (tmp_path / "m.tflite").write_bytes(b"TFL3")
    for arguments in ([tmp_path / "m.tflite"], ["tinyconv", "--device", "tpu"]):
        status, out, err = kws("profile", *arguments)
        assert (status, out, err.count("\n")) == (2, "", 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_no_gpu(kws):
    status, _, err = kws("profile", "tinyconv", "--device", "cuda")
    remedy = "measure on the CPU, as `kws profile MODEL --device cpu` does"
    assert (status, err) == (2, f"kws: no CUDA device here: {remedy}\n")
