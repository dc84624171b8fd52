"""What the tests of the field share: a small corpus, and a stage in the open air, where no room has to be simulated."""

from dataclasses import replace

import pytest
from small_corpus import write_corpus

from kwslib.data.corpus import Corpus, read_folder
from kwslib.field.conditions import DEFAULT, Field
from kwslib.field.evaluate import Stage, stage
from kwslib.labels import class_labels


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus") / "tiny"
    return read_folder(write_corpus(folder, words=("yes", "no", "up", "down")))


@pytest.fixture(scope="session")
def open_air() -> Field:
    return replace(DEFAULT, rt60=None)


@pytest.fixture(scope="session")
def outside(corpus: Corpus, open_air: Field) -> Stage:
    """Where trials happen in the open air."""
    return stage(corpus, class_labels(), open_air)
