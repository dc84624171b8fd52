"""The virtual board on a stream: cost of every hop, compared with the whole window; energy and battery life.

The firmware works as the sketch does: 20 ms of sound at a time, an inference and a decision every second frame.
Each hop is counted separately: the mean determines battery life, the worst must end before the next hop.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kwslib.board import cycles
from kwslib.board.emulator import Emulator, read_image
from kwslib.board.firmware import Overflow, build_firmware
from kwslib.board.fitting import remedies
from kwslib.board.machine import PATIENCE, STAGES, Board, check_sizes, visit_cycles
from kwslib.board.trace import Visit
from kwslib.deployment.core_network import Network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_stream import run_at_once, whole_windows
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.model_data import model_header
from kwslib.deployment.stream_plan import stream
from kwslib.errors import CheckFailed, KwsError
from kwslib.features.frontend import HOP, HOP_MS, STEP, Frontend
from kwslib.labels import CLIP_SAMPLES

# Currents at 3 V. Processor: Nordic Semiconductor, nRF52840 Product Specification v1.7, section 5.2.1.1 (64 MHz, from
# flash with cache, DC/DC converter), and System ON with all RAM kept, waiting for the clock's interrupt, in between.
# The table names no current for the PDM interface and its clock, which are left out. Microphone: STMicroelectronics,
# MP34DT05-A data sheet (2019), normal mode.
RUN_MA, SLEEP_MA, MICROPHONE_MA, SUPPLY_V = 3.3, 0.00316, 0.65, 3.0
# Nominal capacities: Panasonic CR2032 data sheet; two alkaline AA cells in series, Energizer E91 data sheet at small
# currents; a lithium-polymer cell of the size that fits the board.
BATTERIES_MAH = {"CR2032": 225, "2 x AA": 2500, "LiPo 400 mAh": 400}


@dataclass(frozen=True)
class StreamProfile:
    """Results of T hops: logits int8 (T, C), the class reported or -1 (T,), cycles of each stage (T,)."""

    logits: np.ndarray
    reported: np.ndarray
    cycles: dict[str, np.ndarray]
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int

    def stages(self) -> dict[str, dict[str, float]]:
        """Mean and worst milliseconds of each stage of a hop, at 64 MHz by the cycle model."""
        return {
            stage: {
                "ms_mean": cycles.milliseconds(float(spent.mean())),
                "ms_max": cycles.milliseconds(float(spent.max())),
            }
            for stage, spent in self.cycles.items()
        }

    @property
    def total(self) -> np.ndarray:
        """Milliseconds of each hop, (T,)."""
        return sum(self.cycles.values(), np.zeros(len(self.logits))) / cycles.CLOCK_HZ * 1000


class StreamBoard:
    """A network's firmware for streams.

    `plan.whole` is the reason if the network computes the whole window at each hop. Raises KwsError as Board does.
    """

    def __init__(
        self,
        network: Network,
        labels: Sequence[str],
        settings: DecisionSettings | None = None,
    ) -> None:
        self.network, self.plan = network, stream(network)
        self.classes = check_sizes(network, labels)
        header = model_header(network, labels, settings or DecisionSettings(self.classes), self.plan)
        with remedies(network):
            self.build = build_firmware(header, main="stream.c")

    def run_sound(self, sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Execute the firmware on int16 (n,) sound: logits int8 (T, C) and reports (T,).

        Raises KwsError for sound shorter than a window, and CheckFailed when the firmware faults or hangs.
        """
        emulator = Emulator(read_image(self.build.elf), {"sound.raw": _bytes(sound)})
        emulator.execute(PATIENCE * (1 + len(sound) // CLIP_SAMPLES))
        return self._results(emulator, sound)

    def profile(self, sound: np.ndarray, each_hop: Callable[[], object] = lambda: None) -> StreamProfile:
        """The same with the cost of each hop; `each_hop` is called once per hop. Raises as `run_sound` does."""
        image = read_image(self.build.elf)
        logits, reported = self.run_sound(sound)
        watched = Emulator(read_image(self.build.watched), {"sound.raw": _bytes(sound)})
        profile = watched.profile(STAGES, lambda stage: each_hop() if stage == "decision" else None)
        watched.execute(0)
        again, _ = self._results(watched, sound)
        if not np.array_equal(again, logits):
            raise CheckFailed("the firmware computes otherwise while it is being counted")
        spent = {stage: np.zeros(len(logits), np.int64) for stage in STAGES.values()}
        counted = visit_cycles(watched.image, profile)
        for hop, visits in enumerate(_hops(profile.visits[1:])):
            for visit in visits:
                spent[visit.stage][hop] += counted(visit)
        return StreamProfile(
            logits, reported, spent, image.flash_bytes, image.ram_bytes, watched.stack_bytes()
        )

    def _results(self, emulator: Emulator, sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        record = np.dtype([("logits", "i1", self.classes), ("reported", "<i4")])
        written = bytes(emulator.files.get("results.raw", b""))
        hops = len(listened(sound)) // HOP
        if len(written) != hops * record.itemsize:
            raise CheckFailed(f"the firmware gave {len(written)} bytes of results for {hops} hops")
        results = np.frombuffer(written, record)
        return results["logits"], results["reported"]


def _hops(visits: Iterable[Visit]) -> Iterable[list[Visit]]:
    """Stays in stages hop by hop: a decision ends each."""
    hop: list[Visit] = []
    for visit in visits:
        hop.append(visit)
        if visit.stage == "decision":
            yield hop
            hop = []


def _bytes(sound: np.ndarray) -> bytes:
    if sound.dtype != np.int16 or sound.ndim != 1 or len(sound) < CLIP_SAMPLES:
        raise KwsError(f"a stream is int16 sound of a second or more, not {sound.dtype} {sound.shape}")
    return sound.astype("<i2").tobytes()


def listened(sound: np.ndarray) -> np.ndarray:
    """The frames that the firmware computes from sound int16 (n,), in whole steps of 20 ms: int8 (F, 40)."""
    return Frontend().process(sound[: len(sound) // STEP * STEP])


def expected(board: StreamBoard, sound: np.ndarray) -> np.ndarray:
    """The expected logits of a stream: those of each whole window, or those of an endless network on the
    whole stream."""
    frames = listened(sound)
    if board.plan.endless:
        return run_at_once(board.network, frames)
    return run_network(board.network, whole_windows(frames))


def bill(
    network: Network,
    labels: Sequence[str],
    sound: np.ndarray,
    settings: DecisionSettings | None = None,
    each_hop: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """The values that `kws board --stream` prints: a hop's stages, load, whether it fits, memory, energy and
    battery life; None for the whole window where the firmware for clips, which runs it, fits no memory.

    Raises KwsError as StreamBoard does.
    """
    board = StreamBoard(network, labels, settings)
    profile = board.profile(sound, each_hop)
    try:
        whole = Board(network, labels).profile(sound[:CLIP_SAMPLES])
    except Overflow:
        whole = None
    total = profile.total
    return {
        "hop_ms": HOP_MS,
        "hops": len(total),
        "stages": profile.stages(),
        "load_percent": 100 * total.mean() / HOP_MS,
        "worst_hop_ms": total.max(),
        "fits": bool(total.max() <= HOP_MS),
        "way": "endless" if board.plan.endless else "whole window" if board.plan.whole else "incremental",
        "whole_because": board.plan.whole,
        "equal_to_whole_window": bool(np.array_equal(profile.logits, expected(board, sound))),
        "whole_window_network_ms": whole and cycles.milliseconds(whole.cycles("network")),
        "ram_bytes": profile.ram_bytes,
        "whole_window_ram_bytes": whole and whole.ram_bytes,
        "stack_bytes": profile.stack_bytes,
        "flash_bytes": profile.flash_bytes,
        **energy(total.mean()),
    }


def energy(busy_ms: float) -> dict[str, Any]:
    """Energy of a hop in which the processor runs for `busy_ms`, and battery life in days."""
    processor_ma = RUN_MA * busy_ms / HOP_MS + SLEEP_MA * (1 - busy_ms / HOP_MS)
    mean_ma = processor_ma + MICROPHONE_MA
    return {
        "energy_uj_per_hop": mean_ma * SUPPLY_V * HOP_MS,
        "energy_uj_processor": processor_ma * SUPPLY_V * HOP_MS,
        "battery_days": {name: capacity / mean_ma / 24 for name, capacity in BATTERIES_MAH.items()},
    }
