"""The cycle model on loops counted by hand from the Cortex-M4's manual."""

import pytest

from kwslib.board.cycles import block_cost, decode, jump_cost, milliseconds, run_cost

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
