"""Counters for an emulated firmware, stage by stage: blocks of code, reads of constants, cache lines missed.

A second of sound runs through a million blocks and more, so C counts them: the emulator itself calls
firmware/host/kws_trace.c, compiled as the core is. Python is called where a stage begins and ends.
"""

import ctypes
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cffi

from kwslib.features.ccore import files_hash, once, read_headers, shared_library, source_folder

NONE = 0xFFFF_FFFF


@dataclass
class Visit:
    """One execution of a stage: how often each block followed another, reads of constants, cache lines missed."""

    stage: str
    edges: Counter[tuple[int, int]] = field(default_factory=Counter)
    reads: Counter[int] = field(default_factory=Counter)
    misses: Counter[int] = field(default_factory=Counter)


@dataclass
class Execution:
    """An execution profile: all visits of stages in order, preceded by one for all code outside the stages;
    sizes of blocks."""

    visits: list[Visit] = field(default_factory=lambda: [Visit("rest")])
    sizes: dict[int, int] = field(default_factory=dict)

    def total(self) -> dict[str, Visit]:
        """The visits of each stage, summed."""
        total: dict[str, Visit] = {}
        for visit in self.visits:
            whole = total.setdefault(visit.stage, Visit(visit.stage))
            whole.edges.update(visit.edges)
            whole.reads.update(visit.reads)
            whole.misses.update(visit.misses)
        return total


@once
def interface() -> cffi.FFI:
    """The types of kws_trace.h."""
    ffi = cffi.FFI()
    ffi.cdef(read_headers([source_folder().parent / "host" / "kws_trace.h"]))
    return ffi


@once
def library() -> Any:
    """The loaded C code, compiled when needed. Raises KwsError when the compiler fails."""
    folder = source_folder().parent / "host"
    return interface().dlopen(str(shared_library("trace", [folder / "kws_trace.c"], files_hash(folder))))


class Trace:
    """Counts what a Unicorn engine executes; `constants` are mapped at `address`, so that each read can be counted."""

    def __init__(self, uc: Any, address: int, constants: bytes) -> None:
        self.uc, ffi = uc, interface()
        self._constants = ffi.new("uint8_t[]", constants)
        self._turn = ffi.callback("uint32_t(kws_trace *, int32_t)", self._hand_over, onerror=self._keep)
        fields = {"constants": self._constants, "constants_size": len(constants), "turn": self._turn}
        self._trace = ffi.new("kws_trace *", fields)
        self._error: BaseException | None = None
        self.profile = Execution()
        self._visit = self.profile.visits[0]
        library().kws_trace_start(self._trace)
        length = -(-len(constants) // 0x1000) * 0x1000
        self._ask("uc_mmio_map", address, length, *self._callback("kws_trace_read"), None, None)

    def start(self, stages: Mapping[int, str], entered: Callable[[str], object]) -> Execution:
        """Start counting, separately for each stage, by the address of its first block; `entered` is called with the
        name of every stage that starts. The profile is complete after `end`."""
        import unicorn

        self.profile = Execution()
        self._visit, self._names, self._entered = self.profile.visits[0], tuple(stages.values()), entered
        self._trace.stages[0 : len(stages)] = list(stages)
        self._trace.stage_count = len(stages)
        library().kws_trace_start(self._trace)
        hook, (function, trace) = ctypes.c_size_t(), self._callback("kws_trace_block")
        self._ask("uc_hook_add", ctypes.byref(hook), unicorn.UC_HOOK_BLOCK, function, trace, 1, 0)
        self.uc.ctl_flush_tb()
        return self.profile

    def end(self) -> None:
        """Add the last counts to the profile. Raises any exception from `entered`."""
        self._take()
        if self._error is not None:
            raise self._error

    def _ask(self, function: str, *arguments: Any) -> None:
        """Call a function of Unicorn's own with a callback in C, for which its Python has no name."""
        import unicorn
        from unicorn.unicorn_py3.unicorn import uclib

        if status := getattr(uclib, function)(self.uc._uch, *arguments):
            raise unicorn.UcError(status)

    def _callback(self, name: str) -> tuple[int, int]:
        """Addresses of a C function and of what it is called with."""
        cast = interface().cast
        return int(cast("uintptr_t", getattr(library(), name))), int(cast("uintptr_t", self._trace))

    def _hand_over(self, _: Any, turn: int) -> int:
        from unicorn.arm_const import UC_ARM_REG_LR

        self._take()
        if turn < 0:
            if turn == library().KWS_TRACE_BACK:
                self._visit = self.profile.visits[0]
            return NONE
        self._visit = Visit(self._names[turn])
        self.profile.visits.append(self._visit)
        self._entered(self._visit.stage)
        return int(self.uc.reg_read(UC_ARM_REG_LR)) & ~1

    def _keep(self, _kind: type[BaseException], error: BaseException, _: Any) -> None:
        """An error in Python below the emulator: stop it, and raise the error when it has."""
        self._error = error
        self.uc.emu_stop()

    def _take(self) -> None:
        """Add the steps that were counted to the visit."""
        visit, sizes = self._visit, self.profile.sizes
        for step in self._trace.steps[0 : self._trace.count]:
            sizes.setdefault(step.address, step.size)
            if step.times:
                visit.edges[-1 if step.before == NONE else step.before, step.address] += step.times
            if step.reads:
                visit.reads[step.address] += step.reads
            if step.misses:
                visit.misses[step.address] += step.misses
