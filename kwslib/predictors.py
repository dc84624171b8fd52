"""A common interface to models in all forms: from int8 features of clips to logits.

    FILE.pt             PyTorch, in float32
    FILE.tflite         LiteRT with its reference kernels, which define what an int8 model computes
    board:FILE          the firmware on the virtual board, of FILE.tflite or a quantized FILE.pt

The input is the front end's int8 features, which a float model normalises first.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kwslib.deployment.decision import CERTAIN, DecisionSettings, noted_settings
from kwslib.errors import KwsError, naming
from kwslib.features.frontend import CHANNELS, FRAMES, normalise
from kwslib.labels import DEFAULT_KEYWORDS, SILENCE, UNKNOWN, class_labels
from kwslib.networks.evaluation import check_finite

BOARD = "board:"


class Predictor(Protocol):
    """A model ready to run. `labels` in output order; `settings`: the decision chosen for it, if one was."""

    labels: tuple[str, ...]
    settings: DecisionSettings | None

    def logits(self, q8: np.ndarray) -> np.ndarray:
        """int8 features (N, 49, 40) to float32 logits (N, C). Raises KwsError for another type or shape."""
        ...


@runtime_checkable
class ClipPredictor(Predictor, Protocol):
    """A predictor with an audio front end of its own: the board."""

    def clip_logits(self, clips: np.ndarray) -> np.ndarray:
        """Raw audio int16 (N, 16000) to float32 logits (N, C)."""
        ...


def load_predictor(model: str | Path, keywords: Sequence[str] | None = None) -> Predictor:
    """The predictor of FILE.pt, FILE.tflite or board:FILE.

    keywords: the words of a .tflite file that carries no labels; without them it has the default ones.
    Raises KwsError for a file that is missing, damaged, of another kind or of another shape.
    """
    name = str(model)
    if name.startswith(BOARD):
        return BoardPredictor(Path(name.removeprefix(BOARD)), keywords)
    if name.endswith(".pt"):
        return TorchPredictor(Path(name), keywords)
    if name.endswith(".tflite"):
        return LiteRtPredictor(Path(name), keywords)
    raise KwsError(f"{name}: not a model's name: give FILE.pt, FILE.tflite or board:FILE")


class TorchPredictor:
    """A checkpoint in PyTorch."""

    def __init__(self, path: Path, keywords: Sequence[str] | None = None) -> None:
        from kwslib.checkpoints import load_checkpoint

        self.path = Path(path)
        self.model, config, extra = load_checkpoint(self.path)
        self.labels = _agreed(path, config.labels, keywords)
        self.settings = _noted(path, extra.get("decision"), self.labels)

    def logits(self, q8: np.ndarray) -> np.ndarray:
        """int8 (N, 49, 40) to float32 (N, C)."""
        from kwslib.networks.training import predict

        return check_finite(self.path, predict(self.model, check_features(q8)))


class LiteRtPredictor:
    """A .tflite file in LiteRT, reference kernels; int8 or float32, one input of 49 x 40 values, one output.

    A model without kwslib's labels has the default ones, or those of the keywords given.
    """

    def __init__(self, path: Path, keywords: Sequence[str] | None = None) -> None:
        _need_litert(path)
        from kwslib.deployment.litert import open_litert
        from kwslib.deployment.tflite_flatbuffer import operators

        self.path = Path(path)
        self.interpreter = open_litert(self.path)  # validates the file
        self.input, self.output = _ends(self.path, self.interpreter)
        self.labels = file_labels(self.path, _size(self.output), keywords)
        self.settings = _file_settings(self.path, self.labels)
        self.gives_probabilities = operators(self.path.read_bytes())[-1] == "SOFTMAX"

    def integer_logits(self, q8: np.ndarray) -> np.ndarray:
        """int8 (N, 49, 40) to the model's outputs, int8 (N, C), or float32 for a float model."""
        x = check_features(q8) if self.input["dtype"] == np.int8 else normalise(check_features(q8))
        scores = np.empty((len(x), len(self.labels)), self.output["dtype"])
        for row, clip in enumerate(x):
            scores[row] = self.run(clip.reshape(self.input["shape"])).reshape(-1)
        return scores

    def run(self, x: np.ndarray) -> np.ndarray:
        """One inference, in the model's own shapes."""
        self.interpreter.set_tensor(self.input["index"], x)
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output["index"])

    def dequantized(self, scores: np.ndarray) -> np.ndarray:
        """The model's outputs as logits, float32; for a model that ends in SOFTMAX, their logarithms."""
        scale, zero_point = self.output["quantization"]  # 0, 0 of a float model
        logits = (scores.astype(np.float32) - zero_point) * np.float32(scale or 1)
        return np.log(np.maximum(logits, 1e-4)) if self.gives_probabilities else logits

    def logits(self, q8: np.ndarray) -> np.ndarray:
        """int8 (N, 49, 40) to float32 (N, C)."""
        return check_finite(self.path, self.dequantized(self.integer_logits(q8)))


class TflmPredictor(LiteRtPredictor):
    """An int8 .tflite file in TensorFlow Lite Micro's own interpreter, built for this host."""

    ARENA = 1 << 20  # bytes

    def __init__(self, path: Path, keywords: Sequence[str] | None = None) -> None:
        super().__init__(path, keywords)
        if self.input["dtype"] != np.int8:
            raise KwsError(f"{path}: a float model; TensorFlow Lite Micro runs the int8 one of `kws export`")
        from kwslib.deployment.litert import check_micro
        from kwslib.quiet import quiet_stderr

        check_micro()
        from tflite_micro import runtime

        try:
            with quiet_stderr():
                self.micro = runtime.Interpreter.from_file(str(path), arena_size=self.ARENA)
        except RuntimeError as error:
            raise KwsError(f"{path}: TensorFlow Lite Micro cannot run this model ({error})") from error

    def run(self, x: np.ndarray) -> np.ndarray:
        """One inference, in the model's own shapes."""
        self.micro.set_input(x, 0)
        self.micro.invoke()
        return self.micro.get_output(0)


def _need_litert(path: Path) -> None:
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise KwsError(f"{path}: LiteRT, which reads it, is missing: pip install 'kwslib[convert]'")


def check_features(q8: np.ndarray) -> np.ndarray:
    """Return `q8` unchanged. Raises KwsError unless it is int8 (N, 49, 40)."""
    if q8.dtype != np.int8 or q8.ndim != 3 or q8.shape[1:] != (FRAMES, CHANNELS):
        raise KwsError(f"a model takes int8 features (N, {FRAMES}, {CHANNELS}), not {q8.dtype} {q8.shape}")
    return q8


def _ends(path: Path, interpreter: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Details of the input and the output. Raises KwsError where a keyword spotter's would not look so."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    types = {end["dtype"] for end in (*inputs, *outputs)}
    if len(inputs) != 1 or len(outputs) != 1 or types not in ({np.int8}, {np.float32}):
        raise KwsError(f"{path}: not one input and one output of int8 or float32: make it with `kws export`")
    if _size(inputs[0]) != FRAMES * CHANNELS:
        shape = " x ".join(map(str, inputs[0]["shape"]))
        raise KwsError(f"{path}: takes {shape} values, not {FRAMES} x {CHANNELS}: make it with `kws export`")
    return inputs[0], outputs[0]


def _size(end: dict[str, Any]) -> int:
    return int(np.prod(end["shape"]))


def file_labels(path: Path, classes: int, keywords: Sequence[str] | None = None) -> tuple[str, ...]:
    """Labels of a (valid) .tflite file with `classes` outputs: its own, else those of the keywords.

    Raises KwsError when they are of another number, or not those of a spotter of the keywords.
    """
    from kwslib.deployment.tflite_flatbuffer import read_description

    description = read_description(path.read_bytes())
    labels = description.labels if description else class_labels(tuple(keywords or DEFAULT_KEYWORDS))
    if len(labels) != classes:
        names = ", ".join(labels)
        raise KwsError(f"{path}: {classes} outputs do not fit {names}: name its words with --keywords")
    return _agreed(path, labels, keywords)


def _file_settings(path: Path, labels: tuple[str, ...]) -> DecisionSettings | None:
    from kwslib.deployment.tflite_flatbuffer import read_description

    description = read_description(path.read_bytes())
    return _noted(path, description.decision if description else None, labels)


def _noted(path: Path, note: Any, labels: tuple[str, ...]) -> DecisionSettings | None:
    with naming(path):
        return noted_settings(note, len(labels))


def decided(probabilities: np.ndarray, settings: DecisionSettings | None) -> np.ndarray:
    """Classes (N,) of posteriors (N, C): the likeliest, or unknown where that is a word below its threshold."""
    best = probabilities.argmax(axis=1)
    if settings is None:
        return best
    sure = probabilities.max(axis=1) * CERTAIN >= settings.thresholds()[best]
    return np.where((best < 2) | sure, best, 1)


def _agreed(path: Path, labels: tuple[str, ...], keywords: Sequence[str] | None) -> tuple[str, ...]:
    """`labels`. Raises KwsError when they are not those of a spotter of the keywords."""
    if labels[:2] != (SILENCE, UNKNOWN):
        raise KwsError(f"{path}: its labels {', '.join(labels)} do not begin with {SILENCE}, {UNKNOWN}")
    if keywords and labels[2:] != tuple(keywords):
        raise KwsError(f"{path}: spots {', '.join(labels[2:])}, not {', '.join(keywords)}")
    return labels


class CorePredictor:
    """A .tflite model, int8, or a quantized checkpoint in the C core on this machine: what the board computes.

    `labels` in output order. A checkpoint's weights stay on the bits that it was trained with.
    """

    def __init__(self, path: Path, keywords: Sequence[str] | None = None) -> None:
        from kwslib.deployment.core_network import read_network

        self.path = Path(path)
        if self.path.suffix == ".pt":
            from kwslib.checkpoints import load_checkpoint
            from kwslib.deployment.core_packed import integers, packed_network

            model, config, extra = load_checkpoint(self.path)
            self.network = packed_network(integers(self.path, model))
            self.labels = _agreed(self.path, config.labels, keywords)
            self.settings = _noted(self.path, extra.get("decision"), self.labels)
            return
        if self.path.suffix != ".tflite":
            raise KwsError(f"{path}: not a model's name: give FILE.tflite or a quantized FILE.pt")
        _need_litert(self.path)
        self.network = read_network(self.path)
        values = self.network.sizes[self.network.input]
        if values != FRAMES * CHANNELS:
            raise KwsError(
                f"{path}: takes {values} values, not {FRAMES} x {CHANNELS}: make it with `kws export`"
            )
        self.labels = file_labels(self.path, self.network.sizes[self.network.output], keywords)
        self.settings = _file_settings(self.path, self.labels)

    def integer_logits(self, q8: np.ndarray) -> np.ndarray:
        """int8 features (N, 49, 40) to int8 (N, C)."""
        from kwslib.deployment.core_run import run_network

        return run_network(self.network, check_features(q8))

    def logits(self, q8: np.ndarray) -> np.ndarray:
        """int8 features (N, 49, 40) to float32 (N, C)."""
        return self.dequantized(self.integer_logits(q8))

    def dequantized(self, logits: np.ndarray) -> np.ndarray:
        """int8 logits as the float32 numbers that they represent."""
        network = self.network
        return (logits.astype(np.float32) - network.output_zero_point) * np.float32(network.output_scale)


class BoardPredictor(CorePredictor):
    """The same on the virtual board, from raw audio; from features, by the same network code on this machine."""

    def __init__(self, path: Path, keywords: Sequence[str] | None = None) -> None:
        from kwslib.board.firmware import find_compiler
        from kwslib.board.machine import Board
        from kwslib.deployment.core_sparse import compress

        super().__init__(path, keywords)
        find_compiler()  # whose lack is not the model's fault
        with naming(path):
            self.network = compress(self.network)
            self.board = Board(self.network, self.labels, streaming=self.settings)

    def clip_logits(self, clips: np.ndarray) -> np.ndarray:
        """int16 (N, 16000) raw audio to float32 (N, C), all of it computed by the firmware."""
        return self.dequantized(self.board.run(clips).logits)
