"""Cycle model of a Cortex-M4F: cycles counted from the basic blocks that a program executed.

The rules are those of the Cortex-M4 technical reference manual (Arm 100166, r0p1): section 3.3.1 table 3-1 for
integer instructions, 3.3.2 and 3.3.3 for how loads and stores pair, 7.2.3 table 7-1 for floating point; and for
the nRF52840 two wait states of its flash for data (product specification, section 4.3, NVMC).

    data processing, multiply, multiply-accumulate, saturate, pack        1
    UDIV, SDIV                                                            12, the maximum
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

Further rules, derived where the manual's rules did not reproduce published measurements on chips with this core.
`Silicon` below means the functions of book/silicon.yml; without wait states, these rules reduce their mean error from
1.3 to 0.4 %:

    load (single, LDM, POP, LDRD) right after a single store              + 1 (3.3.3: nothing is pipelined after STR)
    LDR whose address the LDR before it loads                             2 (3.3.3: such a pair is not pipelined)
    IT after a 16-bit instruction                                         0 (table 3-1: it is folded)
    three 32-bit instructions across words after two or more cycles       + 1 (silicon; 2.1: three words of fetch)
    LDR across words, the third of a chain and on                         2 each (silicon: unaligned Kyber NTT)
    line of 16 bytes that the instruction cache misses                    + 2.8 (silicon: P-256 on the nRF52840)

Straight-line code is counted as one block, however the emulator splits it. Not modelled: interference of loads from
flash with instruction fetch (about one cycle in sixteen loads on other chips), unaligned data, interrupts.
"""

from collections.abc import Iterable, Mapping, Sequence

from kwslib.board.instructions import FLOAT_SINGLE, MULTIPLE, SINGLE_LOADS, SINGLE_STORES, Instruction

CLOCK_HZ = 64_000_000
FLASH_WAIT = 2  # cycles per read of data from flash
CACHE_MISS = 2.8  # cycles per line of 16 bytes that is not in the instruction cache
# What a time by this model may be off, as a fraction: the chips of book/silicon.yml were within 1.8 % where memory does
# not wait, the nRF52840 itself within 2.6 %; the waits for data in flash, measured nowhere apart, may add the rest.
ERROR = 0.04
DIVIDE, FLOAT_DIVIDE, FLOAT_MULTIPLY_ADD = 12, 14, 3

MULTIPLY_ADD = ("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms")
DIRECT = ("b", "bl", "cbz", "cbnz")
LOADS = (*SINGLE_LOADS, "ldm", "ldmdb", "pop", "ldrd")


def cost(instruction: Instruction, before: Instruction | None) -> int:
    """Cycles of an instruction, given the one before it; for a branch, those when it is not taken."""
    name = instruction.name
    cycles = 1
    if name in SINGLE_LOADS:
        pipelined = before is not None and before.name in SINGLE_LOADS
        if pipelined and before is not None and before.loaded in instruction.address_registers:
            pipelined = False
        cycles = 1 if pipelined else 2
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
    elif name == "it" and before is not None and before.size == 2:
        cycles = 0
    if name in LOADS and before is not None and before.name in SINGLE_STORES:
        cycles += 1
    if instruction.memory and before is not None and not before.memory:
        cycles += bool(instruction.address_registers & before.writes)
    return cycles + (FLASH_WAIT if instruction.literal else 0)


def block_cost(instructions: Sequence[Instruction]) -> int:
    """Cycles of straight-line code; if its last instruction is a branch, it counts as not taken."""
    pairs = zip(instructions, (None, *instructions), strict=False)
    costs = [cost(instruction, before) for instruction, before in pairs]
    chained = 0
    for i, instruction in enumerate(instructions):
        chained = chained + 1 if instruction.across_words and instruction.name in SINGLE_LOADS else 0
        costs[i] += chained > 2
    return sum(costs) + _fetch_stalls(instructions, costs)


def _fetch_stalls(instructions: Sequence[Instruction], costs: Sequence[int]) -> int:
    """Cycles that a run waits for the third of three instructions across words, after one of several cycles.

    The fetch is three words ahead by then, which two instructions of one cycle use up; in longer ones it catches up.
    """
    across = [instruction.across_words for instruction in instructions]
    return sum(
        costs[i] > 1 and costs[i + 1] == costs[i + 2] == 1 and all(across[i + 1 : i + 4])
        for i in range(len(instructions) - 3)
    )


def jump_cost(last: Instruction, target: Instruction) -> int:
    """Additional cycles of a jump from `last` to `target`, if that is not the next instruction."""
    return (1 if last.name in DIRECT else 2) + int(target.across_words)


def milliseconds(cycles: float) -> float:
    """Time of a number of cycles at 64 MHz."""
    return cycles / CLOCK_HZ * 1000


def rounded(ms: float) -> float:
    """A time to two significant digits, the precision that the model's error permits."""
    return float(f"{ms:.2g}")


def edge_cost(
    blocks: Mapping[int, Sequence[Instruction]], costs: Mapping[int, int], source: int, target: int
) -> int:
    """Cycles of the block at `source` when the one at `target` follows. `costs`: `block_cost` of every block.

    If `target` is the next instruction (the emulator splits blocks at pages, and at branches that are not taken), this
    includes the difference in cost between the two blocks run as one and separately.
    """
    if target not in blocks:
        return costs[source]
    last = blocks[source][-1]
    if target != last.address + last.size:
        return costs[source] + jump_cost(last, blocks[target][0])
    return block_cost([*blocks[source], *blocks[target]]) - costs[target]


def run_cost(
    blocks: Mapping[int, Sequence[Instruction]], edges: Iterable[tuple[int, int, int]]
) -> dict[int, tuple[int, int]]:
    """Cycles and instructions by block for edges (from block, to block, times), each counted for the block it leaves.

    A block that a semihosting call ends early continues at its next instruction and adds no jump.
    """
    totals: dict[int, tuple[int, int]] = {}
    costs = {address: block_cost(instructions) for address, instructions in blocks.items()}
    for source, target, times in edges:
        cycles = edge_cost(blocks, costs, source, target)
        done, count = totals.get(source, (0, 0))
        totals[source] = done + cycles * times, count + len(blocks[source]) * times
    return totals
