"""The C core under sanitizers on fuzzed sound and models."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compiler import CORE, c_compiler, sanitized
from hypothesis import given, settings
from hypothesis import strategies as st
from repository import SERIAL_LOG
from tflite_files import temporal_net, tinyconv

from kwslib.board.firmware import find_compiler
from kwslib.board.seriallog import parse_log
from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_packed import pack_network
from kwslib.deployment.core_sparse import compress
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.model_data import model_header
from kwslib.errors import KwsError
from kwslib.labels import class_labels
from kwslib.quantization.grids import TERNARY, Width, symmetric_grid

pytestmark = pytest.mark.slow

FUZZ = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kws_model.h"
#include "kws_spotter.h"

/* Sound from standard input, in steps of odd sizes; the network at every frame. */
int main(void) {
    kws_spotter *spotter = malloc(sizeof *spotter);
    int16_t step[KWS_STEP];
    long sum = 0;
    size_t count = KWS_STEP, read;
    kws_spotter_init(spotter);
    while ((read = fread(step, sizeof *step, count, stdin)) > 0) {
        if (kws_spotter_listen(spotter, step, read)) {
            int8_t *features = malloc(KWS_FRAMES * KWS_CHANNELS), *logits = malloc(KWS_MODEL_CLASSES);
            int8_t *arena = malloc(KWS_MODEL_ARENA_BYTES + 1);
            memcpy(features, spotter->features, KWS_FRAMES * KWS_CHANNELS);
            kws_model_run(features, logits, arena);
            memcpy(spotter->logits, logits, KWS_MODEL_CLASSES);
            free(features), free(logits), free(arena);
            sum += kws_spotter_decide(spotter);
        }
        count = 1 + (count * 7 + 13) % KWS_STEP;
    }
    printf("%ld\n", sum);
    free(spotter);
    return 0;
}
"""


def stored(network: Network, bits: Width) -> Network:
    """The TinyConv with random weights of that width, packed."""
    rng, grid = np.random.default_rng(0), symmetric_grid(bits)
    values = np.arange(grid.low, grid.high + 1, grid.step)
    layers = []
    for layer in network.layers:
        weights = rng.choice(values, layer.fields["weights"].shape).astype(np.int8)
        layers.append(replace(layer, fields=layer.fields | {"weights": weights}))
    return pack_network(replace(network, layers=tuple(layers)), bits)


def thinned(network: Network, share: float) -> Network:
    """The TinyConv with that share of its dense weights at zero, compressed."""
    convolution, dense = network.layers
    weights = dense.fields["weights"]
    weights = np.where(np.random.default_rng(0).random(weights.shape) < share, 0, weights)
    dense = replace(dense, fields=dense.fields | {"weights": weights})
    return compress(replace(network, layers=(convolution, dense)), 1.0)


def network_of(kind: str, path: Path) -> Network:
    if kind == "temporal":
        return read_network(temporal_net(path))
    network = read_network(tinyconv(path, 3))
    name, _, value = kind.partition(" ")
    if name == "packed":
        return stored(network, TERNARY if value == TERNARY else int(value))
    return thinned(network, float(value)) if name == "sparse" else network


KINDS = [
    "tinyconv",
    "temporal",
    *(f"packed {bits}" for bits in (7, 3, 2, TERNARY, 1)),
    "sparse 0.9",
    "sparse 0.99",
]


@pytest.mark.parametrize("kind", KINDS)
def test_no_finding_of_the_sanitizers(tmp_path_factory, tmp_path, kind):
    network = network_of(kind, tmp_path / "model.tflite")
    header = model_header(network, class_labels(), DecisionSettings(4, 3, 0.3, 5))
    (tmp_path / "kws_model.h").write_text(header)
    fuzz = sanitized(tmp_path_factory, tmp_path, FUZZ)
    rng = np.random.default_rng(0)
    noise = [rng.integers(-32768, 32768, 12000), rng.choice([-32768, 32767], 8000), np.zeros(4000)]
    noise += [np.full(4000, -32768), rng.standard_normal(8000) * 50]
    sound = np.concatenate(noise).astype("<i2").tobytes()
    done = subprocess.run([fuzz], input=sound, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_core_equals_its_references_without_python(tmp_path):
    c_compiler()
    done = subprocess.run(
        ["make", "-C", CORE.parent, "test", f"BUILD={tmp_path}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.findall(r"^\d+ rounds of random (\w+), 0 differ", done.stdout, re.MULTILINE)
    assert passed == ["layers", "sound"] * 2  # plainly, then with sanitizers


def test_the_readmes_example_compiles(tmp_path):
    network = read_network(tinyconv(tmp_path / "m.tflite"))
    (tmp_path / "kws_model.h").write_text(model_header(network, class_labels(), DecisionSettings()))
    (example,) = re.findall(
        r"^```c\n(.*?)^```", (CORE.parent / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    (tmp_path / "example.c").write_text(example)
    command = [c_compiler(), "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-std=c99", f"-I{tmp_path}"]
    subprocess.run([*command, f"-I{CORE}", str(tmp_path / "example.c")], check=True)


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc here")
def test_the_core_is_clean_for_arduinos_compiler_flags(tmp_path):
    flags = [
        "-mcpu=cortex-m4",
        "-mthumb",
        "-mfloat-abi=softfp",
        "-mfpu=fpv4-sp-d16",
        "-Os",
        "-DARDUINO=10819",
    ]
    for source in (*CORE.glob("*.c"), *CORE.glob("*.S")):
        output = tmp_path / f"{source.stem}.o"
        command = [
            "arm-none-eabi-gcc",
            *flags,
            "-Wall",
            "-Wextra",
            "-Werror",
            "-c",
            str(source),
            "-o",
            str(output),
        ]
        subprocess.run(command, check=True)


@pytest.mark.parametrize(
    ("truth", "edited"),
    [
        ("multiplier, power, zero_point", "power, multiplier, zero_point"),
        ("KWS_CHANNEL_BIAS 16", "KWS_CHANNEL_BIAS 20"),
        ("KWS_NEIGHBOUR_ROW 64", "KWS_NEIGHBOUR_ROW 128"),
        ("KWS_NEIGHBOUR_RUN 8", "KWS_NEIGHBOUR_RUN 4"),
        ("KWS_NEIGHBOUR_ROWS 10", "KWS_NEIGHBOUR_ROWS 9"),
    ],
)
def test_what_c_and_assembly_share_is_checked_when_it_is_compiled(tmp_path, truth, edited):
    _, command = find_compiler()
    core = shutil.copytree(CORE, tmp_path / "core")
    header = core / "kws_neighbours.h"

    def compiles(name: str) -> bool:
        done = subprocess.run([*command, "-c", core / name, "-o", tmp_path / "out.o"], capture_output=True)
        return done.returncode == 0

    sources = ("kws_convolution.c", "kws_neighbours_m4.S")
    assert all(map(compiles, sources))
    assert truth in header.read_text()
    header.write_text(header.read_text().replace(truth, edited))
    assert not all(map(compiles, sources))


def test_serial_log_tables(kws):
    status, out, _ = kws("serial", SERIAL_LOG, "--json")
    result = json.loads(out)
    assert status == 0
    assert (result["inferences"], result["trials"], result["broken_lines"]) == (5, 3, 5)
    assert result["timings"]["network"]["mean_ms"] == pytest.approx(6.391)
    assert result["confusion"] == [[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert result["accuracy"] == pytest.approx(2 / 3)
    status, out, _ = kws("serial", SERIAL_LOG)
    assert status == 0
    assert "network" in out
    assert "accuracy 67%" in out


@settings(max_examples=200)
@given(
    st.lists(st.text() | st.sampled_from(SERIAL_LOG.read_text(errors="replace").splitlines()), max_size=20)
)
def test_serial_log_takes_anything(lines):
    try:
        log = parse_log(lines)
    except KwsError:
        return
    assert log.as_json()["inferences"] == len(log.times_us)


def test_serial_source_that_is_nothing(kws, tmp_path):
    status, out, err = kws("serial", tmp_path / "nothing")
    assert (status, out) == (2, "")
    assert "neither a file nor a port" in err
    assert len(err.splitlines()) == 1
