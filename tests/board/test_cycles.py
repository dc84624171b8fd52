"""The cycle model on loops counted by hand from the Cortex-M4's manual."""

import pytest

from kwslib.board.cycles import block_cost, jump_cost, milliseconds, rounded, run_cost
from kwslib.board.instructions import decode

ASSEMBLED = {  # Thumb code, as arm-none-eabi-as makes it
    "movs r0, #1": "0120",
    "adds r0, #1": "0130",
    "mul r0, r1, r0": "4843",
    "udiv r0, r1, r2": "b1fbf2f0",
    "smlad r0, r1, r2, r0": "21fb0200",
    "ldr r0, [r1]": "0868",
    "ldr r2, [r1, #4]": "4a68",
    "ldr r3, [r1, #8]": "8b68",
    "str r0, [r1]": "0860",
    "str r0, [r1, r2]": "8850",
    "ldrd r2, r3, [r1]": "d1e90023",
    "ldm r1!, {r4-r7}": "f0c9",
    "push {r4-r7, lr}": "f0b5",
    "pop {r4-r7, pc}": "f0bd",
    "ldr r0, [pc, #4]": "0148",
    "adds r1, #4": "0431",
    "subs r0, #1": "0138",
    "bne .-2": "fdd1",
    "bx lr": "7047",
    "vldr s0, [r1]": "91ed000a",
    "vdiv.f32 s0, s0, s1": "80ee200a",
    "vmov r0, s0": "10ee100a",
    "ldr r2, [r0]": "0268",
    "ldr r0, [r1], #4": "51f8040b",
    "ldr.w r0, [r1]": "d1f80000",
    "ldr.w r2, [r1, #4]": "d1f80420",
    "ldr.w r3, [r1, #8]": "d1f80830",
    "ldr.w r4, [r1, #12]": "d1f80c40",
    "add.w r4, r5, r6": "05eb0604",
    "add.w r5, r6, r7": "06eb0705",
    "add.w r6, r7, r4": "07eb0406",
    "mov.w r0, #1": "4ff00100",
    "nop": "00bf",
    "it eq": "08bf",
    "moveq r0, #1": "0120",
}


def assemble(*lines: str) -> bytes:
    return b"".join(bytes.fromhex(ASSEMBLED[line]) for line in lines)


@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        (["adds r0, #1"], 1),
        (["mul r0, r1, r0"], 1),
        (["smlad r0, r1, r2, r0"], 1),
        (["udiv r0, r1, r2"], 12),
        (["ldr r0, [r1]"], 2),
        (["ldr r0, [r1]", "ldr r2, [r1, #4]", "ldr r3, [r1, #8]"], 4),  # a run of n loads: n + 1
        (["ldr r0, [r1]", "smlad r0, r1, r2, r0", "ldr r2, [r1, #4]"], 5),
        (["str r0, [r1]"], 1),
        (["str r0, [r1, r2]"], 2),
        (["ldrd r2, r3, [r1]"], 3),
        (["ldm r1!, {r4-r7}"], 5),
        (["push {r4-r7, lr}"], 6),
        (["pop {r4-r7, pc}"], 6),
        (["adds r1, #4", "ldr r0, [r1]"], 4),  # the address waits for the sum
        (["adds r0, #1", "ldr r2, [r1, #4]"], 3),
        (["ldr r0, [pc, #4]"], 4),  # a constant from flash
        (["vldr s0, [r1]"], 2),
        (["vdiv.f32 s0, s0, s1"], 14),
        (["vmov r0, s0"], 1),
    ],
)
def test_straight_code(lines, cycles):
    assert block_cost(decode(assemble(*lines), 0x100)) == cycles


WIDE_LOADS = ["ldr.w r0, [r1]", "ldr.w r2, [r1, #4]", "ldr.w r3, [r1, #8]", "ldr.w r4, [r1, #12]"]
WIDE_SUMS = ["add.w r4, r5, r6", "add.w r5, r6, r7", "add.w r6, r7, r4"]


@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        (["str r0, [r1]", "ldr r2, [r1, #4]"], 1 + 3),  # nothing is pipelined after a store
        (["str r0, [r1]", "ldrd r2, r3, [r1]"], 1 + 4),
        (["str r0, [r1]", "pop {r4-r7, pc}"], 1 + 7),
        (["str r0, [r1]", "str r0, [r1]"], 2),
        (["str r0, [r1]", "adds r0, #1", "ldr r2, [r1, #4]"], 1 + 1 + 2),
        (["ldr r0, [r1]", "ldr r2, [r0]"], 2 + 2),  # the second load waits for its address
        (["ldr r0, [r1], #4", "ldr r2, [r1, #4]"], 2 + 1),  # but not for one that is only counted up
        (["nop", "it eq", "moveq r0, #1"], 1 + 0 + 1),  # folded into the 16-bit instruction before
        (["mov.w r0, #1", "it eq", "moveq r0, #1"], 1 + 1 + 1),
        (["ldr r2, [r1, #4]", *WIDE_SUMS], 2 + 3 + 1),  # 0x100: the sums lie across words
        (["nop", "ldr r2, [r1, #4]", *WIDE_SUMS], 1 + 2 + 3),  # here they do not
        (["ldr r2, [r1, #4]", *WIDE_SUMS[:2]], 2 + 2),
        (["nop", *WIDE_SUMS], 1 + 3),
        (["nop", *WIDE_LOADS], 1 + 2 + 1 + 2 + 2),  # across words, from the third on 2 each
        (WIDE_LOADS, 2 + 1 + 1 + 1),
    ],
)
def test_what_silicon_adds(lines, cycles):
    """Rules that the manual's table alone does not give, each on code counted by hand."""
    assert block_cost(decode(assemble(*lines), 0x100)) == cycles


def test_a_run_that_the_emulator_cuts_costs_what_it_costs_whole():
    """Ten times a loop of four loads, subs, bne, whose middle lies at the end of a page: 10 (5 + 1 + 1) + 9 = 79."""
    loads = ["ldr r0, [r1]", "ldr r2, [r1, #4]", "ldr r3, [r1, #8]", "ldr r2, [r1, #4]"]
    whole = decode(assemble(*loads, "subs r0, #1", "bne .-2"), 0x3FC)
    blocks = {0x3FC: whole[:2], 0x400: whole[2:], 0x408: decode(assemble("bx lr"), 0x408)}
    totals = run_cost(blocks, [(0x3FC, 0x400, 10), (0x400, 0x3FC, 9), (0x400, 0x408, 1)])
    assert sum(cycles for cycles, _ in totals.values()) == 10 * (5 + 1 + 1) + 9


def test_times_keep_the_digits_that_the_model_s_error_leaves():
    assert [rounded(ms) for ms in (6.6400469, 0.0100625, 31.04, 0)] == [6.6, 0.01, 31, 0]


def test_loop_by_hand():
    """movs; then 10 times subs and bne, of which 9 jump back: 1 + 10 (1 + 1) + 9 = 30 cycles, 21 instructions."""
    before, loop = decode(assemble("movs r0, #1"), 0x100), decode(assemble("subs r0, #1", "bne .-2"), 0x102)
    blocks = {0x100: before, 0x102: loop, 0x106: decode(assemble("bx lr"), 0x106)}
    totals = run_cost(blocks, [(0x100, 0x102, 1), (0x102, 0x102, 9), (0x102, 0x106, 1)])
    assert [sum(column) for column in zip(*totals.values(), strict=True)] == [30, 21]


def test_jumps():
    back = decode(assemble("bx lr"), 0x100)[-1]
    short, wide = decode(assemble("adds r0, #1"), 0x202)[0], decode(assemble("udiv r0, r1, r2"), 0x202)[0]
    direct = decode(assemble("bne .-2"), 0x100)[-1]
    assert jump_cost(direct, short) == 1
    assert jump_cost(back, short) == 2
    assert jump_cost(direct, wide) == 2  # a 32-bit target across words


def test_what_is_no_instruction_is_refused():
    with pytest.raises(ValueError, match="no instruction at 0x100"):
        decode(b"\xff\xff", 0x100)


def test_clock():
    assert milliseconds(64_000) == 1
