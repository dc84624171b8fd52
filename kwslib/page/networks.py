"""The networks of a page: the data that the core loads, and the cost of each on the chip."""

from dataclasses import dataclass
from pathlib import Path

from kwslib.board.chip import Chip, chip_costs
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.model_file import ModelFile
from kwslib.page.words import model_words
from kwslib.predictors import BoardPredictor


@dataclass(frozen=True)
class PageNetwork:
    """A network of the page. `words`: the data that the core loads; `chip`: None without the virtual board;
    `settings`: the initial decision settings."""

    name: str
    title: str
    about: str
    labels: tuple[str, ...]
    words: bytes
    chip: Chip | None
    settings: DecisionSettings


def page_network(model: Path | ModelFile, title: str = "", about: str = "") -> PageNetwork:
    """FILE.tflite (int8) or a quantized FILE.pt in the form that runs on the board.

    Raises KwsError for a file of another kind, one that the C core cannot run, or one that does not fit the board.
    """
    predictor = BoardPredictor(model)
    name, network, labels = predictor.path.stem, predictor.network, predictor.labels
    settings = predictor.board.streaming
    words, costs = model_words(network, settings), chip_costs(network, labels)
    return PageNetwork(name, title or name, about, labels, words, costs, settings)
