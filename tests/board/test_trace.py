"""What is counted of an emulated firmware, and the instruction cache: C against plain Python, and laws of its own."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.board.trace import Trace, Visit, interface, library

unicorn = pytest.importorskip("unicorn", reason="the virtual board needs kwslib[board]")

SIZE, LINE, SETS = 2048, 16, 64  # of the instruction cache
STAGES = {0x200: "frontend", 0x640: "network"}
BACK = 0x900


class Cache:
    """Two lines a set, of which the one used longer ago makes room."""

    def __init__(self) -> None:
        self.sets: list[list[int]] = [[] for _ in range(SETS)]

    def fetch(self, address: int, size: int) -> int:
        missed = 0
        for line in range(address // LINE, (address + size - 1) // LINE + 1):
            lines = self.sets[line % SETS]
            missed += line not in lines
            self.sets[line % SETS] = [line, *(other for other in lines if other != line)][:2]
        return missed


def counted(blocks: list[tuple[int, int, int]]) -> list[Visit]:
    """What running through blocks (address, size, reads) gives, by Python alone."""
    rest = Visit("rest")
    visits, visit, back, before, cache = [rest], rest, -1, -1, Cache()
    for address, size, reads in blocks:
        visit.edges[before, address] += 1
        if address in STAGES:
            visit, back = Visit(STAGES[address]), BACK
            visits.append(visit)
        elif address == back:
            visit, back = rest, -1
        visit.misses[address] += cache.fetch(address, size)
        visit.reads[address] += reads
        before = address
    return visits


class Traced:
    """A trace that is fed by hand."""

    def __init__(self, entered=lambda stage: None, constants=bytes(range(64))) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self.uc.reg_write(unicorn.arm_const.UC_ARM_REG_LR, BACK | 1)
        self.trace = Trace(self.uc, 0x1000_0000, constants)
        self.profile = self.trace.start(STAGES, entered)

    def block(self, address, size=2):
        library().kws_trace_block(interface().NULL, address, size, self.trace._trace)

    def read(self, offset, size=4):
        return library().kws_trace_read(interface().NULL, offset, size, self.trace._trace)

    def fetch(self, address, size):
        return library().kws_trace_fetch(self.trace._trace, address, size)


def nonzero(visits):
    return [(v.stage, +Counter(v.edges), +Counter(v.reads), +Counter(v.misses)) for v in visits]


ADDRESSES = st.sampled_from([0x100, 0x110, 0x1F8, *STAGES, BACK, 0xA00, 0xD04, 0x1200, 0x1A00])
RUNS = st.lists(st.tuples(ADDRESSES, st.integers(1, 40), st.integers(0, 2)), max_size=60)


@given(RUNS)
def test_c_counts_what_python_counts(blocks):
    traced = Traced()
    for address, size, reads in blocks:
        traced.block(address, size)
        for _ in range(reads):
            traced.read(0)
    traced.trace.end()
    assert nonzero(traced.profile.visits) == nonzero(counted(blocks))


def test_more_blocks_than_the_table_holds_are_all_counted():
    blocks = [(2 * n, 2, 1) for n in range(0x800, 0x800 + 3 * library().KWS_TRACE_STEPS)] * 2
    traced = Traced()
    for address, size, _ in blocks:
        traced.block(address, size)
        traced.read(0)
    traced.trace.end()
    assert nonzero(traced.profile.visits) == nonzero(counted(blocks))


@pytest.mark.parametrize(
    ("offset", "size", "value"), [(0, 1, 0), (4, 4, 0x07060504), (62, 2, 0x3F3E), (63, 4, 0x3F)]
)
def test_constants_are_little_endian_and_end(offset, size, value):
    assert Traced().read(offset, size) == value


def test_an_error_where_a_stage_begins_is_raised_at_the_end():
    def entered(stage):
        raise RuntimeError(stage)

    traced = Traced(entered)
    traced.block(0x200)
    with pytest.raises(RuntimeError, match="frontend"):
        traced.trace.end()


def test_loops_that_the_cache_holds_are_fetched_once():
    cache = Traced()
    assert [cache.fetch(0x100, SIZE) for _ in range(3)] == [SIZE // 16, 0, 0]


def test_a_loop_longer_than_the_cache_never_hits():
    """Of two lines a set the older goes, so that three that share one push each other out."""
    cache = Traced()
    assert [cache.fetch(0, SIZE + SIZE // 2) for _ in range(2)] == [SIZE * 3 // 2 // 16] * 2
    halves = [0, SIZE // 2, SIZE]
    assert [cache.fetch(start, 16) for start in [*halves, SIZE // 2, SIZE, 0]] == [1, 1, 1, 0, 0, 1]


def test_code_is_fetched_by_whole_lines():
    cache = Traced()
    assert [cache.fetch(0x10E, 2), cache.fetch(0x100, 16), cache.fetch(0x10E, 4)] == [1, 0, 1]
