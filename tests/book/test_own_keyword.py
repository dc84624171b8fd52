"""The page "Your own keyword", executed as it stands: own recordings, a trained network, the board's firmware."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import REPOSITORY

from kwslib.checkpoints import load_checkpoint

pytestmark = pytest.mark.slow

PAGE = REPOSITORY / "book" / "own_keyword.md"


def test_the_page_leads_from_recordings_to_firmware(synthetic, tmp_path):
    pytest.importorskip("onnx2tf", reason="export needs kwslib[convert]")
    (tmp_path / "recordings").mkdir()
    said = sorted((synthetic / "five").glob("*.wav")) if (synthetic / "five").is_dir() else []
    said = said or sorted(
        next(f for f in sorted(synthetic.iterdir()) if f.is_dir() and f.name[0] != "_").glob("*")
    )
    for take in said[:60]:
        shutil.copy(take, tmp_path / "recordings" / take.name)
    shutil.copy(said[0], tmp_path / "recordings" / "alex_nohash_0.wav")
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {
        "PATH": binaries,
        "PYTHONPATH": str(REPOSITORY),
        "KWS_PROFILE": "quick",
    }
    script = "set -e\n" + "".join(blocks)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    assert load_checkpoint(tmp_path / "computer.pt")[1].labels == ("silence", "unknown", "computer")
    assert '"labels": ["silence", "unknown", "computer"]' in (tmp_path / "computer.html").read_text()
    assert (tmp_path / "build" / "firmware.elf").is_file()
    assert (tmp_path / "build" / "kws_model.h").is_file()
