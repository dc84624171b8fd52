"""Part 1's tables: one's own recordings, and differences that are only called so when they are."""

from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from kwslib.data.audio import read_clip
from kwslib.data.corpus import Corpus
from kwslib.errors import KwsError
from kwslib.report.part1 import tables as report

NOBODY = Corpus("none", root=None, clips=(), noises=(), synthetic=True)  # type: ignore[arg-type]


def trained(right: np.ndarray, y: np.ndarray) -> list:
    """Runs that are right where `right` (seeds, n) says so, and answer class 9 elsewhere."""
    return [SimpleNamespace(predictions={"testing": np.where(row, y, 9)}) for row in right]


@pytest.mark.slow
def test_own_recordings_take_the_place_of_the_corpus(tmp_path):
    rng = np.random.default_rng(0)
    for stem in ("yes_loud", "yes_quiet", "no_loud", "no_quiet"):
        soundfile.write(tmp_path / f"{stem}.flac", rng.normal(0, 0.1, (66_150, 2)), 44_100)
    paths = report.examples(NOBODY, tmp_path)
    assert list(paths) == ["yes, loud", "yes, quiet", "no, loud", "no, quiet"]
    clips = {title: read_clip(path) for title, path in paths.items()}
    table = report.level_table(paths, clips)
    assert table.loc["no, quiet", "recording"].endswith("/no_quiet")
    levels = report.level_values(table)
    assert levels["speech_level_no_quiet"].value == table.loc["no, quiet", "speech (dB)"]


def test_a_missing_recording_is_named(tmp_path):
    with pytest.raises(KwsError, match="yes_loud"):
        report.examples(NOBODY, tmp_path)


def test_differences_are_told_apart_only_beyond_both_intervals():
    rng, y = np.random.default_rng(1), np.arange(400) % 4
    good, same = rng.random((2, 3, 400)) < 0.95
    runs = {
        "log-mel": trained(good, y),
        "MFCC": trained(same, y),
        "log-linear": trained(rng.random((3, 400)) < 0.5, y),
        "micro front end": trained(np.ones((3, 400), bool), y),
    }
    ahead = report.differences(runs, y)
    table = report.difference_table(ahead)
    assert table["so"].to_dict() == {
        "log-mel − MFCC": "not told apart",
        "log-mel − log-linear": "log-mel is better",
        "log-mel − micro front end": "micro front end is better",
    }
    found = report.difference_values(ahead)["difference_logmel_linear"]
    assert found.value == pytest.approx(45, abs=5)
    assert found.ci95[0] < found.value < found.ci95[1]


@pytest.mark.slow
def test_sizes_of_one_second():
    table = report.size_table(np.zeros(16_000, np.int16))
    assert table["numbers"].to_dict() == {
        "waveform": 16_000,
        "spectrum": 8_001,
        "linear spectrogram": 257 * 49,
        "mel spectrogram": 40 * 49,
        "MFCC, first 13": 13 * 49,
    }


def test_the_libraries_largest_differences_stand_by_representation_and_the_largest_of_all_is_recorded():
    largest = {"linear": 0.25, "mel": 0.5, "mfcc": 0.125}
    table = report.agreement_table(largest)
    assert table["largest difference (dB)"].to_dict() == {
        "linear spectrogram": 0.25,
        "mel spectrogram": 0.5,
        "MFCC": 0.125,
    }
    values = report.agreement_values(largest, n=100)
    assert values["librosa_torchaudio_max_difference_mfcc_db"].value == 0.125
    over_all = values["librosa_torchaudio_max_difference_db"]
    assert (over_all.value, over_all.unit, over_all.n) == (0.5, "dB", 100)
