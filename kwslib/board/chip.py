"""Cost of listening on the virtual board, cached, and whether a chain can be deployed."""

import importlib.util
from dataclasses import dataclass

import numpy as np

from kwslib.board.cycles import rounded
from kwslib.board.fitting import channels_to_use, faster
from kwslib.board.streaming import StreamBoard
from kwslib.cache import cached, code, digest
from kwslib.deployment.core_network import Network
from kwslib.errors import KwsError
from kwslib.features.frontend import HOP, HOP_MS
from kwslib.labels import SAMPLE_RATE

SECONDS = 1  # of sound that the board listens to


@dataclass(frozen=True)
class Chip:
    """Cost of listening on the virtual board: bytes of the whole firmware; microseconds of one frame of the
    front end, one inference and one decision, as means over hops; milliseconds of the worst hop."""

    flash: int
    ram: int
    frontend_us: float
    network_us: float
    decision_us: float
    worst_ms: float


def chip_costs(network: Network, labels: tuple[str, ...]) -> Chip | None:
    """Costs of a network's hops, from the cache or measured on noise; None if the board's packages are not installed.

    Raises KwsError for a network that does not fit the board's memory.
    """
    if not all(map(importlib.util.find_spec, ("unicorn", "capstone", "elftools"))):
        return None
    board = StreamBoard(network, labels)

    def listen() -> dict[str, np.ndarray]:
        noise = np.random.default_rng(0).integers(-1000, 1000, SECONDS * SAMPLE_RATE).astype(np.int16)
        profile = board.profile(noise)
        us = {stage: 1000 * cost["ms_mean"] for stage, cost in profile.stages().items()}
        times = us["frontend"] / HOP, us["network"], us["decision"], float(profile.total.max())
        return {"bytes": np.array([profile.flash_bytes, profile.ram_bytes]), "times": np.array(times)}

    kept = cached("chip", digest(board.build.elf, SECONDS, code(StreamBoard.__module__)), listen)
    return Chip(*kept["bytes"].tolist(), *kept["times"].tolist())


@dataclass(frozen=True)
class Deployable:
    """Whether a chain's worst hop ends before the next begins. `worst_hop_ms`, `fits`: None if unknown."""

    worst_hop_ms: float | None
    fits: bool | None
    reason: str = ""

    def as_json(self) -> dict[str, float | bool | None]:
        """The values for a command's JSON, with the names that `kws board --stream` uses."""
        return {"hop_ms": HOP_MS, "worst_hop_ms": self.worst_hop_ms, "fits": self.fits}


def deployable(network: Network | None, labels: tuple[str, ...]) -> Deployable:
    """Whether a network for the C core can run on the board in real time, and if not, the reason in one line;
    None: unknown."""
    if network is None:
        return Deployable(None, None)
    try:
        chip = chip_costs(network, labels)
    except KwsError as error:
        return Deployable(None, False, f"NOT deployable: {error}")
    if chip is None:
        return Deployable(None, None)
    if chip.worst_ms <= HOP_MS:
        return Deployable(chip.worst_ms, True)
    return Deployable(chip.worst_ms, False, too_slow(network, chip.worst_ms, chip.network_us / 1000))


def too_slow(network: Network, worst_ms: float, network_ms: float) -> str:
    """The message for a worst hop that is too long: by how much, and what takes less time.

    network_ms: time of the network in a hop; what else there is to do takes as long with any network.
    """
    width = faster(network, 1 - (worst_ms - HOP_MS) / network_ms)
    return (
        f"NOT deployable: the worst hop takes {rounded(worst_ms):g} ms, {rounded(worst_ms - HOP_MS):g} ms more"
        f" than the {HOP_MS} ms until the next; use {channels_to_use(network, width)}, or a network without"
        " padding in time, such as tenet_valid"
    )
