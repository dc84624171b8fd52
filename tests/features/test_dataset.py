"""Augmentation keeps clips clips, draws by name alone, and touches training only; features come from the cache."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.data.corpus import open_corpus
from kwslib.data.protocol import Protocol
from kwslib.errors import KwsError
from kwslib.features import dataset
from kwslib.features.dataset import NO_AUGMENTATION, Augmentation, augment, feature_splits

FULL = Augmentation(copies=2, speed=0.1, shift_ms=100, noise_probability=1, noise_volume=0.5)


def clip(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-32768, 32768, 16000).astype(np.int16)


@given(st.integers(0, 2**32), st.floats(0, 0.49), st.floats(0, 999), st.floats(0, 1))
def test_an_augmented_clip_is_a_clip(seed, speed, shift_ms, volume):
    changes = Augmentation(copies=2, speed=speed, shift_ms=shift_ms, noise_probability=1, noise_volume=volume)
    changed = augment(clip(seed), changes, [clip(seed + 1)], np.random.default_rng(seed))
    assert changed.shape == (16000,)
    assert changed.dtype == np.int16


def test_without_augmentation_nothing_changes():
    assert np.array_equal(augment(clip(0), NO_AUGMENTATION, [clip(1)], np.random.default_rng(0)), clip(0))


def test_a_shift_moves_and_fills_with_silence():
    changed = augment(clip(0), Augmentation(copies=2, shift_ms=100), [], np.random.default_rng(1))
    by = int(np.argmax(changed != 0)) or -int(np.argmax(changed[::-1] != 0))
    assert 0 < abs(by) <= 1600
    kept = slice(by, None) if by > 0 else slice(None, by)
    source = slice(None, -by) if by > 0 else slice(-by, None)
    assert np.array_equal(changed[kept], clip(0)[source])


def test_faster_speech_is_higher_by_as_much():
    tone = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype(np.int16)
    rng = np.random.default_rng(3)
    factor = 1 + 0.2 * np.random.default_rng(3).uniform(-1, 1)
    spectrum = np.abs(np.fft.rfft(augment(tone, Augmentation(copies=2, speed=0.2), [], rng)))
    assert spectrum.argmax() == pytest.approx(1000 * factor, abs=2)


@pytest.fixture(scope="module")
def splits():
    corpus = open_corpus(profile="quick")
    return feature_splits(corpus, Protocol(), FULL), feature_splits(corpus, Protocol())


@pytest.mark.slow
def test_only_training_is_augmented_and_its_first_copy_is_as_recorded(splits):
    augmented, plain = splits
    assert augmented["training"].copies == 2
    assert augmented["training"].n == plain["training"].n
    assert np.array_equal(augmented["training"].copy(0)[0], plain["training"].x)
    assert (augmented["training"].copy(1)[0] != plain["training"].x).any(axis=(1, 2)).mean() > 0.9
    assert np.array_equal(augmented["testing"].x, plain["testing"].x)
    assert augmented["testing"].copies == 1


def test_features_come_from_the_cache_the_second_time(splits, monkeypatch):
    def read_again(examples):
        raise AssertionError("the clips were read again")

    monkeypatch.setattr(dataset, "load_waveforms", read_again)
    again = feature_splits(open_corpus(profile="quick"), Protocol(), FULL)
    assert np.array_equal(again["training"].x, splits[0]["training"].x)
    fewer = feature_splits(open_corpus(profile="quick"), Protocol(), replace(FULL, copies=1))
    assert np.array_equal(fewer["training"].x, splits[1]["training"].x)


@pytest.mark.parametrize("wrong", [{"copies": 0}, {"speed": 0.5}, {"shift_ms": 1000}, {"noise_volume": 2}])
def test_impossible_augmentations_are_refused(wrong):
    with pytest.raises(KwsError):
        Augmentation(**wrong)
