"""Where files are, and what is said of a place that has none."""

import os
import subprocess
import sys

import pytest
from small_corpus import write_corpus

from kwslib.errors import KwsError
from kwslib.paths import cache_dir


def test_asking_for_the_cache_imports_nothing_that_speaks_in_a_notebook():
    """Pooch imports tqdm.auto, which warns in a notebook without ipywidgets."""
    code = (
        "import sys, kwslib.paths as p; p.cache_path(); print([m for m in sys.modules if m == 'tqdm.auto'])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_a_cache_that_is_a_file_is_one_line(tmp_path, monkeypatch, kws):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", "~nobody-at-all/cache"):
        monkeypatch.setenv("KWS_CACHE", str(place))
        with pytest.raises(KwsError, match=r"KWS_CACHE|no such user"):
            cache_dir()
        status, text, error = kws("data", "info", "--profile", "quick")
        assert (status, text, len(error.splitlines())) == (2, "", 1)
        assert str(place) in error


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_stands_in_the_place_of_a_file_or_a_folder_is_said(tmp_path, monkeypatch, kws):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.wav").write_bytes(b"RIFF")
    (tmp_path / "link").symlink_to("gone")
    os.mkfifo(tmp_path / "pipe")
    found = {
        "folder": "a folder, not a {}",
        "file.wav": "a file, not a {}",
        "link": "a link to nothing, not a {}",
        "pipe": "a pipe or a device, not a {}",
        "gone": "no such {}",
    }
    commands = {
        ("data", "cut", "PATH", "--out", "takes"): "file",
        ("data", "check", "PATH"): "folder",
        ("data", "info", "--data", "data", "--own", "kiwi=PATH"): "folder",
    }
    write_corpus(tmp_path / "data")
    for command, wanted in commands.items():
        for name, said in found.items():
            if name == {"file": "file.wav"}.get(wanted, wanted):
                continue
            status, out, err = kws(*(part.replace("PATH", name) for part in command))
            assert (status, out, len(err.splitlines())) == (2, "", 1)
            assert f"{name}: {said.format(wanted)}" in err
