"""The page "Your own keyword", executed: takes, a model with its threshold, the page, the board.

Its commands run as they stand but for less work, in voices, training and simulated rooms, and for the word: one of the
recordings where there are any, else of the synthetic corpus.
"""

import json
import re
import shlex
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
from converters import needs_converters
from one_process import through
from repository import REPOSITORY
from small_word import EVERYDAY, VOICES, with_little_work

from kwslib.checkpoints import load_checkpoint
from kwslib.data.audio import read_audio
from kwslib.keyword import road

pytestmark = pytest.mark.slow

PAGE = REPOSITORY / "book" / "own_keyword.md"
WORD, SPEAKERS = "five", 40
OTHERS = ("bed", "cat", "dog", "down", "go", "house", "off", "stop", "up", "zero")
LESS, TRIALS = "--epochs 1 --trials 3 --hours 0.05", "--trials 6"


@pytest.fixture
def place(recordings, synthetic, tmp_path):
    """A folder of takes, a session of one more speaker, an evening without the word; and a corpus without either."""
    takes = sorted((recordings / WORD).iterdir())
    (tmp_path / "recordings").mkdir()
    for take in takes[1 : SPEAKERS + 1]:
        shutil.copy(take, tmp_path / "recordings" / take.name)
    pause = np.zeros(12_000, np.int16)
    session = np.concatenate([pause, *(np.append(read_audio(takes[0]), pause) for _ in range(2))])
    soundfile.write(tmp_path / "session.wav", session, 16_000)
    noise = sorted((synthetic / "_background_noise_").glob("*.wav"))[0]
    shutil.copy(noise, tmp_path / "evening.wav")
    (tmp_path / "corpus").mkdir()
    for folder in synthetic.iterdir():
        if folder.name in (*OTHERS, "_background_noise_"):
            (tmp_path / "corpus" / folder.name).symlink_to(folder)
    return tmp_path


@contextmanager
def beside(work, *given):
    """`kwslib.processes.beside`, whose other process is this one."""
    through((work, given, {}))
    yield lambda: None


@needs_converters
def test_the_page_leads_from_takes_to_firmware(place, kws, monkeypatch):
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 7
    script = "".join(blocks).replace("computer", WORD)
    for command, less in (
        (r"(kws keyword .*)", rf"\1 {LESS}"),
        (r"(kws field .*) --trials 60", rf"\1 {TRIALS}"),
    ):
        script, changed = re.subn(command, less, script)
        assert changed == 1
    with_little_work(monkeypatch, place / "cache")
    monkeypatch.setattr(road, "beside", beside)
    monkeypatch.setenv("KWS_PROFILE", "quick")
    monkeypatch.setenv("KWS_DATA", str(place / "corpus"))
    monkeypatch.chdir(place)
    said = ""
    for line in script.splitlines():
        command, _, otherwise = line.partition(" || echo ")
        program, *arguments = shlex.split(command)
        assert program == "kws"
        status, out, error = kws(*arguments)
        assert status == 0 or otherwise, error
        said += out
    made = place / WORD
    report = json.loads((made / "report.json").read_text())
    assert load_checkpoint(made / "model.pt")[1].labels == ("silence", "unknown", WORD)
    assert report["clips"]["training"] >= VOICES["training"] + SPEAKERS // 2
    assert report["testing"]["per_class"]["unknown"]["n"] > report["testing"]["per_class"][WORD]["n"]
    assert report["everyday"]["synthesized"]["n"] == EVERYDAY
    assert f'"labels": ["silence", "unknown", "{WORD}"]' in (place / f"{WORD}.html").read_text()
    assert f'"threshold": {report["threshold"]}' in (place / f"{WORD}.html").read_text()
    assert "kws_model_decision" in (made / "kws_model.h").read_text()
    assert (made / "model_data.h").is_file()
    assert "said / answered" in said
    assert re.search(r"evening\.wav: \d+ reports in \d", said)
