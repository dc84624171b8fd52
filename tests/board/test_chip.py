"""Whether a chain can listen on the board: from the worst hop that the board counts."""

import json
import re

import numpy as np
import pytest
import soundfile
from small_corpus import write_corpus
from tflite_files import tinyconv, too_large

from kwslib.board import chip, streaming
from kwslib.board.chip import deployable
from kwslib.board.firmware import Overflow
from kwslib.deployment.core_network import read_network
from kwslib.labels import class_labels

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tinyconv(tmp_path_factory.mktemp("model") / "tinyconv.tflite")


@pytest.fixture
def sound(tmp_path):
    noise = np.random.default_rng(0).integers(-1000, 1000, 16_000).astype(np.int16)
    soundfile.write(tmp_path / "sound.wav", noise, 16_000)
    return tmp_path / "sound.wav"


@pytest.fixture
def commands(model, sound, tmp_path):
    corpus = write_corpus(tmp_path / "corpus", words=("yes", "no", "up", "down"))
    (tmp_path / "rooms").mkdir()  # simulating a hundred takes longer than all else here
    soundfile.write(tmp_path / "rooms" / "dead.wav", np.eye(1, 800)[0] * 0.5, 16_000)
    spec = tmp_path / "spec.json"
    spec.write_text('{"seconds": 20, "keywords": 4, "others": 2}')
    return (
        ("board", model),
        ("board", model, "--stream", sound),
        ("field", model, "--data", corpus, "--rooms", tmp_path / "rooms", "--trials", 4),
        ("field", model, "--data", corpus, "--rooms", tmp_path / "rooms", "--long", spec),
    )


def test_all_commands_agree_on_the_worst_hop(kws, commands):
    found = [json.loads(kws(*command, "--json")[1]) for command in commands]
    assert {(result["hop_ms"], result["fits"]) for result in found} == {(40, True)}
    assert len({result["worst_hop_ms"] for result in found}) == 1
    assert not any("deployable" in kws(*command)[1] for command in commands)


def test_a_chain_that_is_too_slow_is_not_called_deployable(kws, commands, monkeypatch):
    for module in ("kwslib.board.chip", "kwslib.board.streaming"):
        monkeypatch.setattr(f"{module}.HOP_MS", 2)
    for command in commands:
        status, out, _ = kws(*command)
        line = re.search(
            r"NOT deployable: the worst hop takes ([\d.]+) ms, ([\d.]+) ms more than the 2 ms until the next;"
            r" use \d channels in place of 8, or",
            out,
        )
        assert (status, float(line[2])) == (0, pytest.approx(float(line[1]) - 2, abs=0.1))  # to two digits
        assert not re.search("battery|µJ", out)
        result = json.loads(kws(*command, "--json")[1])
        assert result["fits"] is False
        assert result.get("energy_uj_per_hop") is None
        assert not any(result.get("battery_days", {}).values())


def test_a_long_stream_of_what_fits_no_memory_keeps_its_score(kws, commands, monkeypatch):
    def refuse(network, labels):
        raise Overflow({"RAM": 9})

    monkeypatch.setattr(chip, "chip_costs", refuse)
    status, out, _ = kws(*commands[-1])
    assert status == 0
    assert re.search(r"of 4 keywords found.*\n.*\n  NOT deployable: .* 9 bytes too large for RAM\n", out)
    result = json.loads(kws(*commands[-1], "--json")[1])
    assert (result["keywords"], result["duty"], result["fits"]) == (4, None, False)


def test_a_stream_does_not_need_the_firmware_for_clips(kws, commands, monkeypatch):
    """A causal network may fit hop by hop where its whole window does not."""

    def refuse(network, labels):
        raise Overflow({"RAM": 9})

    monkeypatch.setattr(streaming, "Board", refuse)
    result = json.loads(kws(*commands[1], "--json")[1])
    assert (result["fits"], result["whole_window_network_ms"]) == (True, None)
    assert "whole window\n  does not fit the board; results are the same" in kws(*commands[1])[1]


def test_a_chain_that_fits_no_memory_is_not_deployable(tmp_path):
    found = deployable(read_network(too_large(tmp_path / "large.tflite")), class_labels())
    assert (found.worst_hop_ms, found.fits) == (None, False)
    assert found.reason.startswith("NOT deployable: the model does not fit the board")


def test_what_cannot_be_counted_is_not_known(model, monkeypatch):
    assert deployable(None, class_labels()).as_json() == {"hop_ms": 40, "worst_hop_ms": None, "fits": None}
    monkeypatch.setattr(chip.importlib.util, "find_spec", lambda name: None)
    assert deployable(read_network(model), class_labels()).fits is None
