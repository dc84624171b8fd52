"""The virtual board: the firmware for the real board, compiled and executed instruction by instruction.

Its input is a clip of raw audio; its output are the network's logits and the decision and, from a profiled run,
the cost of every stage and function on a Cortex-M4F at 64 MHz by the cycle model of kwslib.board.cycles.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.board import cycles, instructions
from kwslib.board.emulator import Emulator, Image, read_image
from kwslib.board.firmware import build_firmware
from kwslib.board.fitting import remedies
from kwslib.board.trace import Execution, Visit
from kwslib.deployment.core_network import Network
from kwslib.deployment.decision import CERTAIN, DecisionSettings
from kwslib.deployment.model_data import model_header
from kwslib.deployment.stream_plan import stream
from kwslib.errors import CheckFailed, KwsError
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.labels import CLIP_SAMPLES
from kwslib.writing import atomic_files

STAGES = {"kws_spotter_listen": "frontend", "kws_spotter_infer": "network", "kws_spotter_decide": "decision"}
PATIENCE = 500_000_000  # instructions that a clip may take; TinyConv takes two million


@dataclass(frozen=True)
class BoardRun:
    """Results for N clips: logits int8 (N, C), posteriors float32 (N, C), the class reported or -1 (N,)."""

    logits: np.ndarray
    posteriors: np.ndarray
    reported: np.ndarray
    stack_bytes: int


@dataclass(frozen=True)
class FunctionCost:
    """Cost of one function in one stage. `flash_reads`: loads of constants, which wait for the flash; `cache_misses`:
    lines of code that were not in the instruction cache."""

    stage: str
    name: str
    cycles: int
    instructions: int
    flash_reads: int
    cache_misses: int


@dataclass(frozen=True)
class BoardProfile:
    """Profile of one clip: its results and the cost by function; code outside all stages (start-up, idling)
    is stage `rest`."""

    run: BoardRun
    functions: tuple[FunctionCost, ...]
    flash_bytes: int
    ram_bytes: int

    @property
    def instructions(self) -> int:
        """Number of instructions executed."""
        return sum(function.instructions for function in self.functions)

    def cycles(self, stage: str) -> int:
        """Cycles of one stage, by the cycle model."""
        return sum(function.cycles for function in self.functions if function.stage == stage)

    def stages(self) -> dict[str, dict[str, float]]:
        """Cycles of each stage, and milliseconds at 64 MHz, by the cycle model; the front end's are those of
        all 49 frames."""
        spent = {stage: self.cycles(stage) for stage in STAGES.values()}
        return {stage: {"cycles": count, "ms": cycles.milliseconds(count)} for stage, count in spent.items()}


class Board:
    """The firmware of a network, which decides on one inference per clip; `streaming`: decision settings for a sketch.

    The constructor compiles it; raises KwsError when it does not fit, or when the network does not map features to one
    score per label.
    """

    def __init__(
        self,
        network: Network,
        labels: Sequence[str],
        compiler: str | None = None,
        streaming: DecisionSettings | None = None,
    ) -> None:
        self.network = network
        self.labels = tuple(labels)
        classes = check_sizes(network, labels)
        self.settings = DecisionSettings(classes, smoothing=1, suppression=0)
        self.streaming = streaming or DecisionSettings(classes)
        with remedies(self.network):
            self.build = build_firmware(model_header(self.network, self.labels, self.settings), compiler)

    def run_clips(self, clips: np.ndarray) -> BoardRun:
        """Execute the firmware on int16 (N, 16000) clips. Raises CheckFailed when it faults or hangs."""
        emulator = Emulator(read_image(self.build.elf), {"clips.raw": _bytes(clips)})
        emulator.execute(PATIENCE * (len(clips) + 1))
        return self._results(emulator, len(clips))

    def profile(self, clip: np.ndarray) -> BoardProfile:
        """Execute the firmware on one clip int16 (16000,) and count its cycles. Raises as `run_clips` does."""
        image = read_image(self.build.elf)
        run = self.run_clips(clip[None])
        watched = Emulator(read_image(self.build.watched), {"clips.raw": _bytes(clip[None])})
        profile = watched.profile(STAGES)
        watched.execute(0)
        again = self._results(watched, 1)
        if not np.array_equal(again.logits, run.logits):
            raise CheckFailed("the firmware computes otherwise while it is being counted")
        functions = _function_costs(watched.image, profile)
        return BoardProfile(run, functions, image.flash_bytes, image.ram_bytes)

    def keep(self, folder: Path) -> None:
        """Write firmware.elf, with symbols; firmware.map, the address, size and name of every symbol; and
        kws_model.h for a sketch of firmware/arduino. All of them or none."""
        objects = read_image(self.build.elf).objects
        header = model_header(self.network, self.labels, self.streaming, stream(self.network))
        contents = {
            "firmware.elf": self.build.elf,
            "kws_model.h": header.encode(),
            "firmware.map": "".join(
                f"{address:#010x} {size:>7} {name}\n" for address, size, name in objects
            ).encode(),
        }
        with atomic_files([Path(folder) / name for name in contents]) as temporaries:
            for temporary, content in zip(temporaries, contents.values(), strict=True):
                temporary.write_bytes(content)

    def _results(self, emulator: Emulator, clips: int) -> BoardRun:
        classes = len(self.labels)
        fields = [("logits", "i1", (classes,)), ("posteriors", "<u2", (classes,)), ("reported", "<i4")]
        record = np.dtype(fields, align=True)  # `result` of firmware/virtual/main.c
        written = bytes(emulator.files.get("results.raw", b""))
        if len(written) != clips * record.itemsize:
            raise CheckFailed(f"the firmware gave {len(written)} bytes of results for {clips} clips")
        results = np.frombuffer(written, record)
        posteriors = results["posteriors"].astype(np.float32) / CERTAIN
        return BoardRun(results["logits"], posteriors, results["reported"], emulator.stack_bytes())


def check_sizes(network: Network, labels: Sequence[str]) -> int:
    """The number of classes. Raises KwsError for a network that does not map features to one score per label."""
    if network.sizes[network.output] != len(labels) or network.sizes[network.input] != FRAMES * CHANNELS:
        raise KwsError(f"the network does not map {FRAMES} x {CHANNELS} features to {len(labels)} classes")
    return len(labels)


def _bytes(clips: np.ndarray) -> bytes:
    if clips.dtype != np.int16 or clips.ndim != 2 or clips.shape[1] != CLIP_SAMPLES:
        raise KwsError(f"the board takes int16 clips (N, {CLIP_SAMPLES}), not {clips.dtype} {clips.shape}")
    return clips.astype("<i2").tobytes()


def _blocks(image: Image, profile: Execution) -> dict[int, tuple[instructions.Instruction, ...]]:
    code = image.segments[0][1]
    sizes = profile.sizes.items()
    return {start: instructions.decode(code[start : start + size], start) for start, size in sizes}


def _function_costs(image: Image, profile: Execution) -> tuple[FunctionCost, ...]:
    blocks = _blocks(image, profile)
    costs = []
    for stage, visit in profile.total().items():
        counts = [(source, target, times) for (source, target), times in visit.edges.items() if source >= 0]
        spent: Counter[str] = Counter()
        executed: Counter[str] = Counter()
        reads: Counter[str] = Counter()
        misses: Counter[str] = Counter()
        for start, (block_cycles, block_instructions) in cycles.run_cost(blocks, counts).items():
            name = image.function_at(start)
            spent[name] += block_cycles
            executed[name] += block_instructions
        for start, times in visit.reads.items():
            spent[image.function_at(start)] += times * cycles.FLASH_WAIT
            reads[image.function_at(start)] += times
        for start, times in visit.misses.items():
            misses[image.function_at(start)] += times
        costs += [
            FunctionCost(
                stage,
                name,
                spent[name] + round(cycles.CACHE_MISS * misses[name]),
                executed[name],
                reads[name],
                misses[name],
            )
            for name in spent
        ]
    return tuple(sorted(costs, key=lambda cost: -cost.cycles))


def visit_cycles(image: Image, profile: Execution) -> Callable[[Visit], int]:
    """A function that returns the cycles of one visit of a stage."""
    blocks = _blocks(image, profile)
    costs = {start: cycles.block_cost(block) for start, block in blocks.items()}
    jumps: dict[tuple[int, int], int] = {}

    def spent(visit: Visit) -> int:
        total = cycles.FLASH_WAIT * sum(visit.reads.values())
        total += round(cycles.CACHE_MISS * sum(visit.misses.values()))
        for edge, times in visit.edges.items():
            if edge not in jumps:
                jumps[edge] = cycles.edge_cost(blocks, costs, *edge) if edge[0] >= 0 else 0
            total += jumps[edge] * times
        return total

    return spent
