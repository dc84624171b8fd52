"""A folder with all that commands take."""

import pytest
from small_corpus import write_corpus
from tflite_files import tinyconv

from kwslib.checkpoints import save_checkpoint
from kwslib.measure import latency
from kwslib.networks.models import ModelConfig, build


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A corpus, a checkpoint, a .tflite file, a board's log, a text file, and links that lead nowhere."""
    folder = tmp_path_factory.mktemp("place")
    write_corpus(folder / "corpus", words=("yes", "no", "up"))
    save_checkpoint(folder / "model.pt", build(ModelConfig()), ModelConfig())
    tinyconv(folder / "model.tflite")
    (folder / "board.log").write_text("".join(f"KWS,{40 * n},612,6390,9,yes,80,-\n" for n in range(1, 9)))
    (folder / "circle").symlink_to("circle")
    (folder / "spec.json").write_text("{}")
    (folder / "text.txt").write_text("nothing to hear\n")
    return folder


@pytest.fixture
def few_runs(monkeypatch):
    """Latencies of five runs where a network's time is not the point: a thousand of a large one take seconds."""
    timed = latency._time
    monkeypatch.setattr(latency, "_time", lambda call, runs: timed(call, 5))
