"""Emulation of the nRF52840: 1 MB of flash at address 0, 256 KB of RAM and a Cortex-M4F, without peripherals.

Unicorn executes the instructions. Files, read and written by Arm semihosting calls, replace microphone and display.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kwslib.board.trace import Execution, Trace
from kwslib.errors import CheckFailed
from kwslib.measure import FLASH_BYTES, RAM_BYTES

RAM = 0x2000_0000
WATCHED = 0x1000_0000  # where a second link of the same code has its constants, so that each read is seen
SYSTEM_CONTROL = 0xE000_E000
STACK_PAINT = 0xA5
OPEN, WRITE, READ, EXIT = 0x01, 0x05, 0x06, 0x18


@dataclass(frozen=True)
class Image:
    """A linked firmware: its segments with their addresses, and its symbols."""

    segments: tuple[tuple[int, bytes], ...]
    symbols: dict[str, int]
    objects: tuple[tuple[int, int, str], ...]  # functions and variables: address, size, name, by address
    flash_bytes: int
    ram_bytes: int

    def function_at(self, address: int) -> str:
        """Name of the function that holds an address; outside of all, the address in hexadecimal."""
        for start, size, name in self.objects:
            if start <= address < start + size:
                return name
        return f"{address:#x}"


def read_image(content: bytes) -> Image:
    """Sections, symbols and sizes of an ELF file."""
    from elftools.elf.elffile import ELFFile

    with io.BytesIO(content) as file:
        elf = ELFFile(file)
        kept = [s for s in elf.iter_sections() if s["sh_flags"] & 2 and s["sh_size"]]
        loaded = [s for s in kept if s["sh_type"] != "SHT_NOBITS"]
        segments = tuple(
            (s["p_paddr"], s.data())
            for s in elf.iter_segments()
            if s["p_type"] == "PT_LOAD" and s["p_filesz"]
        )
        table: Any = elf.get_section_by_name(".symtab")
        entries = [symbol for symbol in table.iter_symbols() if symbol.name]
        symbols = {symbol.name: symbol["st_value"] for symbol in entries}
        objects = sorted(
            (
                symbol["st_value"] & ~int(symbol["st_info"]["type"] == "STT_FUNC"),
                symbol["st_size"],
                symbol.name,
            )
            for symbol in entries
            if symbol["st_info"]["type"] in ("STT_FUNC", "STT_OBJECT") and symbol["st_size"]
        )
    flash = sum(s["sh_size"] for s in loaded)
    ram = sum(s["sh_size"] for s in kept if s["sh_addr"] >= RAM and s.name != ".stack")
    return Image(segments, symbols, tuple(objects), flash, ram)


class Emulator:
    """One run of an image. `files`: contents by name, which the firmware can read, and to which it writes."""

    def __init__(self, image: Image, files: dict[str, bytes]) -> None:
        import unicorn
        from unicorn import arm_const

        self.image, self.files = image, {name: bytearray(content) for name, content in files.items()}
        self._handles: list[tuple[str, int]] = []
        self._left, self._exception = False, False
        self._arm = arm_const
        self._trace: Trace | None = None
        self.uc: Any = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        uc: Any = self.uc
        uc.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
        uc.mem_map(0, FLASH_BYTES, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        uc.mem_map(RAM, RAM_BYTES, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        uc.mem_map(SYSTEM_CONTROL, 0x1000, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        bottom, top = image.symbols["stack_bottom"], image.symbols["stack_top"]
        uc.mem_write(bottom, bytes([STACK_PAINT]) * (top - bottom))
        for address, content in image.segments:
            if address < WATCHED:
                uc.mem_write(address, content)
            else:
                self._trace = Trace(uc, address, content)
        uc.hook_add(unicorn.UC_HOOK_INTR, self._interrupt)
        uc.ctl_flush_tb()

    def execute(self, instructions: int) -> None:
        """Execute from reset until the firmware exits.

        Raises CheckFailed, with function and address, when it faults, and when it has not exited after this number of
        instructions (0: no limit).
        """
        import unicorn

        stack, entry = struct.unpack("<II", bytes(self.uc.mem_read(0, 8)))
        self.uc.reg_write(self._arm.UC_ARM_REG_SP, stack)
        try:
            self.uc.emu_start(entry | 1, 0xFFFF_FFFE, count=instructions)
        except unicorn.UcError as error:
            raise self._failed(f"faulted ({error})") from None
        if self._trace is not None:
            self._trace.end()
        if self._exception:
            raise self._failed("ended in an exception")
        if not self._left:
            raise self._failed(f"had not finished after {instructions:,} instructions")

    def _failed(self, event: str) -> CheckFailed:
        address = self.uc.reg_read(self._arm.UC_ARM_REG_PC)
        function = self.image.function_at(address)
        return CheckFailed(f"firmware.elf: the firmware {event} in {function} at {address:#010x}")

    def _interrupt(self, uc: Any, _number: int, _: object) -> None:
        pc = uc.reg_read(self._arm.UC_ARM_REG_PC)
        if bytes(uc.mem_read(pc, 2)) != b"\xab\xbe":
            self._exception = True
            uc.emu_stop()
            return
        operation, block = (uc.reg_read(r) for r in (self._arm.UC_ARM_REG_R0, self._arm.UC_ARM_REG_R1))
        if operation == EXIT:
            self._left = True
            uc.emu_stop()
            return
        first, second, third = struct.unpack("<III", bytes(uc.mem_read(block, 12)))
        uc.reg_write(self._arm.UC_ARM_REG_R0, self._call(operation, first, second, third) & 0xFFFF_FFFF)
        uc.reg_write(self._arm.UC_ARM_REG_PC, (pc + 2) | 1)

    def _call(self, operation: int, first: int, second: int, third: int) -> int:
        """A semihosting call; for reads and writes the result is how many bytes were not moved."""
        if operation == OPEN:
            name = bytes(self.uc.mem_read(first, third)).decode()
            if second >= 4:
                self.files[name] = bytearray()
            elif name not in self.files:
                return -1
            self._handles.append((name, 0))
            return len(self._handles)
        if operation not in (READ, WRITE) or not 0 < first <= len(self._handles):
            return -1
        name, position = self._handles[first - 1]
        if operation == WRITE:
            self.files[name] += bytes(self.uc.mem_read(second, third))
            return 0
        content = bytes(self.files[name][position : position + third])
        self.uc.mem_write(second, content)
        self._handles[first - 1] = name, position + len(content)
        return third - len(content)

    def stack_bytes(self) -> int:
        """The largest size of the stack so far, in bytes."""
        bottom, top = self.image.symbols["stack_bottom"], self.image.symbols["stack_top"]
        untouched = bytes(self.uc.mem_read(bottom, top - bottom)).lstrip(bytes([STACK_PAINT]))
        return len(untouched)

    def profile(self, stages: dict[str, str], entered: Callable[[str], object] = lambda _: None) -> Execution:
        """Start counting, separately for each of `stages`: its name, by the function that starts it; `entered`
        is called with the name of every stage that starts. The image is one with watched constants.
        """
        assert self._trace is not None
        return self._trace.start({self.image.symbols[name] & ~1: stages[name] for name in stages}, entered)
