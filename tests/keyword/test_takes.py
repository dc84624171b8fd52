"""What is wrong with takes is said before anything is trained; a long recording becomes takes."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.errors import KwsError
from kwslib.keyword import cutting
from kwslib.keyword.cutting import cut, cut_file
from kwslib.keyword.takes import look, speech

RATE = 16_000


def word(seconds=0.5, total=1.0, start=None, level=0.1, seed=0, pitch=(300, 900)):
    """A gliding tone with harmonics amid faint noise: float (n,)."""
    rng = np.random.default_rng(seed)
    sound = 0.0005 * rng.standard_normal(round(total * RATE))
    n = round(seconds * RATE)
    begin = (len(sound) - n) // 2 if start is None else round(start * RATE)
    glide = np.cumsum(np.linspace(*pitch, n) * rng.uniform(0.9, 1.1)) / RATE
    tone = sum(np.sin(2 * np.pi * k * glide) / k for k in (1, 2, 3)) * np.hanning(n) ** 0.3
    sound[begin : begin + n] += level * tone
    return sound


def write(folder, **sounds):
    folder.mkdir(exist_ok=True)
    for name, sound in sounds.items():
        soundfile.write(folder / f"{name}.wav", sound, RATE, subtype="PCM_16")
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))


def problems(folder):
    return {take.path.name: " ".join(take.problems) for take in look(folder)}


def test_a_good_take_has_no_problem(tmp_path):
    assert problems(write(tmp_path / "takes", good=word(), another=word(seed=1, total=1.8))) == {
        "another.wav": "",
        "good.wav": "",
    }


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (np.zeros(RATE), "silent"),
        (np.clip(30 * word(), -1, 1), "clipped"),
        (word(level=0.0015), "quiet"),
        (word(start=0.0), "cut off at its beginning"),
        (word(total=1.0, start=0.5), "cut off at its end"),
        (word(seconds=1.5, total=2.2), "too long"),
        (np.concatenate([word(), word(seed=2)]), "2 words"),
        (word()[: RATE // 5], "too short"),
        (0.1 * np.random.default_rng(0).standard_normal(RATE), "no clear word"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, sound, said):
    assert said in problems(write(tmp_path / "takes", take=sound))["take.wav"]


def test_doubles_and_files_that_are_no_audio_are_named(tmp_path):
    folder = write(tmp_path / "takes", a=word(), b=word())
    (folder / "notes.txt").write_text("hello")
    found = problems(folder)
    assert "same recording as a.wav" in found["b.wav"]
    assert found["a.wav"] == ""
    assert found["notes.txt"]


def test_a_take_of_another_word_stands_out(tmp_path):
    same = {f"take{n}": word(seed=n) for n in range(12)}
    strange = {"strange": word(seed=3, pitch=(5000, 2000), seconds=0.25)}
    found = problems(write(tmp_path / "takes", **same, **strange))
    assert [name for name, said in found.items() if "unlike the others" in said] == ["strange.wav"]


def test_the_command_has_status_1_where_a_take_is_no_good(kws, tmp_path):
    folder = write(tmp_path / "takes", good=word(), bad=np.zeros(RATE))
    status, out, _ = kws("data", "check", folder)
    assert status == 1
    assert "bad.wav: silent" in out
    assert "1 of 2 takes" in out
    (folder / "bad.wav").unlink()
    assert kws("data", "check", folder)[0] == 0
    status, out, error = kws("data", "check", tmp_path / "nowhere")
    assert (status, out) == (2, "")
    assert "nowhere" in error


def many(gaps=(0.6, 0.5, 1.2)):
    return np.concatenate(
        [
            np.zeros(RATE // 2),
            *(np.append(word(seed=n), np.zeros(round(gap * RATE))) for n, gap in enumerate(gaps)),
        ]
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A file of three words."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    soundfile.write(path, many(), RATE, subtype="PCM_16")
    return path


def test_a_long_recording_is_cut_into_takes_that_are_whole(tmp_path):
    soundfile.write(tmp_path / "long.wav", many(), RATE, subtype="PCM_16")
    paths = cut_file(tmp_path / "long.wav", tmp_path / "takes", "alex")
    assert [path.name for path in paths] == [f"alex_nohash_{n}.wav" for n in range(3)]
    assert set(problems(tmp_path / "takes").values()) == {""}
    more = cut_file(tmp_path / "long.wav", tmp_path / "takes", "alex")
    assert more[0].name == "alex_nohash_3.wav"


@pytest.mark.slow
@given(
    there=st.lists(
        st.tuples(
            st.sampled_from(["alex", "Alex", "[a]", "*", "a", "al"]),
            st.integers(0, 12),
            st.sampled_from([".wav", ".flac", ".WAV", ".m4a", "", ".d"]),
            st.sampled_from(["", "alex", "deep/er"]),
        ),
        max_size=12,
    ),
    speaker=st.sampled_from(["alex", "[a]", "*", "a?", "a"]),
)
@settings(max_examples=40)
def test_cutting_changes_no_file_that_is_there(recorded, there, speaker):
    with TemporaryDirectory() as place:
        folder = Path(place) / "takes"
        for who, number, suffix, inner in there:
            path = folder / inner / f"{who}_nohash_{number}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"mine")
        before = {path for path in folder.rglob("*") if path.is_file()}
        paths = cut_file(recorded, folder, speaker)
        assert len({path.name for path in paths}) == 3
        assert before.isdisjoint(paths)
        assert all(path.read_bytes() == b"mine" for path in before)
        stems = [path.stem.casefold() for path in folder.rglob("*") if path.is_file()]
        assert all(stems.count(path.stem.casefold()) == 1 for path in paths)
        assert {path.stem.split("_nohash_", 1)[0] for path in paths} == {speaker}


@pytest.mark.slow
def test_two_who_cut_into_a_folder_at_once_lose_no_take(tmp_path, recorded, monkeypatch):
    number = cutting._next_number

    def slowly(*given):
        found = number(*given)
        time.sleep(0.3)  # in which the other asks, too
        return found

    monkeypatch.setattr(cutting, "_next_number", slowly)
    with ThreadPoolExecutor() as pool:
        written = [pool.submit(cut_file, recorded, tmp_path / "takes", "alex") for _ in range(2)]
    assert {path for each in written for path in each.result()} == {*(tmp_path / "takes").iterdir()}
    assert len([*(tmp_path / "takes").iterdir()]) == 6


@pytest.mark.parametrize("speaker", ["", "a/b", ".a", "..", "a_nohash_b", "a_nohash", "a,b", "a\n", "a" * 65])
def test_a_speaker_that_the_takes_would_not_give_back_is_refused(tmp_path, recorded, speaker):
    with pytest.raises(
        KwsError, match=r"^--speaker .* is not part of a file's name.*: use letters and digits$"
    ):
        cut_file(recorded, tmp_path / "takes", speaker)
    assert not (tmp_path / "takes").exists()


def test_every_word_is_amid_its_take():
    takes = cut((many() * 32_767).astype(np.int16))
    assert len(takes) == 3
    for take in takes:
        assert len(take) == RATE
        ((first, end),) = speech(take)
        assert abs((first + end) / 2 - 50) < 8


def test_silence_is_no_take(kws, tmp_path):
    soundfile.write(tmp_path / "long.wav", np.zeros(3 * RATE), RATE, subtype="PCM_16")
    with pytest.raises(KwsError, match=r"long\.wav: no word stands out"):
        cut_file(tmp_path / "long.wav", tmp_path / "takes", "alex")
    soundfile.write(tmp_path / "short.wav", np.zeros(RATE - 1), RATE, subtype="PCM_16")
    with pytest.raises(KwsError, match=r"short\.wav: too short \(0\.9 s\): give a second or more"):
        cut_file(tmp_path / "short.wav", tmp_path / "takes", "alex")
    status, _, error = kws(
        "data", "cut", tmp_path / "long.wav", "--out", tmp_path / "takes", "--speaker", "a/b"
    )
    assert status == 2
    assert "'a/b'" in error
    assert not (tmp_path / "takes").exists()
