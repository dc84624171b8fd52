"""A common interface to models in all forms: from int8 features of clips to logits.

    FILE.pt             PyTorch, in float32
    FILE.tflite         LiteRT with its reference kernels, which define what an int8 model computes
    board:FILE          the firmware on the virtual board, of FILE.tflite or a quantized FILE.pt

The input is the front end's int8 features, which a float model normalises first.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from kwslib.deployment.decision import CERTAIN, DecisionSettings
from kwslib.deployment.model_file import ModelFile, check_name, read_model
from kwslib.errors import KwsError, naming
from kwslib.features.frontend import CHANNELS, FRAMES, normalise
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


def load_predictor(model: str | Path | ModelFile, keywords: Sequence[str] | None = None) -> Predictor:
    """The predictor of FILE.pt, FILE.tflite, board:FILE or an opened file. Raises KwsError as `read_model` does."""
    if not isinstance(model, ModelFile):
        name = str(model)
        kinds = "FILE.pt or FILE.tflite, or board:FILE for the virtual board"
        check_name(Path(name.removeprefix(BOARD)), kinds)
        if name.startswith(BOARD):
            return BoardPredictor(name.removeprefix(BOARD), keywords)
    file = read_model(model, keywords)
    return TorchPredictor(file) if file.checkpoint else LiteRtPredictor(file)


class TorchPredictor:
    """A checkpoint in PyTorch."""

    def __init__(self, model: str | Path | ModelFile) -> None:
        file = read_model(model)
        if file.checkpoint is None:
            raise KwsError(f"{file.path}: PyTorch runs FILE.pt, as `kws train` writes it")
        self.path, self.labels, self.settings = file.path, file.labels, file.settings
        self.model = file.checkpoint.network

    def logits(self, q8: np.ndarray) -> np.ndarray:
        """int8 (N, 49, 40) to float32 (N, C)."""
        from kwslib.networks.training import predict

        return check_finite(self.path, predict(self.model, check_features(q8)))


class LiteRtPredictor:
    """A .tflite file in LiteRT, reference kernels; int8 or float32."""

    def __init__(self, model: str | Path | ModelFile) -> None:
        file = read_model(model)
        if file.tflite is None:
            raise KwsError(f"{file.path}: LiteRT runs FILE.tflite, as `kws export` writes it")
        self.path, self.labels, self.settings = file.path, file.labels, file.settings
        self.interpreter = file.tflite.interpreter
        (self.input,) = self.interpreter.get_input_details()
        (self.output,) = self.interpreter.get_output_details()
        self.gives_probabilities = file.tflite.graph.operators[-1].name == "SOFTMAX"

    def integer_logits(self, q8: np.ndarray) -> np.ndarray:
        """int8 (N, 49, 40) to the model's outputs, int8 (N, C), or float32 for a float model."""
        x = check_features(q8) if self.input["dtype"] == np.int8 else normalise(check_features(q8))
        scores = np.empty((len(x), len(self.labels)), self.output["dtype"])
        for row, clip in enumerate(x):
            scores[row] = self.infer(clip.reshape(self.input["shape"])).reshape(-1)
        return scores

    def infer(self, x: np.ndarray) -> np.ndarray:
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

    def __init__(self, model: str | Path | ModelFile) -> None:
        file = read_model(model)
        super().__init__(file)
        assert file.tflite
        if self.input["dtype"] != np.int8:
            raise KwsError(
                f"{self.path}: a float model; TensorFlow Lite Micro runs the int8 one of `kws export`"
            )
        from kwslib.deployment.litert import check_micro
        from kwslib.quiet import quiet_stderr

        check_micro()
        from tflite_micro import runtime

        try:
            with quiet_stderr():
                self.micro = runtime.Interpreter.from_bytes(file.tflite.content, arena_size=self.ARENA)
        except RuntimeError as error:
            raise KwsError(f"{self.path}: TensorFlow Lite Micro cannot run this model ({error})") from error

    def infer(self, x: np.ndarray) -> np.ndarray:
        """One inference, in the model's own shapes."""
        self.micro.set_input(x, 0)
        self.micro.invoke()
        return self.micro.get_output(0)


def check_features(q8: np.ndarray) -> np.ndarray:
    """Return `q8` unchanged. Raises KwsError unless it is int8 (N, 49, 40)."""
    if q8.dtype != np.int8 or q8.ndim != 3 or q8.shape[1:] != (FRAMES, CHANNELS):
        raise KwsError(f"a model takes int8 features (N, {FRAMES}, {CHANNELS}), not {q8.dtype} {q8.shape}")
    return q8


def decided(probabilities: np.ndarray, settings: DecisionSettings | None) -> np.ndarray:
    """Classes (N,) of posteriors (N, C): the likeliest, or unknown where that is a word below its threshold."""
    best = probabilities.argmax(axis=1)
    if settings is None:
        return best
    sure = probabilities.max(axis=1) * CERTAIN >= settings.thresholds()[best]
    return np.where((best < 2) | sure, best, 1)


class CorePredictor:
    """A .tflite model, int8, or a quantized checkpoint in the C core on this machine: what the board computes.

    A checkpoint's weights stay on the bits that it was trained with.
    """

    def __init__(self, model: str | Path | ModelFile, keywords: Sequence[str] | None = None) -> None:
        file = read_model(model, keywords)
        self.path, self.labels, self.settings = file.path, file.labels, file.settings
        self.network = file.core_network()

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

    def __init__(self, model: str | Path | ModelFile, keywords: Sequence[str] | None = None) -> None:
        from kwslib.board.firmware import find_compiler
        from kwslib.board.machine import Board
        from kwslib.deployment.core_sparse import compress

        super().__init__(model, keywords)
        find_compiler()  # whose lack is not the model's fault
        with naming(self.path):
            self.network = compress(self.network)
            self.board = Board(self.network, self.labels, streaming=self.settings)

    def clip_logits(self, clips: np.ndarray) -> np.ndarray:
        """int16 (N, 16000) raw audio to float32 (N, C), all of it computed by the firmware."""
        return self.dequantized(self.board.run_clips(clips).logits)
