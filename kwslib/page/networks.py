"""The networks of a page: what the core loads, and what each takes on the chip."""

from dataclasses import dataclass
from pathlib import Path

from kwslib.board.chip import Chip, chip_costs
from kwslib.deployment.decision import DecisionSettings
from kwslib.errors import KwsError
from kwslib.page.words import model_words
from kwslib.predictors import BoardPredictor


@dataclass(frozen=True)
class PageNetwork:
    """A network as the page has it. `words`: what the core loads; `chip`: None where there is no virtual board;
    `settings`: how it decides at first."""

    name: str
    title: str
    about: str
    labels: tuple[str, ...]
    words: bytes
    chip: Chip | None
    settings: DecisionSettings


def page_network(path: Path, title: str = "", about: str = "") -> PageNetwork:
    """FILE.tflite (int8) or a quantized FILE.pt as the board has it.

    Raises KwsError for another file, one that the C core cannot run, or one that does not fit the board.
    """
    if path.suffix not in (".tflite", ".pt"):
        raise KwsError(f"{path}: give FILE.tflite (int8) or FILE.pt")
    predictor = BoardPredictor(path)
    network, labels = predictor.board.network, predictor.labels
    settings = predictor.board.streaming
    words = model_words(network, settings)
    costs = chip_costs(network, labels)
    return PageNetwork(path.stem, title or path.stem, about, labels, words, costs, settings)
