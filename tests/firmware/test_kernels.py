"""The kernels in assembly, on the virtual board: random layers equal the reference's plain loops there as here."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from kwslib.board.emulator import Emulator, read_image
from kwslib.board.firmware import COMPILERS, find_compiler
from kwslib.features.ccore import source_folder

FIRMWARE = source_folder().parent
ROUNDS = 300

# What the tests take from a C library, as little as they need of it.
HEADERS = {
    "stdlib.h": "#include <stddef.h>\nvoid *malloc(size_t);\nvoid *calloc(size_t, size_t);\n"
    "void free(void *);\nvoid exit(int);\nint abs(int);\n",
    "stdio.h": "int printf(const char *, ...);\n",
    "math.h": "double round(double);\ndouble exp(double);\n",
}
MAIN = """
#include <stdio.h>
#include <stdlib.h>

#include "random_layers.h"
#include "semihosting.h"
#include "test_layers_in_time.h"

static char memory[100000] __attribute__((aligned(8)));
static size_t left;

void *malloc(size_t size) { return left < size + 8 ? 0 : memory + (left = (left - size) & ~(size_t)7); }
void *calloc(size_t count, size_t size) {
    char *all = malloc(count * size);
    for (size_t i = 0; all && i < count * size; i++) ((volatile char *)all)[i] = 0;
    return all;
}
void free(void *piece) { (void)piece; }
int abs(int a) { return a < 0 ? -a : a; }
int printf(const char *text, ...) { (void)text; return 0; }
void exit(int status) { (void)status; for (;;) {} }

int main(void) {
    const int32_t file = open_file("failures.raw", 12, WRITE_BINARY);
    for (int32_t i = 0; i < ROUNDS; i++) {
        left = sizeof memory;
        test_layers_in_time();
    }
    return write_file(file, &failures, sizeof failures);
}
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """All but the assembly, compiled once by each compiler: objects(compiler) gives its command and the files."""

    @cache
    def compiled(compiler: str) -> tuple[list[str], list[Path]]:
        folder = tmp_path_factory.mktemp(compiler)
        for name, text in HEADERS.items():
            (folder / name).write_text(text)
        (folder / "main.c").write_text(MAIN)
        sources = [folder / "main.c", FIRMWARE / "virtual" / "startup.c", *(FIRMWARE / "core").glob("*.c")]
        own = ("packing", "random_layers", "reference", "test_layers_in_time")
        sources += [FIRMWARE / "tests" / f"{name}.c" for name in own]
        includes = [
            f"-I{path}" for path in (folder, *(FIRMWARE / name for name in ("core", "tests", "virtual")))
        ]
        command = [*find_compiler(compiler)[1], *includes, "-fno-builtin", f"-DROUNDS={ROUNDS}"]
        compiling = [word for word in command if not word.startswith("-Wl,")]  # zig would link
        for path in sources:
            subprocess.run([*compiling, "-c", path, "-o", folder / f"{path.stem}.o"], check=True)
        return command, [folder / f"{path.stem}.o" for path in sources]

    return compiled


def built(folder: Path, command: list[str], objects: list[Path], replaced: dict[str, str]) -> bytes:
    """The firmware of the tests. `replaced`: texts of the assembly and what they become."""
    for path in (FIRMWARE / "core").glob("*.S"):
        text = path.read_text()
        for old, new in replaced.items():
            text = text.replace(old, new)
        (folder / path.name).write_text(text)
    script, elf = FIRMWARE / "virtual" / "nrf52840.ld", folder / "tests.elf"
    subprocess.run(
        [*command, "-T", script, "-o", elf, *sorted(objects), *sorted(folder.glob("*.S"))], check=True
    )
    return elf.read_bytes()


def differences(elf: bytes) -> int:
    emulator = Emulator(read_image(elf), {})
    emulator.execute(0)
    return int.from_bytes(emulator.files["failures.raw"], "little")


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
def test_layers_equal_their_reference_on_the_virtual_board(tmp_path, objects, compiler):
    if compiler == "gcc" and not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("arm-none-eabi-gcc is not installed")
    assert differences(built(tmp_path, *objects(compiler), {})) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    two_inputs r3, r10, r11\n", "    two_inputs r3, r11, r10\n"),  # kws_run_column_layer
        ("    asr.w r7, r7, #7\n", "    asr.w r7, r7, #8\n"),  # kws_run_column_layer
        ("    add.w r3, r0, #4\n", "    add.w r3, r0, #8\n"),  # kws_depth_column_layer
        ("    smlad r9, r5, r3, r9\n", "    smlad r9, r4, r3, r9\n"),  # kws_run_four_columns, kws_run_taps
        ("    smlad r7, r8, r11, r7\n", "    smlad r7, r8, r10, r7\n"),  # kws_depth_column_layer
        ("    add.w \\a, r7, \\a, lsl #19\n", "    add.w \\a, r7, \\a, lsl #18\n"),  # kws_sum_fours
        ("    asr.w r11, r9, #16\n", "    asr.w r11, r10, #16\n"),  # kws_mean_fours
    ],
)
def test_a_wrong_instruction_is_found(tmp_path, objects, old, new):
    assert any(old in path.read_text() for path in (FIRMWARE / "core").glob("*.S"))
    assert differences(built(tmp_path, *objects(COMPILERS[0]), {old: new})) > 0
