"""The sounds of the pages: few, small, with a licence, those that the recordings hold, and played on request alone."""

import json
import re

import numpy as np
import pytest
import recordings
import sound
import soundfile
import sounds
from bs4 import BeautifulSoup

from kwslib.data.audio import read_clip
from kwslib.data.corpus import open_corpus, read_folder
from kwslib.errors import KwsError
from kwslib.field.evaluate import stage
from kwslib.field.stream import decide, listen, windows
from kwslib.labels import class_labels

MANIFEST = json.loads((sounds.FOLDER / sounds.MANIFEST).read_text(encoding="utf-8"))
NAMES = list(MANIFEST["sounds"])


def test_there_are_few_of_them_and_every_file_is_accounted_for():
    files = {path.name: path.stat().st_size for path in sounds.FOLDER.iterdir()}
    assert set(files) == {f"{name}.flac" for name in NAMES} | {sounds.MANIFEST, sounds.LICENCE}
    assert len(NAMES) <= 40
    assert sum(files.values()) <= 1_000_000
    licence = (sounds.FOLDER / sounds.LICENCE).read_text(encoding="utf-8")
    assert "https://creativecommons.org/licenses/by/4.0/" in licence
    assert "Pete Warden" in licence


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_holds_the_digest_of_the_samples(name):
    samples, rate = soundfile.read(sounds.FOLDER / f"{name}.flac", dtype="int16")
    assert rate == 16_000
    assert sounds.sha256(samples) == MANIFEST["sounds"][name]["sha256"]


def test_clips_are_those_of_the_recordings(speech_commands):
    for name, entry in MANIFEST["sounds"].items():
        if not name.startswith(("trial_", "missed_")):
            path = next(speech_commands.glob(entry["clip"].replace(".wav", ".*")))
            assert sounds.sha256(read_clip(path)) == entry["sha256"], name


@pytest.fixture(scope="module")
def where(all_recordings):
    """The field that the pages play."""
    corpus = open_corpus(all_recordings)
    if corpus.content_hash != MANIFEST["content"]:
        pytest.skip("the pages play clips of other recordings than these")
    return stage(corpus, class_labels())


def test_the_trial_is_the_fields_and_its_microphone_can_be_had_back(where):
    number = sounds.first_keyword(where)
    delivered = where.render(where.trial(number))
    np.testing.assert_array_equal(recordings.samples("trial_microphone"), delivered)


def test_a_missed_keyword_is_one_of_the_fields_and_no_network_reports_it(where):
    lost = {name: entry for name, entry in MANIFEST["sounds"].items() if name.startswith("missed_")}
    assert [entry["said"] for entry in lost.values()] == list(class_labels()[2:])
    trials, networks = [where.trial(number) for number in range(2_000)], sounds.heard_by()
    for name, entry in lost.items():
        stream = recordings.samples(name)
        drawn = [trial for trial in trials if (trial.said, trial.clip.name) == (entry["said"], entry["clip"])]
        assert any((where.render(trial) == stream).all() for trial in drawn), name
        for network in networks:
            decided = decide(network(windows(listen(stream))), network.scale, network.settings)
            assert network.labels.index(entry["said"]) not in decided.reported, name


def test_the_synthesizer_is_no_source_of_them(synthetic):
    before = sorted(sounds.FOLDER.iterdir())
    with pytest.raises(KwsError, match="synthetic"):
        sounds.write(read_folder(synthetic))
    assert sorted(sounds.FOLDER.iterdir()) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_player_is_described_and_waits_to_be_asked(name):
    soup = BeautifulSoup(sound.player(name, "../", plain=False), "html.parser")
    audio = soup.audio
    assert audio.has_attr("controls")
    assert not audio.has_attr("autoplay")
    assert audio["preload"] == "none"
    assert MANIFEST["sounds"][name]["said"] in audio["aria-label"]
    assert audio["src"] == f"../_static/sound/{name}.flac"
    assert soup.svg["aria-label"].startswith("Spectrogram of")
    assert MANIFEST["sounds"][name]["title"] in soup.text


def test_a_pattern_stands_for_all_that_fit_and_an_unknown_name_is_an_error():
    assert sound.wanted("trial_* yes_loud")[-1] == "yes_loud"
    assert len(sound.wanted("trial_*")) == 4
    with pytest.raises(LookupError, match="no sound 'yes_lout'"):
        sound.player("yes_lout", "../", plain=True)


def test_a_tone_lies_in_its_band():
    tone = (8_000 * np.sin(2 * np.pi * 2_000 * np.arange(16_000) / 16_000)).astype(np.int16)
    shades = recordings.spectrogram(tone)
    assert shades.max() == 1
    assert set(shades.argmax(axis=0)) <= {47, 48}  # of 64 bands to 8 kHz, the highest first
    assert re.search(r'href="data:image/png;base64,', sound.picture(NAMES[0]))
