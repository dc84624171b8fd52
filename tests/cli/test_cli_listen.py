"""kws listen: what a microphone brings is heard; where there is none, one line says what to do."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from kwslib.checkpoints import save_checkpoint
from kwslib.networks.models import ModelConfig, build


class Microphone:
    """As sounddevice's InputStream, in front of noise."""

    def __init__(self, samplerate, channels, dtype, blocksize, device):
        assert (samplerate, channels, dtype) == (16_000, 1, "int16")
        if device is not None:
            raise ValueError(f"No input device matching {device!r}")
        self.rng = np.random.default_rng(0)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def read(self, count):
        return self.rng.integers(-3000, 3000, (count, 1)).astype(np.int16), False


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A network that says yes to everything, at a microphone."""
    config = ModelConfig()
    network = build(config)
    for parameter in network.parameters():
        parameter.data.zero_()
    *_, bias = network.parameters()
    bias.data[2] = 9.0
    save_checkpoint(tmp_path / "model.pt", network.eval(), config)
    fake = SimpleNamespace(InputStream=Microphone, PortAudioError=OSError)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return tmp_path / "model.pt"


def test_every_report_has_a_line_with_its_time(kws, model):
    status, out, _ = kws("listen", model, "--seconds", 4)
    times = [float(line.split()[0]) for line in out.splitlines()]
    assert status == 0
    assert all(line.split()[1:] == ["s", "yes"] for line in out.splitlines())
    assert 1.0 < times[0] < 2.0
    assert np.diff(times).min() > 1.6  # the dead time after a report


def test_a_threshold_of_its_own(kws, model):
    assert kws("listen", model, "--seconds", 2, "--threshold", 1)[1] == ""


@pytest.mark.parametrize(("device", "said"), [("none", "'none'"), ("7", "7"), ("²", "'²'"), ("9" * 5000, "")])
def test_no_microphone_is_one_line(kws, model, device, said):
    status, out, error = kws("listen", model, "--device", device)
    assert (status, out, len(error.splitlines())) == (2, "", 1)
    assert f"No input device matching {said}" in error or not said
    assert "--device" in error


def test_without_sounddevice_the_extra_is_named(kws, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    status, out, error = kws("listen", model)
    assert (status, out) == (2, "")
    assert "pip install 'kwslib[live]'" in error
