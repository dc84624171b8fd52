"""The README's commands run as they stand, but for less work; those that take minutes or a microphone say why not."""

import re
import shlex
import shutil

import pytest
import torch
from converters import need_converters
from repository import MODELS, REPOSITORY
from small_corpus import write_corpus

from kwslib.checkpoints import save_checkpoint
from kwslib.networks.models import ModelConfig, build

pytestmark = pytest.mark.slow

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
COMMANDS = list(dict.fromkeys(re.findall(r"(?:`|^)(kws [^`\n]+)", README, re.MULTILINE)))
NOT_HERE = {
    "kws keyword": "tests/book/test_own_keyword.py runs it as its page has it, minutes long",
    "kws listen": "needs a microphone",
}
LESS = {
    "kws train": "--epochs 1",
    "kws quantize": "--epochs 1",
    "kws prune": "--epochs 1",
    "kws field": "--trials 4",
    "kws sweep": "--dry-run",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """What the README's commands name: models, a recording, a long one, recordings of Speech Commands' layout."""
    folder = tmp_path_factory.mktemp("readme")
    corpus = write_corpus(folder / "corpus", words=("yes", "no", "up", "down"))
    shutil.copy(next((corpus / "yes").iterdir()), folder / "recording.wav")
    shutil.copy(corpus / "_background_noise_" / "rain.wav", folder / "long.wav")
    torch.manual_seed(0)
    save_checkpoint(folder / "model.pt", build(ModelConfig()), ModelConfig())
    (folder / "computer").mkdir()
    for name in ("model.tflite", "computer/model.tflite"):
        shutil.copy(MODELS / "tinyconv.tflite", folder / name)
    (folder / "book").symlink_to(REPOSITORY / "book")
    return folder


def test_the_readme_has_commands():
    assert len(COMMANDS) >= 12
    assert {command for command in NOT_HERE | LESS if not re.search(rf"`?{command}\b", README)} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_as_written(kws, place, monkeypatch, command):
    first = " ".join(command.split()[:2])
    if first in NOT_HERE:
        pytest.skip(NOT_HERE[first])
    if first == "kws export":
        need_converters()
    monkeypatch.chdir(place)
    monkeypatch.setenv("KWS_DATA", str(place / "corpus"))
    monkeypatch.setenv("KWS_PROFILE", "quick")
    less = "" if "--listen" in command else LESS.get(first, "")
    status, out, err = kws(*shlex.split(f"{command} {less}")[1:])
    assert status == 0, err
    assert out
