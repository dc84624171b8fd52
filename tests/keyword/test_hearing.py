"""Long recordings and live sound are heard as the deployed chain hears them."""

import json

import numpy as np
import pytest
import soundfile

from kwslib.deployment.decision import CERTAIN, DecisionSettings
from kwslib.errors import KwsError
from kwslib.field.stream import StreamNetwork, decide, listen, windows
from kwslib.keyword.hearing import Listener, listen_to

LABELS = ("silence", "unknown", "kiwi")
SETTINGS = DecisionSettings(classes=3, smoothing=4, threshold=0.8, suppression=20)


def run(seen):
    """Hears the word where a window is loud."""
    level = seen.astype(np.float32).mean(axis=(1, 2))
    return np.stack([-level / 8 - 6, np.full(len(seen), -1.0), level / 8 + 6], axis=1)


NETWORK = StreamNetwork("loudness", LABELS, None, run)


@pytest.fixture(scope="module")
def sound():
    """Noise that is loud at 3 to 4 s and at 8 to 9 s."""
    rng = np.random.default_rng(0)
    gain = np.full(12 * 16_000, 2.0)
    for second in (3, 8):
        gain[second * 16_000 : (second + 1) * 16_000] = 8000.0
    return (gain * rng.standard_normal(len(gain))).astype(np.int16)


def test_live_sound_in_any_pieces_is_what_the_whole_stream_is(sound):
    whole = decide(NETWORK(windows(listen(sound))), None, SETTINGS)
    assert (whole.reported >= 0).sum() >= 2
    listener, reported, means = Listener(NETWORK, SETTINGS), [], []
    cuts = np.sort(np.random.default_rng(1).integers(0, len(sound), 100))
    for piece in np.split(sound, cuts):
        for smoothed, which in listener.hear(piece):
            means.append(smoothed)
            reported.append(which)
    np.testing.assert_array_equal(reported, whole.reported)
    np.testing.assert_allclose(np.array(means) * CERTAIN, whole.smoothed, atol=1)


def test_every_report_of_a_long_recording_has_its_time(sound, tmp_path):
    soundfile.write(tmp_path / "long.flac", sound, 16_000)
    found, seconds = listen_to(NETWORK, tmp_path / "long.flac", SETTINGS)
    assert seconds == 12
    assert {report.label for report in found} == {"kiwi"}
    times = np.array([report.time for report in found])
    assert all(((times > 3) & (times < 5.2)) | ((times > 8) & (times < 10.2)))
    assert min(times) < 4.5
    assert max(times) > 8


@pytest.mark.parametrize(("samples", "seconds"), [(8_000, "0.50"), (16_000, "1.00"), (16_799, "1.04")])
def test_a_recording_that_is_too_short_is_told_what_is_enough(tmp_path, samples, seconds):
    for path, count in ((tmp_path / "short.wav", samples), (tmp_path / "enough.wav", 16_800)):
        soundfile.write(path, np.ones(count, np.int16), 16_000)
    with pytest.raises(KwsError, match=rf"short\.wav: {seconds} s of sound: give 1\.05 s or more"):
        listen_to(NETWORK, tmp_path / "short.wav", SETTINGS)
    listen_to(NETWORK, tmp_path / "enough.wav", SETTINGS)


def test_the_command_prints_times_and_a_rate(kws, sound, tmp_path, exported):
    soundfile.write(tmp_path / "long.wav", sound, 16_000)
    status, out, _ = kws("field", exported.tflite_int8, "--listen", tmp_path / "long.wav", "--json")
    result = json.loads(out)
    assert status == 0
    assert result["seconds"] == 12
    low, high = result["reports_per_hour_ci95"]
    assert low <= result["reports_per_hour"] == 300 * len(result["reports"]) <= high
    status, _, error = kws("field", exported.tflite_int8, "--listen", tmp_path / "long.wav", "--snr", "5")
    assert status == 2
    assert "--snr" in error
