"""Cycles of a Cortex-M4F, counted from the blocks that a program ran through.

The rules are those of the Cortex-M4 technical reference manual (Arm 100166, r0p1): section 3.3.1 table 3-1 for
integer instructions, 3.3.2 and 3.3.3 for how loads and stores pair, 7.2.3 table 7-1 for floating point; and for
the nRF52840 two wait states of its flash for data (product specification, section 4.3, NVMC; instructions come from
the cache, which is on).

    data processing, multiply, multiply-accumulate, saturate, pack        1
    UDIV, SDIV                                                            12, the most that they take
    LDR                                                                   2, or 1 right after another single load
    STR                                                                   1; with a register offset 2
    LDM, STM, PUSH, POP, LDRD, STRD, VLDM, VSTM of N words                1 + N
    VLDR, VSTR                                                            1 + N words
    VDIV, VSQRT                                                           14
    multiply-accumulate in floating point                                 3
    VMOV between two core registers and a double                          2
    branch not taken                                                      1
    branch taken, call, return                                            1 + P, P = 1 to a fixed address, else 2
    TBB, TBH                                                              2 + P
    target that is 32 bits long and not aligned to 4                      + 1
    address from the result of the data processing instruction before    + 1 (nothing is forwarded to it)
    word of data read from flash                                          + 2

Left out: wait states of instruction fetches that miss the cache, unaligned data, interrupts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CLOCK_HZ = 64_000_000
FLASH_WAIT = 2  # cycles per read of data from flash
DIVIDE, FLOAT_DIVIDE, FLOAT_MULTIPLY_ADD = 12, 14, 3

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
MULTIPLY_ADD = ("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms")
DIRECT = ("b", "bl", "cbz", "cbnz")
INDIRECT = ("bx", "blx", "tbb", "tbh")


@dataclass(frozen=True)
class Instruction:
    """`name` without condition and width. `words`: registers that a load or store of several moves."""

    address: int
    size: int
    name: str
    text: str
    words: int = 0
    register_offset: bool = False
    address_registers: frozenset[int] = frozenset()
    writes: frozenset[int] = frozenset()
    writes_pc: bool = False
    literal: bool = False  # loads a constant from beside the code, in flash

    @property
    def memory(self) -> bool:
        return self.name in (*SINGLE_LOADS, *SINGLE_STORES, *MULTIPLE, *FLOAT_SINGLE)


def decode(code: bytes, address: int) -> list[Instruction]:
    """Thumb code at `address` as instructions. Raises ValueError for bytes that are none."""
    import capstone

    engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    engine.detail = True
    decoded = [_instruction(entry) for entry in engine.disasm(code, address)]
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
        arm.ARM_REG_PC in written or name in INDIRECT,
        any(mem.base == arm.ARM_REG_PC for mem in memory) and name in (*SINGLE_LOADS, "ldrd", "vldr"),
    )


def cost(instruction: Instruction, before: Instruction | None) -> int:
    """Cycles of one instruction after another; of a branch, those when it is not taken."""
    name = instruction.name
    cycles = 1
    if name in SINGLE_LOADS:
        cycles = 1 if before is not None and before.name in SINGLE_LOADS else 2
    elif name in SINGLE_STORES:
        cycles = 2 if instruction.register_offset else 1
    elif name in MULTIPLE or name in FLOAT_SINGLE:
        cycles = 1 + instruction.words
    elif name in ("udiv", "sdiv"):
        cycles = DIVIDE
    elif name in ("vdiv", "vsqrt"):
        cycles = FLOAT_DIVIDE
    elif name in MULTIPLY_ADD:
        cycles = FLOAT_MULTIPLY_ADD
    elif name == "vmov":
        cycles = max(1, instruction.words)
    elif name in ("tbb", "tbh"):
        cycles = 2
    if instruction.memory and before is not None and not before.memory:
        cycles += bool(instruction.address_registers & before.writes)
    return cycles + (FLASH_WAIT if instruction.literal else 0)


def block_cost(instructions: Sequence[Instruction]) -> int:
    """Cycles of a straight run of instructions, its last one not taken if it is a branch."""
    pairs = zip(instructions, (None, *instructions), strict=False)
    return sum(cost(instruction, before) for instruction, before in pairs)


def jump_cost(last: Instruction, target: Instruction) -> int:
    """What going from `last` to `target` adds when that is not simply the next instruction."""
    fixed = last.name in DIRECT and not last.name.startswith("bx")
    misaligned = target.size == 4 and target.address % 4 != 0
    return (1 if fixed else 2) + int(misaligned)


def milliseconds(cycles: float) -> float:
    return cycles / CLOCK_HZ * 1000


def edge_cost(
    blocks: Mapping[int, Sequence[Instruction]], costs: Mapping[int, int], source: int, target: int
) -> int:
    """Cycles of the block at `source` when the one at `target` follows. `costs`: `block_cost` of every block."""
    last = blocks[source][-1]
    if target in blocks and target != last.address + last.size:
        return costs[source] + jump_cost(last, blocks[target][0])
    return costs[source]


def run_cost(
    blocks: Mapping[int, Sequence[Instruction]], edges: Iterable[tuple[int, int, int]]
) -> dict[int, tuple[int, int]]:
    """Cycles and instructions by block for edges (from block, to block, times), each counted with where it leaves.

    A block that is cut short by a call of the debugger leaves to its very next instruction and adds no jump.
    """
    totals: dict[int, tuple[int, int]] = {}
    costs = {address: block_cost(instructions) for address, instructions in blocks.items()}
    for source, target, times in edges:
        cycles = edge_cost(blocks, costs, source, target)
        done, count = totals.get(source, (0, 0))
        totals[source] = done + cycles * times, count + len(blocks[source]) * times
    return totals
