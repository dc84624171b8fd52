"""The simulated field: levels and ratios as stated, replayable trials, splits that never meet."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kwslib.errors import KwsError
from kwslib.field.conditions import DEFAULT, HARD, Field
from kwslib.field.evaluate import stage
from kwslib.field.listing import listing, save_trials
from kwslib.field.microphone import FULL_SCALE, MP34DT05, Microphone, pascal
from kwslib.field.responses import decay_time
from kwslib.field.rooms import describe, measured_rooms, room_bank, setting
from kwslib.field.scene import speech_in_room
from kwslib.field.sources import BACKGROUNDS, background, loudest, material, spoken
from kwslib.field.trials import LENGTH, PROMPT, render
from kwslib.field.varied import varied_bank
from kwslib.labels import SAMPLE_RATE, class_labels

LABELS = class_labels()
QUIET = Microphone(noise=None, offset=0.0, band=None)


def rms(sound):
    return np.sqrt(np.mean(np.square(sound.astype(np.float64))))


def sine(spl, seconds=1.0, hertz=1000):
    return (
        np.sqrt(2)
        * pascal(spl)
        * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)
    )


@pytest.fixture(scope="module")
def rooms():
    return room_bank(DEFAULT, "testing", count=4)


@pytest.fixture(scope="module")
def test_stage(corpus, rooms):
    return stage(corpus, LABELS, rooms=rooms)


# ---- Microphone: the data sheet's figures ----


def test_sensitivity():
    loud = MP34DT05(sine(94), np.random.default_rng(0))[SAMPLE_RATE // 2 :].astype(float)
    amplitude = np.sqrt(2) * rms(loud - loud.mean())
    assert 20 * np.log10(amplitude / FULL_SCALE) == pytest.approx(-26, abs=0.1)


@given(st.floats(70, 115), st.floats(100, 5000))
@example(70.75, 500.0)  # a quiet tone in phase with the samples, whose rounding errors do not cancel
@settings(max_examples=30)
def test_output_follows_pressure(spl, hertz):
    """But for half a step by which each sample is rounded."""
    quiet, loud = (QUIET(sine(level, hertz=hertz), np.random.default_rng(0)) for level in (spl - 20, spl))
    assert rms(loud) == pytest.approx(10 * rms(quiet), rel=0.02, abs=0.5 + 10 * 0.5)


def test_own_noise_is_64_db_below_one_pascal():
    hiss = replace(MP34DT05, offset=0.0, gain=40.0)(np.zeros(4 * SAMPLE_RATE), np.random.default_rng(0))
    weighted = a_weighted(hiss.astype(float) / FULL_SCALE / replace(MP34DT05, gain=40.0).per_pascal)
    assert 94 + 20 * np.log10(rms(weighted)) == pytest.approx(94 - 64, abs=1.0)


def a_weighted(sound):
    spectrum = np.fft.rfft(sound)
    f2 = np.square(np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE))
    gain = f2**2 * 12194**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194**2))
    return np.fft.irfft(10 ** (2 / 20) * gain * spectrum)


def test_clips_at_sixteen_bits_and_keeps_its_offset():
    samples = MP34DT05(sine(130), np.random.default_rng(0))
    assert (samples.min(), samples.max()) == (-32_768, 32_767)
    silent = replace(MP34DT05, noise=None)(np.zeros(1000), np.random.default_rng(1))
    assert len(set(silent)) == 1
    assert abs(silent[0]) <= MP34DT05.offset * FULL_SCALE


def test_the_effective_model_agrees_with_one_bit_at_64_times_the_rate():
    """A second-order sigma-delta modulator and a decimating filter leave the sine, and little else in the band."""
    from scipy.signal import decimate

    over, n = 64, 1600
    x = np.repeat(0.05 * np.sin(2 * np.pi * 1000 * np.arange(n) / SAMPLE_RATE), over)
    bits, first, second = np.empty(len(x)), 0.0, 0.0
    for i, value in enumerate(x):
        bits[i] = 1.0 if second >= 0 else -1.0
        first += value - bits[i]
        second += first - 2 * bits[i]
    pcm = decimate(decimate(bits, 8, ftype="fir"), 8, ftype="fir")[400:1200]
    tone = 0.05 * np.exp(-2j * np.pi * 1000 * np.arange(800) / SAMPLE_RATE)
    assert 2 * abs(np.mean(pcm * tone / 0.05)) == pytest.approx(0.05, rel=0.03)


# ---- Rooms ----


def test_simulated_rooms_decay_as_stated_and_speech_falls_with_distance(rooms):
    for room in rooms:
        assert 0.15 <= room.rt60 <= 0.6
        assert 0.3 <= room.distance <= 2
        assert decay_time(room.speech) == pytest.approx(room.rt60, rel=0.25)
        direct = np.sqrt(np.sum(np.square(room.speech[:40])))
        assert direct == pytest.approx(1 / room.distance, rel=0.5)  # nearby walls may reflect within 2.5 ms
    assert [room.name for room in rooms] == [room.name for room in room_bank(DEFAULT, "testing", count=4)]


def test_no_room_and_no_stretch_and_no_speaker_is_in_two_splits(corpus):
    sizes, speakers = [], []
    for split in ("training", "validation", "testing"):
        sizes.append({room.name for room in room_bank(DEFAULT, split, count=2)})
        speakers.append({clip.speaker for clips in material(corpus, LABELS, split).clips for clip in clips})
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not sizes[one] & sizes[other]
        assert not speakers[one] & speakers[other]
    lent = {split: material(corpus, LABELS, split).noises for split in ("training", "validation", "testing")}
    whole = [len(a) + len(b) + len(c) for a, b, c in zip(*lent.values(), strict=True)]
    assert whole == [12 * SAMPLE_RATE, 20 * SAMPLE_RATE] or len(lent["testing"]) == 1


def test_measured_rooms(tmp_path):
    rng = np.random.default_rng(0)
    for name, rt60 in (("kitchen", 0.3), ("hall", 0.5)):
        time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
        tail = 0.02 * rng.standard_normal(SAMPLE_RATE) * 10 ** (-3 * time / rt60)
        tail[100] = 0.9
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * tail, SAMPLE_RATE)
    found = measured_rooms(tmp_path, DEFAULT, count=4)
    assert {room.name for room in found} == {"kitchen.wav", "hall.wav"}
    for room in found:
        assert np.abs(room.speech).max() == pytest.approx(1 / room.distance, rel=0.2)
    told = f"2 measured responses in {tmp_path}, 4 distances, 0.38 to 1.58 m"
    assert describe(found, DEFAULT, tmp_path) == told
    assert setting(found, DEFAULT, None) == {"field": asdict(DEFAULT), "rooms": None}
    (tmp_path / "readme.txt").write_text("two rooms")
    (tmp_path / "kitchen.png").write_bytes(b"a plan of it")
    assert {room.name for room in measured_rooms(tmp_path, DEFAULT, count=4)} == {"kitchen.wav", "hall.wav"}
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    long = 0.02 * rng.standard_normal(len(time)) * 10 ** (-3 * time / 2.4)
    soundfile.write(tmp_path / "church.wav", long, SAMPLE_RATE)
    found = measured_rooms(tmp_path, DEFAULT, count=4)
    assert sum(room.name == "church.wav" for room in found) == 2
    assert "than the field's 0.6 s: church.wav (2.3" in describe(found, DEFAULT, tmp_path)
    heard = setting(found, DEFAULT, tmp_path)
    times = heard["rooms"]["rt60"]
    assert heard["rooms"]["folder"] == str(tmp_path)
    assert heard["field"]["rt60"] == [min(times.values()), times["church.wav"]]
    soundfile.write(tmp_path / "silent.wav", np.zeros(1000), SAMPLE_RATE)
    with pytest.raises(KwsError, match="silent"):
        measured_rooms(tmp_path, DEFAULT)
    for path in tmp_path.glob("*.wav"):
        path.unlink()
    with pytest.raises(KwsError, match="no impulse responses here"):
        measured_rooms(tmp_path, DEFAULT)
    (tmp_path / "notes.WAV").write_text("no sound")
    with pytest.raises(KwsError, match=r"notes\.WAV: no readable audio"):
        measured_rooms(tmp_path, DEFAULT)


def test_what_of_a_measured_response_is_used_is_said(tmp_path):
    """The first channel, whatever the others hear, and ten seconds."""
    time = np.arange(11 * SAMPLE_RATE) / SAMPLE_RATE
    cave = np.random.default_rng(0).standard_normal(len(time)) * 10 ** (-3 * time / 9)
    other = np.roll(cave, 16)  # a millisecond later
    soundfile.write(
        tmp_path / "cave.wav", 0.1 * np.stack([cave, other], axis=1), SAMPLE_RATE, subtype="FLOAT"
    )
    (room,) = measured_rooms(tmp_path, DEFAULT, count=1)
    assert len(room.speech) <= 10 * SAMPLE_RATE
    told = describe([room], DEFAULT, tmp_path)
    assert told.startswith("1 measured response in ")
    assert told.endswith("; of cave.wav, the first of 2 channels and the first 10 of 11.0 s")
    soundfile.write(tmp_path / "cave.wav", 0.1 * cave, SAMPLE_RATE, subtype="FLOAT")
    (alone,) = measured_rooms(tmp_path, DEFAULT, count=1)
    np.testing.assert_array_equal(alone.speech, room.speech)


def test_varied_rooms():
    """As loud as any room where nobody is turned away, of its distance and time; no two colour sound alike."""
    rooms = varied_bank(DEFAULT, 6)
    again = varied_bank(DEFAULT, 6)
    assert [room.name for room in rooms] == [f"varied {n}" for n in range(6)]
    spectra = []
    for room, same in zip(rooms, again, strict=True):
        assert np.array_equal(room.speech, same.speech)
        low, high = DEFAULT.distance
        assert low <= room.distance <= high
        peak = int(np.argmax(np.abs(room.speech)))
        direct = room.speech[max(peak - 40, 0) : peak + 40]
        assert np.sqrt(np.sum(np.square(direct))) * room.distance == pytest.approx(1, abs=1e-3)
        assert 0.4 * room.rt60 < decay_time(room.background) < 2 * room.rt60
        spectra.append(np.log(np.abs(np.fft.rfft(room.speech[:512], 512))))
    assert np.corrcoef(spectra).min() < 0.6
    assert varied_bank(replace(DEFAULT, rt60=None), 6) == varied_bank(DEFAULT, 0) == ()


# ---- Trials ----


def test_a_trial_is_replayed_bit_for_bit(test_stage, corpus, rooms):
    again = stage(corpus, LABELS, rooms=rooms)
    for index in range(8):
        assert again.trial(index) == test_stage.trial(index)
        np.testing.assert_array_equal(
            again.render(again.trial(index)), test_stage.render(test_stage.trial(index))
        )
    other = stage(corpus, LABELS, rooms=rooms, seed=1)
    assert any(other.trial(i).clip != test_stage.trial(i).clip for i in range(20))


def test_draws_keep_to_the_field(test_stage, rooms):
    trials = [test_stage.trial(index) for index in range(400)]
    assert [trial.said for trial in trials[:4]] == list(LABELS)
    assert all(60 <= trial.spl <= 72 and 5 <= trial.snr <= 30 for trial in trials)
    assert all(PROMPT <= trial.start <= PROMPT + 0.6 * SAMPLE_RATE for trial in trials)
    assert {trial.background for trial in trials} == set(BACKGROUNDS)
    assert {trial.room for trial in trials} == set(range(len(rooms)))
    assert {trial.clip.split for trial in trials} == {"testing"}


def test_hard_field_halves_ratios_and_doubles_distances():
    assert HARD.snr == (2.5, 15)
    assert HARD.distance == (0.6, 4)
    assert replace(HARD, snr=DEFAULT.snr, distance=DEFAULT.distance) == DEFAULT


@given(st.integers(0, 200), st.sampled_from([-5.0, 0.0, 10.0, 20.0]))
@settings(max_examples=15)
def test_the_ratio_at_the_microphone_is_the_one_stated(test_stage, index, snr):
    """Speech alone and background alone, each rendered by itself, differ by the stated ratio."""
    trial = replace(test_stage.trial(4 * index + 2), snr=snr)  # a yes
    ideal = replace(DEFAULT, microphone=replace(QUIET, gain=20.0))
    word = speech_in_room(spoken(trial.clip), trial.spl, test_stage.rooms[trial.room])
    alone = render(replace(trial, said="silence"), test_stage.material, ideal, test_stage.rooms)
    noise = rms(alone) / FULL_SCALE / ideal.microphone.per_pascal
    assert 20 * np.log10(loudest(word) / noise) == pytest.approx(snr, abs=0.3)


@given(st.floats(60, 80))
@settings(max_examples=10)
def test_speech_has_its_level_at_one_metre(test_stage, spl):
    clip = test_stage.trial(2).clip
    assert 94 + 20 * np.log10(loudest(spoken(clip) * pascal(spl))) == pytest.approx(spl, abs=0.01)


@pytest.mark.parametrize("kind", BACKGROUNDS)
def test_backgrounds(corpus, kind):
    lent = material(corpus, LABELS, "testing")
    sounds = [background(kind, np.random.default_rng(seed), lent, LENGTH, None) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(sounds[0], sounds[1])
    assert sounds[0].shape == (LENGTH,)
    assert rms(sounds[0]) > 0
    assert not np.array_equal(sounds[0], sounds[2])


def test_listing_and_sound(test_stage, tmp_path):
    path = save_trials(test_stage, {2: "yes", 5: "silence"}, tmp_path / "heard")
    header, *rows = path.read_text().splitlines()
    assert len(rows) == 2
    for name in ("clip", "snr", "spl", "distance", "rt60", "background", "start_s", "answered"):
        assert name in header.split(",")
    samples, rate = soundfile.read(tmp_path / "heard" / "00005_unknown_silence.wav", dtype="int16")
    assert rate == SAMPLE_RATE
    np.testing.assert_array_equal(samples, test_stage.render(test_stage.trial(5)))
    assert listing(test_stage, [(2, "yes"), (5, "silence")]) == path.read_text()


# ---- Bad input ----


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"snr": (50.0, 99.0)}, "snr from 50 to 99 dB: stay within -10 to 60"),
        ({"distance": (0.0, 1.0)}, "distance .* stay within 0.1 to 5"),
        ({"rt60": (0.2, 3.0)}, "rt60 .* stay within 0.1 to 1"),
        ({"speech_spl": (72.0, 60.0)}, "speech_spl"),
    ],
)
def test_impossible_fields_are_refused(changed, message):
    with pytest.raises(KwsError, match=message):
        Field(**changed)


def test_missing_words_are_named(corpus):
    with pytest.raises(KwsError, match="marvin"):
        material(corpus, class_labels(("marvin",)), "testing")
