"""Thumb code decoded for the cycle model: instruction, registers read and written, number of words moved."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

SINGLE_LOADS = ("ldr", "ldrb", "ldrh", "ldrsb", "ldrsh")
SINGLE_STORES = ("str", "strb", "strh")
MULTIPLE = (
    "ldm",
    "ldmdb",
    "stm",
    "stmdb",
    "push",
    "pop",
    "ldrd",
    "strd",
    "vldmia",
    "vstmia",
    "vpush",
    "vpop",
)
FLOAT_SINGLE = ("vldr", "vstr")


@dataclass(frozen=True)
class Instruction:
    """`name` without condition and width. `words`: number of registers of a multiple load or store."""

    address: int
    size: int
    name: str
    text: str
    words: int = 0
    register_offset: bool = False
    address_registers: frozenset[int] = frozenset()
    writes: frozenset[int] = frozenset()
    literal: bool = False  # loads a constant from beside the code, in flash
    loaded: int | None = None  # the register that a single load fills

    @property
    def memory(self) -> bool:
        """Whether the instruction loads or stores."""
        return self.name in (*SINGLE_LOADS, *SINGLE_STORES, *MULTIPLE, *FLOAT_SINGLE)

    @property
    def across_words(self) -> bool:
        """Whether the instruction is 32 bits long and starts in the middle of a word."""
        return self.size == 4 and self.address % 4 != 0


@lru_cache(maxsize=8192)  # of two networks' firmware nearly all code is the same
def decode(code: bytes, address: int) -> tuple[Instruction, ...]:
    """Thumb code at `address` as instructions. Raises ValueError for bytes that are not instructions."""
    import capstone

    engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    engine.detail = True
    decoded = tuple(_instruction(entry) for entry in engine.disasm(code, address))
    if sum(entry.size for entry in decoded) != len(code):
        raise ValueError(f"no instruction at {address + sum(entry.size for entry in decoded):#x}")
    return decoded


def _instruction(entry: Any) -> Instruction:
    from capstone import arm

    name = entry.insn_name()
    operands = entry.operands
    memory = [operand.mem for operand in operands if operand.type == arm.ARM_OP_MEM]
    address_registers = {register for mem in memory for register in (mem.base, mem.index) if register}
    registers = [operand.reg for operand in operands if operand.type == arm.ARM_OP_REG]
    words = 0
    if name in MULTIPLE:
        lists = registers if name in ("push", "pop", "vpush", "vpop") else registers[1:]
        words = 2 if name in ("ldrd", "strd") else len(lists)
        if not memory and name not in ("push", "pop", "vpush", "vpop"):
            address_registers = set(registers[:1])
    if name in (*FLOAT_SINGLE, "vldmia", "vstmia", "vpush", "vpop"):
        moved = registers if name in ("vldr", "vstr", "vpush", "vpop") else registers[1:]
        words = sum(2 if arm.ARM_REG_D0 <= register <= arm.ARM_REG_D31 else 1 for register in moved)
    if name == "vmov":
        words = sum(
            arm.ARM_REG_R0 <= register <= arm.ARM_REG_R12 or register == arm.ARM_REG_LR
            for register in registers
        )
    _, written = entry.regs_access()
    return Instruction(
        entry.address,
        entry.size,
        name,
        f"{entry.mnemonic} {entry.op_str}".strip(),
        words,
        any(mem.index for mem in memory),
        frozenset(address_registers),
        frozenset(written),
        any(mem.base == arm.ARM_REG_PC for mem in memory) and name in (*SINGLE_LOADS, "ldrd", "vldr"),
        registers[0] if name in SINGLE_LOADS else None,
    )
