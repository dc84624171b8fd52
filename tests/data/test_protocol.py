"""The fixed protocol gives the same, disjoint examples everywhere; the original one what its run draws."""

import gzip
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_corpus import write_corpus

from kwslib.data.audio import read_clip
from kwslib.data.clips import Clip
from kwslib.data.corpus import read_folder
from kwslib.data.protocol import (
    Example,
    Noise,
    Protocol,
    build_splits,
    counts,
    listed_unknown,
    load_waveforms,
    noise_stretches,
    read_noise,
)
from kwslib.data.splits import SPLITS, which_split
from kwslib.errors import KwsError

FIXED, ORIGINAL = Protocol(), Protocol("original")
EVALUATION = ("validation", "testing")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Forty speakers, three words; noise recordings of 12 and 20 s."""
    return read_folder(write_corpus(tmp_path_factory.mktemp("small") / "data"))


@pytest.fixture(scope="module")
def official(speech_commands, small):
    """The 105,829 official names, as a corpus whose clips cannot be heard."""
    names = speech_commands.parent / "speech_commands_v0.02_names.txt.gz"
    if not names.exists():
        pytest.skip("no list of the official names beside the recordings")
    with gzip.open(names, "rt") as lines:
        clips = [Clip(Path(line.strip()), line.split("/")[0], "", line.strip()) for line in lines]
    return replace(small, clips=tuple(clips))


def totals(splits, protocol=FIXED):
    return [counts(splits[split], protocol.labels)["total"] for split in SPLITS]


def test_official_names_give_the_sizes_of_the_original_report(official):
    assert len(official.clips) == 105_829
    assert totals(build_splits(official, FIXED)) == [10_556, 1_333, 1_368]
    assert totals(build_splits(official, ORIGINAL, seed=3)) == [10_556, 1_333, 1_368]


def test_a_part_of_the_clips_has_the_official_evaluation_examples(official, speech_commands):
    part = build_splits(read_folder(speech_commands), FIXED)
    whole = build_splits(official, FIXED)
    assert totals(part) == [10_522, 1_333, 1_368]
    for split in EVALUATION:
        assert [(e.name, e.label) for e in part[split]] == [(e.name, e.label) for e in whole[split]]


def test_the_listed_clips_are_evaluation_clips_of_other_words():
    splits = [which_split(name) for name in listed_unknown()]
    assert {split: splits.count(split) for split in SPLITS} == {
        "training": 0,
        "validation": 265,
        "testing": 272,
    }
    assert not {name.split("/")[0] for name in listed_unknown()} & {"yes", "no"}


@pytest.mark.parametrize(
    "protocol", [FIXED, ORIGINAL, Protocol(keywords=("up",)), Protocol(unknown_percent=10)]
)
def test_every_split_has_its_shares_and_its_own_speakers(small, protocol):
    splits = build_splits(small, protocol)
    assert tuple(splits) == SPLITS
    speakers = set()
    for split, examples in splits.items():
        found = counts(examples, protocol.labels)
        spoken = sum(found[word] for word in protocol.keywords)
        others = sum(clip.split == split and clip.word not in protocol.keywords for clip in small.clips)
        assert found["silence"] == math.ceil(spoken * protocol.silence_percent / 100)
        assert found["unknown"] == min(others, math.ceil(spoken * protocol.unknown_percent / 100))
        assert len({example.name for example in examples}) == len(examples)
        speakers |= {(split, example.clip.speaker) for example in examples if example.clip}
        for example in examples:
            word = example.clip.word if example.clip else "silence"
            expected = word if word in protocol.labels else "unknown"
            assert protocol.labels[example.label] == expected
    assert len(speakers) == len({speaker for _, speaker in speakers})


def test_fixed_examples_hang_on_nothing_but_the_names(small):
    splits = build_splits(small, FIXED, seed=0)
    assert build_splits(small, FIXED, seed=1) == splits
    assert build_splits(replace(small, clips=small.clips[::-1]), FIXED) == splits


def test_more_unknown_clips_in_training_leave_the_rest_alone(small):
    few, more = (build_splits(small, Protocol(training_unknown_percent=percent)) for percent in (5, 40))
    assert len(few["training"]) < len(more["training"])
    assert {example.name for example in few["training"]} < {example.name for example in more["training"]}
    assert all(few[split] == more[split] for split in EVALUATION)


def test_fixed_clips_are_untouched_and_silences_keep_to_their_stretch(small):
    shares = {"training": (0, 0.8), "validation": (0.8, 0.9), "testing": (0.9, 1)}
    many = Protocol(silence_percent=1_000)
    for split, examples in build_splits(small, many).items():
        assert all(not example.shift for example in examples)
        assert all(not (example.clip and example.noise) for example in examples)
        silences = [example for example in examples if example.label == 0]
        noises = [example.noise for example in silences if example.noise]
        assert 0.8 < len(noises) / len(silences) < 1
        gains = np.array([noise.gain for noise in noises])
        assert 0.01 <= gains.min() < 0.05 < 0.5 < gains.max() <= 1
        for noise in noises:
            begin, end = (round(share * len(read_noise(noise.path))) for share in shares[split])
            assert begin <= noise.start <= noise.start + 16_000 <= end


def test_noise_stretches_of_the_splits_do_not_overlap(small):
    for index, path in enumerate(small.noises):
        parts = [noise_stretches(small, split)[index] for split in SPLITS]
        assert np.array_equal(np.concatenate(parts), read_noise(path))


def test_a_recording_too_short_to_share_out_serves_training_alone(small, tmp_path):
    soundfile.write(tmp_path / "five.wav", np.zeros(80_000, np.int16), 16_000)
    with_short = replace(small, noises=(*small.noises, tmp_path / "five.wav"))
    assert [len(noise_stretches(with_short, split)) for split in SPLITS] == [3, 2, 2]


def test_audio_that_is_also_tested_is_not_trained_on(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    root = write_corpus(tmp_path / "data")
    paths = {which_split(path.name): path for path in sorted((root / "yes").iterdir())}
    shutil.copy(paths["testing"], paths["training"])
    splits = build_splits(read_folder(root), FIXED)
    assert f"yes/{paths['testing'].name}" in {example.name for example in splits["testing"]}
    assert f"yes/{paths['training'].name}" not in {example.name for example in splits["training"]}


def test_the_original_protocol_changes_with_the_run(small):
    first, again, second = (build_splits(small, ORIGINAL, seed) for seed in (0, 0, 1))
    assert first == again
    for split in SPLITS:
        assert first[split] != second[split]
        shifts = [example.shift for example in first[split] if example.clip]
        assert len(set(shifts)) > 1
        assert max(map(abs, shifts)) <= 1_600
        mixed = [example.noise.gain for example in first[split] if example.clip and example.noise]
        assert bool(mixed) == (split == "training")
        assert all(gain <= 0.1 for gain in mixed)


def test_the_original_silence_for_testing_comes_from_what_training_hears(small):
    tested = build_splits(small, Protocol("original", silence_percent=1_000))["testing"]
    starts = [
        example.noise.start / len(read_noise(example.noise.path)) for example in tested if not example.label
    ]
    assert min(starts) < 0.1
    assert max(starts) > 0.85


def test_waveforms_are_clips_noise_or_both(tmp_path, small):
    clip = small.clips[0]
    samples = read_clip(clip.path).astype(int)
    rain = read_noise(small.noises[1])[100:16_100]
    loud = Noise(small.noises[1], 100, 1.0)
    examples = (
        Example("as it is", "testing", 2, clip),
        Example("later", "testing", 2, clip, shift=150),
        Example("earlier", "testing", 2, clip, shift=-150),
        Example("noise", "testing", 0, noise=replace(loud, gain=0.25)),
        Example("silence", "testing", 0),
        Example("mixed", "training", 2, clip, loud),
    )
    waveforms = load_waveforms(examples)
    assert waveforms.shape == (6, 16_000)
    assert waveforms.dtype == np.int16
    assert np.array_equal(waveforms[0], samples)
    assert np.array_equal(waveforms[1], np.concatenate([np.zeros(150), samples[:-150]]))
    assert np.array_equal(waveforms[2], np.concatenate([samples[150:], np.zeros(150)]))
    assert np.array_equal(waveforms[3], np.rint(rain * 0.25))
    assert not waveforms[4].any()
    assert np.array_equal(waveforms[5], np.clip(samples + rain.astype(int), -32_768, 32_767))
    assert load_waveforms(()).shape == (0, 16_000)


def test_what_cannot_be_built_is_said(small, tmp_path):
    with pytest.raises(KwsError, match="no clips of maybe, perhaps: choose keywords from no, up, yes"):
        build_splits(small, Protocol(keywords=("yes", "perhaps", "maybe")))
    with pytest.raises(KwsError, match="ten seconds"):
        build_splits(replace(small, noises=()), FIXED)
    soundfile.write(tmp_path / "blip.wav", np.zeros(9_000, np.int16), 16_000)
    for protocol in (FIXED, ORIGINAL):
        with pytest.raises(KwsError, match="ten seconds"):
            build_splits(replace(small, noises=(tmp_path / "blip.wav",)), protocol)
    with pytest.raises(KwsError, match="use fixed or original"):
        Protocol("best")
    with pytest.raises(KwsError, match="0 or more"):
        Protocol(unknown_percent=-1)
    with pytest.raises(KwsError, match="no keywords"):
        Protocol(keywords=())


def test_a_real_split_can_be_heard(speech_commands):
    testing = build_splits(read_folder(speech_commands), FIXED)["testing"][:200]
    waveforms = load_waveforms(testing)
    assert {example.label for example in testing} == {0, 1, 2, 3}
    assert all(waveform.any() for waveform, example in zip(waveforms, testing, strict=True) if example.clip)
