"""What tests of several forms of a network calibrate and compare with."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def clips(recordings) -> np.ndarray:
    from kwslib.data.corpus import open_corpus
    from kwslib.data.protocol import Protocol
    from kwslib.features.dataset import feature_split

    return feature_split(open_corpus(recordings), Protocol(), "training", first=512).x
