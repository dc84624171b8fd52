"""A word of one's own that tests can afford: few voices, rooms and backgrounds, kept in a cache of their own."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from kwslib.data import voices
from kwslib.features import ccore
from kwslib.field import evaluate
from kwslib.field.rooms import room_bank
from kwslib.keyword import training

VOICES = {"training": 24, "validation": 8, "testing": 8}
EVERYDAY = 20  # words to test with


def with_little_work(patch: pytest.MonkeyPatch, cache: Path) -> None:
    """What is spoken, trained and tested for a word is a tenth of it until `patch` ends. The cache is a new folder:
    what another holds has all voices."""
    core = ccore.build().parent
    cache.mkdir()
    (cache / core.name).symlink_to(core)
    patch.setenv("KWS_CACHE", str(cache))
    words, tested = voices.everyday_words()
    patch.setattr(voices, "everyday_words", lambda: (words[:30], tested[:EVERYDAY]))
    patch.setattr(voices, "VOICES", VOICES)
    patch.setattr(voices, "TIMES", 1)
    patch.setattr(evaluate, "room_bank", partial(room_bank, count=2))
    patch.setattr(training, "AUGMENTATION", replace(training.AUGMENTATION, rooms=2, backgrounds=1, hours=0.1))
