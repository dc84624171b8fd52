"""The spotter's page in headless Chromium: files, microphone, own recordings; from a server and from disk."""

import functools
import http.server
import os
import threading
import zipfile
from pathlib import Path

import browser
import numpy as np
import pytest
import soundfile
from test_browser import OVERFLOW, PALE, Quiet

from kwslib.data.audio import read_audio
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.decision import DecisionSettings
from kwslib.field import stream
from kwslib.field.recordings import read_recordings
from kwslib.page.clips import spoken_clips
from kwslib.page.html import document
from kwslib.page.networks import page_network

MODELS = Path(__file__).resolve().parent.parent / "book" / "results" / "models"
NETWORKS = ("tinyconv_field.tflite", "tinyconv_qat2.pt")
FAKE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
NAMELESS = """[...document.querySelectorAll('.kws :is(button, select, input)')]
    .filter(e => !e.labels?.length && !e.textContent.trim()).map(e => e.id)"""
COUNTED = """const clear = CanvasRenderingContext2D.prototype.clearRect;
window.drawn = 0;
CanvasRenderingContext2D.prototype.clearRect = function (...at) { window.drawn++; return clear.apply(this, at); }"""
MUSIC_ALLOWED = "--autoplay-policy=no-user-gesture-required"


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def sound(recordings, site) -> np.ndarray:
    """A yes, a no and noise in the quiet, as sound.wav beside the page, and for the fake microphone as mic.wav."""
    rng = np.random.default_rng(1)
    quiet = [rng.normal(0, 20, 32_000), rng.normal(0, 20, 24_000), rng.normal(0, 20, 16_007)]
    words = [read_audio(sorted((recordings / word).iterdir())[3]) for word in ("yes", "no")]
    noise = rng.normal(0, 800, 24_000)
    parts = [quiet[0], words[0], quiet[1], words[1], quiet[1], noise, quiet[2]]
    samples = np.rint(np.concatenate(parts)).astype(np.int16)
    soundfile.write(site / "sound.wav", samples, 16_000)
    soundfile.write(site / "mic.wav", np.repeat(samples, 3), 48_000)
    soundfile.write(site / "sound.flac", samples, 16_000)
    return samples


@pytest.fixture(scope="module")
def address(site) -> str:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/page.html"
    server.shutdown()


@pytest.fixture(scope="module")
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


def on_host(name: str, samples: np.ndarray) -> dict:
    """`window.kws` as the host computes it."""
    network = read_network(MODELS / name)
    frames = stream.listen(samples)
    logits, times = run_network(network, stream.windows(frames)), stream.inference_times(len(frames))
    reported = stream.decide(logits, network.output_scale, DecisionSettings(4)).reported
    hops = [{"time": pytest.approx(t), "logits": row.tolist()} for t, row in zip(times, logits, strict=True)]
    labels = ("silence", "unknown", "yes", "no")
    reports = [
        {"time": pytest.approx(times[t]), "label": labels[reported[t]]} for t in np.flatnonzero(reported >= 0)
    ]
    return {"ready": True, "model": Path(name).stem, "hops": hops, "reports": reports, "done": True}


@pytest.mark.parametrize("file", ["sound.wav", "sound.flac"])
def test_a_file_gives_the_hosts_logits_and_reports_on_every_hop(tab, address, sound, file):
    page = tab(f"{address}?file={file}&model=tinyconv_field")
    page.wait_for_function("kws.done")
    found, expected = page.evaluate("kws"), on_host("tinyconv_field.tflite", sound)
    assert [report["label"] for report in found["reports"]] == ["yes", "no"]
    assert found == expected


def test_a_file_that_is_not_there_is_named(tab, address):
    page = tab(f"{address}?file=data:audio/wav,none")
    page.wait_for_function("kws.done")
    assert "no sound in that file" in page.inner_text("#kws-status")


def test_an_unknown_network_is_named_with_those_there_are(tab, address):
    page = tab(f"{address}?model=large&file=sound.wav")
    page.wait_for_function("kws.done")
    assert page.evaluate("kws.model") == "tinyconv_field"


@pytest.mark.parametrize("place", ["server", "disk"])
def test_the_microphone_is_heard(tab, address, site, place):
    page = tab(address if place == "server" else (site / "page.html").as_uri())
    page.click("#kws-microphone")
    page.wait_for_function("kws.reports.length >= 2")
    assert {report["label"] for report in page.evaluate("kws.reports")} == {"yes", "no"}
    assert page.inner_text("#kws-microphone") == "Stop"
    asked = [url for url in page.asked if not url.startswith("data:")]
    assert len(asked) == 1, "the page asks for something besides itself"


def test_the_network_can_change_while_it_listens(tab, address):
    page = tab(address)
    page.click("#kws-microphone")
    page.wait_for_function("kws.hops.length > 5")
    page.select_option("#kws-network", "tinyconv_qat2")
    page.wait_for_function("kws.reports.length")
    assert page.evaluate("kws.model") == "tinyconv_qat2"


def test_threshold_and_smoothing_hold_at_once(tab, address):
    page = tab(address)
    page.click("#kws-microphone")
    page.wait_for_function("kws.reports.length")
    page.fill("#kws-threshold", "0.99")
    page.fill("#kws-smoothing", "32")
    assert page.inner_text("#kws-threshold-value") == "0.99"
    before = page.evaluate("kws.hops.length")
    page.wait_for_function(
        f"kws.hops.length > {before + 250}"
    )  # the fake microphone has said both words again
    assert page.evaluate(f"kws.reports.filter(r => r.time > kws.hops[{before} + 5].time).length") == 0


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (
            "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }",
            "not allowed",
        ),
        (
            "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); }",
            "No microphone",
        ),
        (
            "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotReadableError'); }",
            "Another program",
        ),
        ("delete window.AudioWorkletNode", "no AudioWorklet"),
        ("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})", "https"),
    ],
)
def test_what_keeps_it_from_listening_has_a_sentence(tab, address, before, sentence):
    page = tab(address, before=before)
    page.click("#kws-microphone")
    page.wait_for_function(f"document.getElementById('kws-status').textContent.includes('{sentence}')")
    assert page.inner_text("#kws-microphone") == "Listen to the microphone"
    page.click("#kws-clips button")  # without it, a clip is heard all the same
    page.wait_for_function("kws.done")
    assert [report["label"] for report in page.evaluate("kws.reports")] == ["yes"]


def test_no_webassembly_has_a_sentence(tab, address):
    page = tab(address, ready=False, before="delete window.WebAssembly")
    page.wait_for_function("document.getElementById('kws-status').textContent.includes('WebAssembly')")


def test_a_tab_in_the_background_and_a_turned_screen_have_sentences(tab, address):
    page = tab(address, viewport={"width": 390, "height": 844})
    page.click("#kws-microphone")
    page.wait_for_function("kws.hops.length")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    assert "background" in page.inner_text("#kws-status")
    page.set_viewport_size({"width": 844, "height": 390})
    page.wait_for_function("document.getElementById('kws-status').textContent.includes('turned')")
    page.wait_for_function("(c => c.width >= c.clientWidth)(document.getElementById('kws-features'))")


def test_a_dropped_file_of_another_rate_is_heard(tab, address, site, recordings):
    import soxr

    clip = read_audio(sorted((recordings / "no").iterdir())[3])
    stereo = np.repeat(soxr.resample(clip / 32768, 16_000, 44_100)[:, None], 2, axis=1)
    soundfile.write(site / "stereo.ogg", stereo, 44_100)
    page = tab(address)
    page.set_input_files("#kws-file", site / "stereo.ogg")
    page.wait_for_function("kws.done")
    assert [report["label"] for report in page.evaluate("kws.reports")] == ["no"]
    assert "no at" in page.inner_text("#kws-status")


def test_a_file_without_sound_is_refused_in_a_sentence(tab, address):
    page = tab(address)
    page.set_input_files("#kws-file", {"name": "text.txt", "mimeType": "text/plain", "buffer": b"none"})
    page.wait_for_function(
        "document.getElementById('kws-status').textContent.includes('no sound in that file')"
    )


def test_own_recordings_are_counted_and_taken_away(tab, address, tmp_path):
    page = tab(address)
    for number, label in enumerate(("nothing", "another", "yes$", "no$", "yes$"), start=1):
        page.click(f"#kws-say button:text-matches('^{label}')")
        page.wait_for_function(
            f"document.querySelector('#kws-confusion caption').textContent.includes('of {number} right')"
        )
    rows = page.evaluate(
        "[...document.querySelectorAll('#kws-confusion tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    )
    assert [(row[0], sum(map(int, row[1:]))) for row in rows] == [
        ("silence", 1),
        ("unknown", 1),
        ("yes", 2),
        ("no", 1),
    ]
    page.fill("#kws-speaker", "ada")
    with page.expect_download() as download:
        page.click("#kws-save")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    found, refused = read_recordings(tmp_path, ("silence", "unknown", "yes", "no"))
    assert not refused
    assert sorted(str(one.path.relative_to(tmp_path)) for one in found) == sorted(
        [
            "silence/ada_nohash_0.wav",
            "unknown/ada_nohash_0.wav",
            "yes/ada_nohash_0.wav",
            "yes/ada_nohash_1.wav",
            "no/ada_nohash_0.wav",
        ]
    )
    assert {len(one.samples) for one in found} == {32_000}


def test_keys_alone_work_it(tab, address):
    page = tab(address)
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    wanted = {"microphone", "network", "processed", "threshold", "smoothing", "file", "log", "speaker"}
    assert {f"kws-{name}" for name in wanted} <= set(seen)
    assert page.evaluate(NAMELESS) == []
    page.focus("#kws-microphone")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#kws-word[aria-live]').textContent === 'yes'")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_pictures_move_seldom_where_that_is_wished(tab, address, motion):
    page = tab(address, before=COUNTED, reduced_motion=motion)
    page.click("#kws-microphone")
    page.wait_for_function("kws.hops.length")
    page.evaluate("window.drawn = 0; window.since = performance.now()")
    page.wait_for_function("performance.now() - window.since > 3000")
    drawn, seconds = page.evaluate("[window.drawn / 3, (performance.now() - window.since) / 1000]")
    assert 0 < drawn <= 2 * seconds + 1 if motion == "reduce" else drawn > 2 * seconds + 1


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_is_legible_and_no_wider_than_the_screen(tab, address, width, scheme):
    page = tab(address, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.click("#kws-microphone")
    page.wait_for_function("kws.reports.length")
    assert page.evaluate(PALE.replace("'article'", "'main'")) == []
    assert page.evaluate(OVERFLOW) <= 0


def test_the_page_is_small(site):
    assert (site / "page.html").stat().st_size < 250_000
