"""A folder with all that commands take."""

import pytest
from small_corpus import write_corpus

from kwslib.checkpoints import save_checkpoint
from kwslib.networks.models import ModelConfig, build


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A corpus, a checkpoint, a text file, and links that lead nowhere."""
    folder = tmp_path_factory.mktemp("place")
    write_corpus(folder / "corpus", words=("yes", "no", "up"))
    save_checkpoint(folder / "model.pt", build(ModelConfig()), ModelConfig())
    (folder / "circle").symlink_to("circle")
    (folder / "spec.json").write_text("{}")
    (folder / "text.txt").write_text("nothing to hear\n")
    return folder
