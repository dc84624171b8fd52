"""The spotter of the C core on a stream: chunks of any length, other rhythms, and the same on the virtual board."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from compiler import sanitized
from stream_networks import form, of_windows, temporal
from tflite_files import tinyconv

from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_stream import run_stream
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.model_data import model_header
from kwslib.deployment.stream_plan import stream
from kwslib.features.frontend import Frontend
from kwslib.labels import class_labels

DRIVER = r"""
#include <stdio.h>
#include <stdlib.h>
#include "kws_model.h"
#include "kws_spotter.h"

/* Chunks of sound from standard input, each after its length; `infer` after every so many frames, by the byte before.
 * Logits of every `infer` to standard output. */
int main(void) {
    kws_spotter *spotter = malloc(sizeof *spotter);
    uint8_t every;
    uint16_t length;
    int frames = 0;
    kws_spotter_init(spotter);
    while (fread(&every, 1, 1, stdin) == 1 && fread(&length, 2, 1, stdin) == 1) {
        int16_t *chunk = malloc(length * sizeof *chunk);
        if (fread(chunk, sizeof *chunk, length, stdin) != length) return 1;
        frames += (int)kws_spotter_listen(spotter, chunk, length);
        free(chunk);
        if (frames < every) continue;
        frames = 0;
        kws_spotter_infer(spotter);
        fwrite(spotter->logits, 1, sizeof spotter->logits, stdout);
    }
    free(spotter);
    return 0;
}
"""


def built(factory: pytest.TempPathFactory, folder: Path, network: Network, hop: int = 2) -> Path:
    """The spotter of a network for streams, with sanitizers."""
    header = model_header(network, class_labels(), DecisionSettings(), stream(network, hop))
    (folder / "kws_model.h").write_text(header)
    return sanitized(factory, folder, DRIVER)


def driven(driver: Path, sound: np.ndarray, chunks: list[int], every: int) -> np.ndarray:
    given, at = [], 0
    for length in chunks:
        part = sound[at : at + length]
        given.append(bytes([every]) + len(part).to_bytes(2, "little") + part.astype("<i2").tobytes())
        at += length
    done = subprocess.run([str(driver)], input=b"".join(given), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    return np.frombuffer(done.stdout, np.int8).reshape(-1, 4)


def loud_and_quiet(seconds: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    loudness = np.repeat(rng.choice([0, 30, 3000, 60000], seconds), 16000)
    return np.clip(rng.standard_normal(16000 * seconds) * loudness, -32768, 32767).astype(np.int16)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["8", "3", "sparse", "temporal"])
def test_the_spotter_hears_the_same_in_chunks_of_any_length(tmp_path_factory, tmp_path, kind):
    if kind == "temporal":
        network = temporal(tmp_path / "m.tflite")
    else:
        network = form(read_network(tinyconv(tmp_path / "m.tflite", 3)), kind)
    driver, sound = built(tmp_path_factory, tmp_path, network), loud_and_quiet(6)
    frames = Frontend().process(sound)
    rng = np.random.default_rng(1)
    odd = [int(n) for n in rng.integers(1, 321, 2 * len(sound) // 320)]
    plan = stream(network)
    expected = run_stream(plan, frames)
    for chunks in ([320] * (len(sound) // 320), odd):
        heard = driven(driver, sound, chunks, 2)
        assert len(heard) > 100
        np.testing.assert_array_equal(heard, expected[: len(heard)])
    for every in (1, 3, 5):  # other rhythms: whole windows, or as many hops as fit
        heard = driven(driver, sound, [320] * (len(sound) // 320), every)
        if plan.endless:
            hops = np.arange(every, len(frames) + 1, every) // 2
            np.testing.assert_array_equal(heard[hops > 0], expected[hops[hops > 0] - 1])
        else:
            np.testing.assert_array_equal(heard, of_windows(network, frames, every)[: len(heard)])


@pytest.mark.slow
def test_the_virtual_board_streams_a_causal_network(tmp_path):
    """Its kernels are those in assembly; what it must hear is the network over the whole stream at once."""
    from kwslib.board.streaming import StreamBoard, expected

    board = StreamBoard(temporal(tmp_path / "m.tflite"), class_labels())
    assert [layer.fields["band_rows"] for layer in board.network.layers[:3]] == [1, 1, 1]
    sound = loud_and_quiet(3)
    logits, _ = board.run_sound(sound)
    assert logits.std() > 5
    np.testing.assert_array_equal(logits, expected(board, sound))
