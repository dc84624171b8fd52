"""The front end against its references (pymicro-features, TensorFlow's op), and its own laws."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.errors import KwsError
from kwslib.features import ccore, frontend
from kwslib.features.frontend import Frontend, features, normalise, raw_features

N = 16_000
LOUDEST = 32_767


def reference(samples: np.ndarray) -> np.ndarray:
    """TFLM's own micro front end at its fixed 10 ms step, uint16 (frames, 40)."""
    micro = pytest.importorskip("pymicro_features").MicroFrontend()
    frames = []
    while samples.size >= 160:
        output = micro.process_samples(samples[:160].tobytes())
        samples = samples[output.samples_read :]
        if output.features:
            frames.append(np.round(np.array(output.features) / 0.0390625))  # its unit is 10/256
    return np.array(frames, np.uint16)


def real_clips(root: Path, count: int) -> list[np.ndarray]:
    paths = [path for path in sorted(root.glob("[a-z]*/*")) if path.suffix in (".flac", ".wav")]
    chosen = random.Random(0).sample(paths, min(count, len(paths)))
    return [soundfile.read(path, dtype="int16")[0] for path in chosen]


def square(period: int) -> np.ndarray:
    return np.where(np.arange(N) % period < period // 2, LOUDEST, -LOUDEST - 1)


SIGNALS = {
    "silence": np.zeros(N),
    "dc": np.full(N, LOUDEST),
    "negative dc": np.full(N, -LOUDEST - 1),
    "least dc": np.full(N, -1),
    "impulses": np.where(np.arange(N) % 4001 == 700, LOUDEST, 0),
    "square 2": square(2),
    "square 7": square(7),
    "square 64": square(64),
    "square 5000": square(5000),
    "random": np.random.default_rng(0).integers(-LOUDEST - 1, LOUDEST + 1, N),
    "faint": np.random.default_rng(1).integers(-2, 3, N),
    "silence then random": np.random.default_rng(2).integers(-LOUDEST, LOUDEST, N) * (np.arange(N) > N // 2),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_hard_signals_equal_the_reference(name: str) -> None:
    samples = SIGNALS[name].astype(np.int16)
    np.testing.assert_array_equal(raw_features(samples, step_ms=10), reference(samples))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), level=st.integers(0, 15), spike=st.integers(0, 1999))
def test_any_signal_equals_the_reference(seed: int, level: int, spike: int) -> None:
    samples = np.random.default_rng(seed).integers(-(2**level), 2**level, 2000).astype(np.int16)
    samples[spike] = -32768  # the one value without a magnitude in int16
    np.testing.assert_array_equal(raw_features(samples, step_ms=10), reference(samples[: 2000 // 160 * 160]))


def test_real_clips_equal_the_reference(speech_commands: Path) -> None:
    clips = [clip for clip in real_clips(speech_commands, 1100) if clip.size >= 480]
    assert len(clips) >= 1000
    for clip in clips:
        np.testing.assert_array_equal(raw_features(clip, step_ms=10), reference(clip))


def test_real_clips_nearly_equal_tensorflow(speech_commands: Path) -> None:
    """TensorFlow's op steps by 20 ms too; it rounds one window coefficient the other way, hence not all."""
    pytest.importorskip("tensorflow")
    import tensorflow as tf
    from tensorflow.lite.experimental.microfrontend.python.ops import audio_microfrontend_op

    equal = [
        audio_microfrontend_op.audio_microfrontend(
            tf.constant(clip), window_size=30, window_step=20, num_channels=40
        ).numpy()
        == raw_features(clip)
        for clip in real_clips(speech_commands, 150)
        if clip.size == N
    ]
    assert np.mean(equal) >= 0.98


def test_one_second_gives_49_frames_of_40() -> None:
    assert features(np.zeros((2, 3, N), np.int16)).shape == (2, 3, frontend.FRAMES, frontend.CHANNELS)
    assert features(np.zeros((0, N), np.int16)).shape == (0, frontend.FRAMES, frontend.CHANNELS)


def test_each_clip_starts_afresh() -> None:
    clips = np.stack([SIGNALS["random"], SIGNALS["square 64"], SIGNALS["faint"]]).astype(np.int16)
    np.testing.assert_array_equal(features(clips), [features(clip) for clip in clips])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), step_ms=st.sampled_from(frontend.STEPS_MS), pieces=st.integers(1, 60))
def test_streaming_equals_the_whole(seed: int, step_ms: int, pieces: int) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.integers(-3000, 3000, rng.integers(480, 6000)).astype(np.int16)
    chunks = np.split(samples, np.sort(rng.integers(0, samples.size, pieces)))
    stream = Frontend(step_ms)
    for _ in range(2):
        frames = np.concatenate([stream.process(chunk) for chunk in chunks])
        np.testing.assert_array_equal(frames, features(samples, step_ms))
        stream.reset()


def test_int8_features_follow_tflm_mapping() -> None:
    raw = np.arange(65536, dtype=np.uint16)
    q8 = frontend._quantized(raw)
    law = np.clip((raw.astype(int) * 256 + 333) // 666 - 128, -128, 127)
    np.testing.assert_array_equal(q8, law)
    samples = SIGNALS["random"].astype(np.int16)
    np.testing.assert_array_equal(features(samples), q8[raw_features(samples)])


def test_input_scale_is_that_of_the_training_split(speech_commands: Path) -> None:
    from kwslib.data.corpus import open_corpus
    from kwslib.data.protocol import Protocol, build_splits, load_waveforms
    from kwslib.labels import SILENCE, class_labels

    silence = class_labels().index(SILENCE)
    training = build_splits(open_corpus(speech_commands), Protocol())["training"]
    spoken = [example for example in training if example.label != silence]
    q8 = features(load_waveforms(spoken[::4])).astype(np.float64)
    assert abs(q8.mean() - frontend.INPUT_ZERO_POINT) < 1
    assert abs(1 / q8.std() - frontend.INPUT_SCALE) < 2e-4
    assert np.mean(q8 == 127) < 1e-3  # the int8 range is not cut off above
    assert normalise(np.array([frontend.INPUT_ZERO_POINT], np.int8))[0] == 0


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(N, np.float32),
        np.zeros(N, np.uint16),
        np.zeros(N, np.int32),
        np.zeros(479, np.int16),
        np.zeros((3, 0), np.int16),
        np.int16(3) * np.ones((), np.int16),
        [0] * N,
        None,
    ],
)
def test_bad_samples_are_named(samples: object) -> None:
    with pytest.raises(KwsError, match="samples"):
        features(samples)  # type: ignore[arg-type]


def test_bad_steps_and_chunks_are_named() -> None:
    with pytest.raises(KwsError, match="step_ms = 15"):
        Frontend(15)
    with pytest.raises(KwsError, match="step_ms = 0"):
        features(np.zeros(N, np.int16), step_ms=0)
    with pytest.raises(KwsError, match="shape"):
        Frontend().process(np.zeros((2, 480), np.int16))


def test_strided_samples_are_read_as_they_look() -> None:
    stereo = np.random.default_rng(3).integers(-9000, 9000, (N, 2)).astype(np.int16)
    np.testing.assert_array_equal(features(stereo[:, 1]), features(stereo[:, 1].copy()))
    np.testing.assert_array_equal(features(stereo.T), features(stereo.T.copy()))


def test_tables_are_what_their_generator_writes() -> None:
    core = ccore.source_folder()
    made = subprocess.run(
        [sys.executable, core.parent / "tools" / "make_tables.py"], capture_output=True, text=True, check=True
    )
    assert made.stdout == (core / "kws_frontend_tables.h").read_text()


FUZZ = r"""
#include <stdlib.h>
#include "kws_frontend.c"
int main(void) {
    for (uint64_t k = 1; k < 1 << 21; k++) { /* rounding turns after k^2 + k */
        if (square_root(k * k + k) != k) return 2;
        if (square_root(k * k + k + 1) != (k == 65535 ? k : k + 1)) return 3;
    }
    static int16_t audio[3000];
    static uint16_t frames[3000 / 160 + 1][KWS_CHANNELS];
    static int8_t quantized[sizeof frames / 2];
    static kws_frontend stream;
    for (int round = 0; round < 200; round++) {
        srand(round);
        int level = rand() % 17, step = round % 2 ? 320 : 160, rail = rand() % 4;
        for (int i = 0; i < 3000; i++) {
            int value = (rand() % (1 << level)) - (1 << level) / 2;
            audio[i] = rail == 0 ? (rand() % 3 ? -32768 : 32767) : rail == 1 && i % 7 ? -32768 : value;
        }
        kws_frontend_clips(audio, 2, 1500, step, frames[0]);
        kws_frontend_quantize(frames[0], sizeof frames / 2, quantized);
        kws_frontend_init(&stream, step);
        for (int at = 0; at < 3000;) {
            int count = rand() % 700;
            if (count > 3000 - at) count = 3000 - at;
            kws_frontend_stream(&stream, audio + at, count, frames[0]);
            at += count;
        }
    }
    return 0;
}
"""


def test_sanitizers_find_nothing_and_roots_are_rounded(tmp_path: Path) -> None:
    core, program = ccore.source_folder(), tmp_path / "fuzz"
    (tmp_path / "fuzz.c").write_text(FUZZ)
    flags = ["-std=c99", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    build = ["gcc", *flags, f"-I{core}", str(tmp_path / "fuzz.c"), "-o", str(program)]
    try:
        subprocess.run(build, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("gcc with AddressSanitizer and UBSan is not here")
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_compiles_for_the_board(tmp_path: Path) -> None:
    pytest.importorskip("ziglang")
    target = ["-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp"]
    source = ccore.source_folder() / "kws_frontend.c"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-c", "-o", str(tmp_path / "frontend.o")]
    command = [sys.executable, "-m", "ziglang", "cc", *target, *flags, str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
