"""The virtual board: the same numbers as this machine and QEMU, costs that add up, and clear ends of bad firmware."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tflite_files import tinyconv, too_large

from kwslib.board.emulator import Emulator, read_image
from kwslib.board.firmware import COMPILERS, build_firmware, find_compiler
from kwslib.board.machine import Board
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.model_data import model_header
from kwslib.deployment.stream_plan import stream
from kwslib.errors import CheckFailed, KwsError
from kwslib.features.ccore import interface, library, pointer, source_folder
from kwslib.features.frontend import features
from kwslib.labels import class_labels
from kwslib.report.part4.board import decompose, first_channels, original_by_channels, time_by_channels

GOOD_END = "static void kws_model_run(const int8_t *input, int8_t *output, int8_t *arena) {"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return tinyconv(tmp_path_factory.mktemp("model") / "tinyconv.tflite")


@pytest.fixture(scope="module")
def board(model) -> Board:
    return Board(read_network(model), class_labels())


@pytest.fixture(scope="module")
def clips() -> np.ndarray:
    rng = np.random.default_rng(0)
    loudness = np.array([0, 100, 3000, 20000])[:, None]
    return np.clip(rng.standard_normal((4, 16000)) * loudness, -32768, 32767).astype(np.int16)


@pytest.fixture(scope="module")
def profile(board, clips):
    return board.profile(clips[2])


def test_the_board_computes_what_this_machine_does(board, clips):
    logits = board.run_clips(clips).logits
    np.testing.assert_array_equal(logits, run_network(board.network, features(clips)))
    assert logits.std() > 10


def _extreme_clips() -> dict[str, np.ndarray]:
    rng, n = np.random.default_rng(1), np.arange(16000)
    lowest = np.zeros(16000)
    lowest[::700] = -32768
    swept = 32767 * np.sin(2 * np.pi * 3000 * (n / 16000) ** 2)
    return {
        "nothing": np.zeros(16000),
        "lowest value, alone": lowest,
        "lowest value, always": np.full(16000, -32768),
        "one step": rng.integers(-1, 2, 16000),
        "full scale, either sign": rng.choice([-32768, 32767], 16000),
        "all values": rng.integers(-32768, 32768, 16000),
        "sweep at full scale": swept,
        "loud to faint": rng.standard_normal(16000) * np.geomspace(30000, 0.3, 16000),
    }


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", _extreme_clips())
def test_the_front_end_keeps_the_same_state_as_on_this_machine(board, name, compiler):
    if compiler == "gcc" and not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("arm-none-eabi-gcc is not installed")
    clip = np.clip(np.rint(_extreme_clips()[name]), -32768, 32767).astype(np.int16)
    build = Board(board.network, board.labels, compiler=compiler).build
    emulator = Emulator(read_image(build.elf), {"clips.raw": clip.tobytes()})
    emulator.execute(0)
    state = interface().new("kws_frontend *")
    library().kws_frontend_init(state, 320)
    raw = np.empty((49, 40), np.uint16)
    assert library().kws_frontend_stream(state, pointer(clip), clip.size, pointer(raw)) == len(raw)
    expected = bytes(
        interface().buffer(state)
    )  # noise estimates, energies of the last frame, samples that wait
    assert bytes(emulator.uc.mem_read(emulator.image.symbols["spotter"], len(expected))) == expected


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_narrow_networks(tmp_path, clips, channels):
    narrow = Board(read_network(tinyconv(tmp_path / "narrow.tflite", channels)), class_labels())
    expected = run_network(narrow.network, features(clips))
    np.testing.assert_array_equal(narrow.run_clips(clips).logits, expected)


def test_costs_are_within_the_bounds_that_we_promise(profile):
    """Instructions do not depend on the machine, so these are no timings that could flicker."""
    stages = profile.stages()
    assert stages["network"]["ms"] <= 8.0
    assert stages["frontend"]["ms"] / 49 <= 0.8
    assert stages["decision"]["ms"] <= 0.02
    assert profile.flash_bytes <= 40 * 1024
    assert profile.ram_bytes + profile.run.stack_bytes <= 16 * 1024


def test_costs_add_up(profile):
    stages = profile.stages()
    for stage, cost in stages.items():
        parts = [function for function in profile.functions if function.stage == stage]
        assert sum(part.cycles for part in parts) == cost["cycles"]
        assert cost["ms"] == pytest.approx(cost["cycles"] / 64_000)
    assert all(function.cycles >= function.instructions for function in profile.functions)


def test_counting_is_repeatable(board, clips, profile):
    assert board.profile(clips[2]).functions == profile.functions


def test_loads_of_constants_are_seen(profile):
    """Each of the 16,000 weights of the last layer is read once, four at a time."""
    (dense,) = [function for function in profile.functions if function.name == "kws_dense_layer"]
    assert 4000 <= dense.flash_reads <= 4060


def test_code_that_the_cache_misses_costs_time(profile):
    """The network's kernels and tables do not fit into 2 KB side by side: each row of the output fetches anew."""
    network = [function for function in profile.functions if function.stage == "network"]
    misses = sum(function.cache_misses for function in network)
    assert 1000 < misses < 10_000
    by_name = {function.name: function for function in network}
    assert by_name["kws_dense_layer"].cache_misses < 100  # one loop, which fits


def test_kept_files_name_what_lies_in_flash(board, tmp_path):
    board.keep(tmp_path / "kept")
    assert (tmp_path / "kept" / "firmware.elf").read_bytes()[:4] == b"\x7fELF"
    text = (tmp_path / "kept" / "firmware.map").read_text()
    assert re.search(r"^0x0000\w{4} +16000 kws_model_fully_connected_3_weights$", text, re.MULTILINE)


@pytest.mark.slow
def test_qemu_agrees(board, clips, profile, tmp_path):
    """Another emulator, the same binary: equal outputs, and instructions within 0.1 %."""
    if shutil.which("qemu-system-arm") is None:
        pytest.skip("no qemu-system-arm here: install it to run this test")
    (tmp_path / "clips.raw").write_bytes(clips[2].tobytes())
    (tmp_path / "firmware.elf").write_bytes(board.build.elf)
    command = ["qemu-system-arm", "-M", "mps2-an386", "-nographic", "-singlestep", "-d", "exec,nochain"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", "firmware.elf"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as qemu:
        assert qemu.stderr is not None
        instructions = sum(line.startswith(b"Trace") for line in qemu.stderr)
    assert qemu.returncode == 0
    logits = np.frombuffer((tmp_path / "results.raw").read_bytes()[:4], np.int8)
    np.testing.assert_array_equal(logits, profile.run.logits[0])
    assert instructions == pytest.approx(profile.instructions, rel=1e-3)


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc here")
def test_gcc_builds_the_same_network(model, board, clips):
    np.testing.assert_array_equal(
        Board(read_network(model), class_labels(), compiler="gcc").run_clips(clips).logits,
        board.run_clips(clips).logits,
    )


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc here")
def test_gcc_builds_are_profiled(model, clips):
    """GCC must not clone the functions that begin a stage: a copy has another name, and no stage would be found."""
    stages = Board(read_network(model), class_labels(), compiler="gcc").profile(clips[2]).stages()
    assert all(cost["cycles"] > 0 for cost in stages.values())
    assert 1 < stages["network"]["ms"] <= 8


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("main", ["main.c", "stream.c"])
def test_a_firmware_of_kept_objects_is_the_one_compiled_whole(board, tmp_path, compiler, main):
    try:
        _, command = find_compiler(compiler)
    except KwsError:
        pytest.skip(f"no {compiler} here")
    header = model_header(board.network, board.labels, board.settings, stream(board.network))
    (tmp_path / "kws_model.h").write_text(header)
    core = source_folder()
    virtual = core.parent / "virtual"
    sources = [*sorted(core.glob("*.c")), *sorted(core.glob("*.S")), virtual / main, virtual / "startup.c"]
    including = [f"-I{folder}" for folder in (core, virtual, tmp_path)]
    whole = tmp_path / "whole.elf"
    subprocess.run(
        [*command, *including, *map(str, sources), "-T", str(virtual / "nrf52840.ld"), "-o", str(whole)],
        cwd=tmp_path,
        check=True,
    )
    for _ in range(2):  # compiled for the first time, and from the cache
        kept = read_image(build_firmware(header, compiler, main).elf)
        assert kept.segments == read_image(whole.read_bytes()).segments


def broken(board: Board, body: str, clips: np.ndarray) -> None:
    """Run a firmware whose network does `body`."""
    header = model_header(board.network, board.labels, board.settings)
    assert GOOD_END in header
    image = read_image(build_firmware(header.replace(GOOD_END, GOOD_END + body)).elf)
    Emulator(image, {"clips.raw": clips[:1].tobytes()}).execute(5_000_000)


FAULTS = {
    "a write outside memory": (
        "*(volatile int *)0x30000000 = 1;",
        r"faulted .* in kws_spotter_infer at 0x0000",
    ),
    "a write to flash": ("*(volatile int *)0x100 = 1;", r"faulted .* in kws_spotter_infer"),
    "a hang": (
        "for (volatile int i = 0;; i++) {}",
        r"had not finished after 5,000,000 instructions in kws_spotter_infer",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("body", "event"), FAULTS.values(), ids=FAULTS)
def test_what_ends_a_firmware_is_named(board, clips, body, event):
    with pytest.raises(CheckFailed, match=rf"firmware\.elf: the firmware {event}"):
        broken(board, body, clips)


@pytest.mark.slow
def test_a_model_too_large_for_flash_is_told_by_how_much(tmp_path):
    path = too_large(tmp_path / "large.tflite")
    with pytest.raises(KwsError, match=r"does not fit the board: .* (\d{3},\d{3}) bytes too large for FLASH"):
        Board(read_network(path), class_labels())


def test_a_model_of_another_shape_is_refused(model):
    with pytest.raises(KwsError, match="49 x 40 features to 3 classes"):
        Board(read_network(model), class_labels(("yes",)))


@pytest.mark.slow
def test_time_follows_the_channels(board, clips):
    """Half of the channels take at most 60 % of the time; the original's board kept 82 %."""
    times = time_by_channels(board, clips[2], (4, 8))
    assert times[4] <= 0.6 * times[8]
    fixed, each = decompose(original_by_channels())
    assert (fixed, each) == (pytest.approx(56.4, abs=0.1), pytest.approx(3.93, abs=0.01))


def test_cut_network_computes_with_the_channels_that_are_left(board, clips):
    np.testing.assert_array_equal(
        run_network(first_channels(board.network, 8), features(clips)),
        run_network(board.network, features(clips)),
    )
