"""Of a longer recording the word's second is taken, whatever the microphone does, in bounded memory, and it is said."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from repository import MODELS

from kwslib.data.audio import LEVEL_FRAME, fit, read_clip, read_second
from kwslib.data.corpus import read_folder

MODEL = MODELS / "tinyconv.tflite"
CONDITIONS = ("plain", "settling", "offset", "click", "click at the very end")


def in_quiet(clip: np.ndarray, number: int, condition: str) -> tuple[np.ndarray, int]:
    """A clip amid 5 or 6 s of quiet, int16, and the sample where it begins."""
    rng = np.random.default_rng(number)
    length = 80_000 + 16_000 * (number % 2)
    sound = rng.standard_normal(length) * 10
    begin = int(rng.integers(16_000, length - 32_000))
    quiet = 1_000 / max(np.abs(clip.astype(int)).max(), 1) if condition == "offset" else 1.0
    sound[begin : begin + len(clip)] += quiet * clip
    if condition == "settling":
        sound += 4_000 * np.exp(-np.arange(length) / 16_000)
    if condition == "offset":
        sound += 2_000
    if condition.startswith("click"):
        last = length if condition.endswith("end") else length - 1_600
        sound[last - 160 : last] += 20_000 * rng.choice([-1, 1], 160)
    return np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16), begin


def words(folder: Path, count: int = 20) -> list[np.ndarray]:
    """The first test clips of "yes"."""
    clips = [clip for clip in read_folder(folder).clips if clip.word == "yes" and clip.split == "testing"]
    return [read_clip(clip.path) for clip in clips[:count]]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_twenty_words_in_quiet_are_recognised(kws, tmp_path, speech_commands, condition):
    pytest.importorskip("ai_edge_litert")
    paths = []
    for number, clip in enumerate(words(speech_commands)):
        paths.append(tmp_path / f"{number}.wav")
        soundfile.write(paths[-1], in_quiet(clip, number, condition)[0], 16_000)
    status, out, _ = kws("classify", MODEL, *paths, "--json")
    assert status == 0
    assert [result["label"] for result in json.loads(out)["results"]].count("yes") >= 17


@pytest.mark.parametrize("condition", CONDITIONS)
def test_synthetic_words_lie_in_the_second_that_is_taken(tmp_path, synthetic, condition):
    missed = []
    for number, clip in enumerate(words(synthetic)):
        sound, begin = in_quiet(clip, number, condition)
        loud = np.flatnonzero(np.abs(clip.astype(int)) > 0.05 * np.abs(clip.astype(int)).max())
        soundfile.write(tmp_path / "long.wav", sound, 16_000)
        second, start = read_second(tmp_path / "long.wav")
        assert np.array_equal(second, sound[round(start * 16_000) :][:16_000])
        if not start * 16_000 <= begin + loud[0] + 800 < begin + loud[-1] - 800 <= start * 16_000 + 16_000:
            missed.append(number)
    assert len(missed) <= 1


def test_clips_of_a_second_and_less_stay_as_they_are(recordings):
    for clip in read_folder(recordings).clips[::200]:
        samples, _ = soundfile.read(clip.path, dtype="int16")
        spare = 16_000 - len(samples)
        second, start = read_second(clip.path)
        assert start == 0
        assert np.array_equal(second, np.pad(samples, (spare // 2, spare - spare // 2)))


def test_classify_says_which_second(kws, tmp_path, recordings):
    pytest.importorskip("ai_edge_litert")
    (clip,) = words(recordings, 1)
    sound, begin = in_quiet(clip, 1, "plain")
    soundfile.write(tmp_path / "long.wav", sound, 16_000)
    soundfile.write(tmp_path / "short.wav", clip, 16_000)
    _, out, _ = kws("classify", MODEL, tmp_path / "long.wav", tmp_path / "short.wav", "--json")
    long, short = json.loads(out)["results"]
    assert long["second"] == pytest.approx(begin / 16_000, abs=0.3)
    assert short["second"] == 0
    _, out, _ = kws("classify", MODEL, tmp_path / "long.wav", tmp_path / "short.wav")
    long_line, short_line = out.splitlines()
    assert f"{long['second']:.2f} s" in long_line
    assert " s" not in short_line.removeprefix(str(tmp_path))


@pytest.mark.parametrize(
    "length", [16_001, 16_000 + LEVEL_FRAME - 1, 16_000 + LEVEL_FRAME, 16_000 + 3 * LEVEL_FRAME + 7]
)
def test_a_little_more_than_a_second(length):
    sound = np.arange(length, dtype=np.int16)
    assert (np.diff(fit(sound)) == 1).all()
    assert fit(sound).shape == (16_000,)


LONG = """
import re, sys
from pathlib import Path
from kwslib.data.audio import read_second
second, start = read_second(sys.argv[1])
peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())  # rusage's is the parent's
print(start, len(second), int(second.max()) - int(second.min()), peak[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_long_recordings_in_bounded_memory(tmp_path, rate):
    hours = 2 if rate == 16_000 else 0.5
    with soundfile.SoundFile(tmp_path / "long.wav", "w", rate, 1, "PCM_16") as file:
        file.seek(int(hours * 3600 * rate) // 2)
        file.write(np.random.default_rng(0).normal(0, 0.1, rate))
        file.seek(int(hours * 3600 * rate))
        file.write(np.zeros(1))
    done = subprocess.run(
        [sys.executable, "-c", LONG, tmp_path / "long.wav"], capture_output=True, text=True, check=True
    )
    start, length, spread, kilobytes = map(float, done.stdout.split())
    assert start == pytest.approx(hours * 3600 / 2, abs=0.1)
    assert (length, spread > 10_000) == (16_000, True)
    assert kilobytes < 400_000
