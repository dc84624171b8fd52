"""The networks of a page: what the core loads, and what each takes on the chip."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.board.streaming import StreamBoard
from kwslib.cache import cached, code, digest
from kwslib.deployment.core_network import Network
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.streaming import HOP
from kwslib.errors import KwsError
from kwslib.labels import SAMPLE_RATE
from kwslib.page.words import model_words
from kwslib.predictors import BoardPredictor

SECONDS = 1  # of sound that the board listens to


@dataclass(frozen=True)
class Chip:
    """What listening takes on the virtual board: bytes of the whole firmware; microseconds of a frame of the front end,
    an inference, a decision, as means over hops; milliseconds of the worst hop."""

    flash: int
    ram: int
    frontend_us: float
    network_us: float
    decision_us: float
    worst_ms: float


@dataclass(frozen=True)
class PageNetwork:
    """A network as the page has it. `words`: what the core loads; `chip`: None where there is no virtual board."""

    name: str
    title: str
    about: str
    labels: tuple[str, ...]
    words: bytes
    chip: Chip | None


def page_network(path: Path, title: str = "", about: str = "") -> PageNetwork:
    """FILE.tflite (int8) or a quantized FILE.pt as the board has it.

    Raises KwsError for another file, one that the C core cannot run, or one that does not fit the board.
    """
    if path.suffix not in (".tflite", ".pt"):
        raise KwsError(f"{path}: give FILE.tflite (int8) or FILE.pt")
    predictor = BoardPredictor(path)
    network, labels = predictor.board.network, predictor.labels
    words = model_words(network, DecisionSettings(len(labels)))
    return PageNetwork(path.stem, title or path.stem, about, labels, words, chip_costs(network, labels))


def chip_costs(network: Network, labels: tuple[str, ...]) -> Chip | None:
    """Costs of a network's hops, from the cache or by listening to noise; None without the board's packages."""
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
