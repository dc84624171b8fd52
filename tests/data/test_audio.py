"""Any recording becomes a clip; a bad one is named."""

import os
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.data.audio import fit, read_audio, read_clip, read_second
from kwslib.errors import KwsError

FORMATS = [
    *(("wav", kind) for kind in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW")),
    *(("flac", kind) for kind in ("PCM_16", "PCM_24")),
    ("ogg", "VORBIS"),
    ("aiff", "PCM_16"),
]


def noise(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-32_768, 32_767, length, dtype=np.int16, endpoint=True)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("length", [1, 7_000, 16_000, 40_000])
def test_16_bit_mono_at_16_khz_is_untouched(tmp_path, suffix, length):
    path = tmp_path / f"clip.{suffix}"
    soundfile.write(path, noise(length), 16_000)
    assert np.array_equal(read_audio(path), noise(length))


@settings(max_examples=40)
@given(
    rate=st.sampled_from([4_000, 8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000]),
    length=st.integers(1, 60_000),
    channels=st.integers(1, 4),
    kind=st.sampled_from(FORMATS),
)
def test_any_recording_becomes_one_second(tmp_path_factory, rate, length, channels, kind):
    suffix, subtype = kind
    path = tmp_path_factory.mktemp("any") / f"clip.{suffix}"
    samples = np.random.default_rng(length).uniform(-0.9, 0.9, (length, channels))
    soundfile.write(path, samples, rate, subtype=subtype)
    clip = read_clip(path)
    assert clip.shape == (16_000,)
    assert clip.dtype == np.int16


@pytest.mark.parametrize(("rate", "channels", "subtype"), [(44_100, 2, "PCM_24"), (8_000, 1, "FLOAT")])
def test_resampling_keeps_pitch_and_level(tmp_path, rate, channels, subtype):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    soundfile.write(tmp_path / "tone.wav", np.tile(tone[:, None], channels), rate, subtype=subtype)
    samples = read_audio(tmp_path / "tone.wav")
    middle = samples[4_000:12_000] / 32_768
    assert len(samples) == 16_000
    assert np.argmax(np.abs(np.fft.rfft(middle))) * 2 == 440
    assert np.abs(middle).max() == pytest.approx(0.5, rel=0.01)


def test_values_beyond_full_scale_are_clipped(tmp_path):
    soundfile.write(tmp_path / "hot.wav", np.array([2.0, -2.0, 1.0, -1.0]), 16_000, subtype="FLOAT")
    assert read_audio(tmp_path / "hot.wav").tolist() == [32_767, -32_768, 32_767, -32_768]


@given(length=st.integers(0, 300), wanted=st.integers(1, 300))
def test_fit_gives_the_length_and_invents_nothing(length, wanted):
    samples = np.arange(1, length + 1, dtype=np.int16)
    fitted = fit(samples, wanted)
    assert fitted.shape == (wanted,)
    kept = fitted[fitted != 0]
    assert len(kept) == min(length, wanted)
    assert (np.diff(kept) == 1).all()


def test_fit_centres_what_is_short_and_finds_the_word_in_what_is_long():
    assert fit(np.ones(2, np.int16), 5).tolist() == [0, 1, 1, 0, 0]
    recording = np.zeros(80_000, np.int16)
    recording[50_000:56_000] = noise(6_000)
    word = np.flatnonzero(fit(recording))
    assert len(word) > 5_990
    assert abs(word.mean() - 8_000) < 100


COMPLAINTS = {
    "empty.wav": "the file is empty",
    "header_only.wav": "the recording is empty",
    "half.wav": "cut short",
    "half.flac": "no readable audio",
    "hole.flac": "no readable audio",
    "endless.flac": "how long",
    "text.wav": "no readable audio",
    "bare.raw": "no readable audio",
    "still.wav": "no readable audio",
    "fast.wav": "4000000 Hz",
}


@pytest.fixture
def damaged(tmp_path):
    """A folder of broken files, one for each complaint."""
    soundfile.write(tmp_path / "whole.wav", noise(16_000), 16_000)
    soundfile.write(tmp_path / "whole.flac", noise(16_000), 16_000)
    wav, flac = (tmp_path / "whole.wav").read_bytes(), (tmp_path / "whole.flac").read_bytes()
    contents = {
        "empty.wav": b"",
        "header_only.wav": wav[:44],
        "half.wav": wav[:9_000],
        "half.flac": flac[:9_000],
        "hole.flac": flac[:2_000] + bytes(3_000) + flac[5_000:],
        "endless.flac": flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:],
        "text.wav": b"these are words, not sounds\n" * 9,
        "bare.raw": wav[44:],
        "still.wav": wav[:24] + bytes(4) + wav[28:],
        "fast.wav": wav[:24] + (4_000_000).to_bytes(4, "little") + wav[28:],
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("name", COMPLAINTS)
def test_a_bad_file_is_named_in_one_line(damaged, name):
    with pytest.raises(KwsError, match=COMPLAINTS[name]) as caught:
        read_clip(damaged / name)
    assert str(caught.value).startswith(f"{damaged / name}: ")
    assert "\n" not in str(caught.value)


def test_missing_files_and_values_that_are_no_numbers_are_named(tmp_path):
    with pytest.raises(KwsError, match=r"gone\.wav: no such file"):
        read_audio(tmp_path / "gone.wav")
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), 16_000, subtype="FLOAT")
    with pytest.raises(KwsError, match="not numbers"):
        read_audio(tmp_path / "nan.wav")


RARE = ["GSM610", "G721_32", "NMS_ADPCM_16", "IMA_ADPCM", "MS_ADPCM", "ALAW"]


@pytest.mark.parametrize("codec", RARE)
def test_rare_codecs_of_wav_are_read(tmp_path, codec):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8_000) / 8_000)
    soundfile.write(tmp_path / "tone.wav", tone, 8_000, subtype=codec)
    samples = read_audio(tmp_path / "tone.wav")[4_000:12_000] / 32_768
    assert np.argmax(np.abs(np.fft.rfft(samples))) * 2 == 440


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_mp3_file_that_is_cut_is_named_and_nothing_else_said(tmp_path, capfd, share):
    soundfile.write(tmp_path / "whole.mp3", noise(160_000) / 40_000, 16_000)
    assert len(read_audio(tmp_path / "whole.mp3")) == 160_000
    content = (tmp_path / "whole.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(content[: int(share * len(content))])
    with pytest.raises(KwsError, match=r"cut\.mp3: cut short"):
        read_audio(tmp_path / "cut.mp3")
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_eight_channels_as_loud_as_floats_can_be(tmp_path, rate):
    loudest = np.full((rate, 8), np.finfo(np.float32).max)
    soundfile.write(tmp_path / "loud.wav", loudest, rate, subtype="FLOAT")
    assert (read_audio(tmp_path / "loud.wav") == 32_767).all()


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's")
def test_a_name_need_not_be_utf_8(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff\xfe.wav")
    soundfile.write(tmp_path / "clip.wav", noise(16_000), 16_000)
    (tmp_path / "clip.wav").rename(path)
    assert np.array_equal(read_audio(path), noise(16_000))


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (16_000, 2), (44_100, 1), (8_000, 2)])
def test_blocks_join_to_what_is_read_at_once(tmp_path, monkeypatch, rate, channels):
    samples = np.random.default_rng(0).normal(0, 0.1, (3 * rate, channels))
    soundfile.write(tmp_path / "a.wav", samples, rate)
    once = read_audio(tmp_path / "a.wav")
    second = read_second(tmp_path / "a.wav")
    monkeypatch.setattr("kwslib.data.decoding.BLOCK", 1_000)
    assert np.array_equal(read_audio(tmp_path / "a.wav"), once)
    again = read_second(tmp_path / "a.wav")
    assert (second[1], second[0].tolist()) == (again[1], again[0].tolist())


MEMO = b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(99)


def test_a_voice_memo_is_decoded_by_ffmpeg(tmp_path, monkeypatch):
    (tmp_path / "memo.m4a").write_bytes(MEMO)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(KwsError, match=r"memo\.m4a: MP4 .* needs ffmpeg .* install it, or"):
        read_audio(tmp_path / "memo.m4a")
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "assert sys.argv[sys.argv.index('-ar') + 1] == '16000' and sys.argv[-2] == 's16le'\n"
        "sys.stdout.buffer.write(bytes(range(256)) * 200)\n"
    )
    program.chmod(0o755)
    assert read_audio(tmp_path / "memo.m4a").tobytes() == bytes(range(256)) * 200
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('moov atom not found')\n")
    with pytest.raises(KwsError, match=r"memo\.m4a: no readable audio \(moov atom not found\)"):
        read_audio(tmp_path / "memo.m4a")


def test_a_wav_file_written_to_a_pipe_is_read_whole(tmp_path):
    soundfile.write(tmp_path / "clip.wav", noise(16_000), 16_000)
    content = (tmp_path / "clip.wav").read_bytes()
    (tmp_path / "clip.wav").write_bytes(content[:40] + b"\xff\xff\xff\xff" + content[44:])
    assert np.array_equal(read_audio(tmp_path / "clip.wav"), noise(16_000))


def test_real_clips_pass_through(speech_commands):
    path = next(iter(sorted((speech_commands / "yes").iterdir())))
    stored, rate = soundfile.read(path, dtype="int16")
    assert rate == 16_000
    assert np.array_equal(read_audio(path), stored)
