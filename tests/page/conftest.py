"""The spotter's page of two networks, sound for it, and headless Chromium with a microphone that plays the sound."""

import os
from pathlib import Path

import browser
import numpy as np
import pytest
import soundfile
from repository import MODELS
from web_pages import served

from kwslib.data.audio import read_audio
from kwslib.page.clips import spoken_clips
from kwslib.page.html import document
from kwslib.page.networks import page_network

NETWORKS = ("tinyconv_field.tflite", "tinyconv_qat2.pt")
FAKE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
MUSIC_ALLOWED = "--autoplay-policy=no-user-gesture-required"


@pytest.fixture(scope="package")
def site(tmp_path_factory) -> Path:
    """A folder with the page of two networks, which a server or the disk gives out."""
    if browser.chromium() is None:
        if os.environ.get("KWS_REQUIRE_TOOLS"):
            pytest.fail("Chromium is required here and missing: apt-get install chromium")
        pytest.skip("no Chromium here: apt-get install chromium")
    folder = tmp_path_factory.mktemp("site")
    networks = [page_network(MODELS / name) for name in NETWORKS]
    (folder / "page.html").write_text(document("Say yes or no", networks, spoken_clips(("yes", "no"))))
    return folder


@pytest.fixture(scope="package")
def sound(recordings, site) -> np.ndarray:
    """A yes, a no and noise in the quiet, as sound.wav beside the page, and for the fake microphone as mic.wav."""
    rng = np.random.default_rng(1)
    quiet = [rng.normal(0, 20, 16_000), rng.normal(0, 20, 16_000), rng.normal(0, 20, 8_007)]
    words = [read_audio(sorted((recordings / word).iterdir())[3]) for word in ("yes", "no")]
    noise = rng.normal(0, 800, 12_000)
    parts = [quiet[0], words[0], quiet[1], words[1], quiet[1], noise, quiet[2]]
    samples = np.rint(np.concatenate(parts)).astype(np.int16)
    soundfile.write(site / "sound.wav", samples, 16_000)
    soundfile.write(site / "mic.wav", np.repeat(samples, 3), 48_000)
    soundfile.write(site / "sound.flac", samples, 16_000)
    return samples


@pytest.fixture(scope="package")
def address(site) -> str:
    with served(site) as root:
        yield f"{root}/page.html"


@pytest.fixture(
    scope="module"
)  # ended before a test of another folder starts its own: two cannot run at once
def chromium(site, sound):
    capture = f"--use-file-for-fake-audio-capture={site / 'mic.wav'}"
    with browser.browser(*FAKE, capture, MUSIC_ALLOWED) as started:
        yield started


@pytest.fixture
def tab(chromium):
    """Opens an address; what the page asks for elsewhere, and every error, fails the test."""
    contexts = []

    def opened(address: str, ready: bool = True, before: str = "", **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        asked = page.asked = []
        if before:
            page.add_init_script(before)
        page.goto(address)
        if ready:
            page.wait_for_function("window.kws && window.kws.ready")
        return page

    yield opened
    for context in contexts:
        faults = [fault for page in context.pages for fault in page.faults]
        context.close()
        assert not faults
