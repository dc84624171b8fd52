"""What the spotter's page hears in headless Chromium: files and the microphone; from a server and from disk."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from repository import MODELS

from kwslib.data.audio import read_audio
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.decision import DecisionSettings
from kwslib.field import stream


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
    again = before + 170  # hops, after which the fake microphone has said both words again
    page.wait_for_function(f"kws.hops.length > {again}")
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


def test_a_clip_is_heard_without_a_microphone(tab, address):
    page = tab(address, before="Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    page.click("#kws-microphone")
    page.click("#kws-clips button")
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
