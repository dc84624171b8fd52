"""Export of a checkpoint for a microcontroller: ONNX, TensorFlow Lite in float and int8, a C array.

    model.onnx              one clip of normalised features (1, 49, 40) float32 to logits
    model_float32.tflite    the same network, TensorFlow Lite, float32
    model.tflite            int8, one weight scale per channel; its input is the front end's int8 features, unchanged
    model_data.h, .cc       model.tflite as the C++ array of a TensorFlow Lite Micro sketch, with its labels

The files' bytes depend only on the checkpoint, the calibration clips and the versions of the converters. A quantized
checkpoint gives model.tflite, int8 with the scales from training, and kws_model.h for the C core, with weights of as
many bits as in training; this needs no clips and no converter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.deployment.carray import c_header, c_source
from kwslib.deployment.conversion import check_installed, convert
from kwslib.deployment.decision import DecisionSettings, noted_settings
from kwslib.deployment.model_data import model_header
from kwslib.deployment.tflite_flatbuffer import Description, finish, operators
from kwslib.errors import CheckFailed, KwsError, naming
from kwslib.features.frontend import CHANNELS, FRAMES, INPUT_SCALE, INPUT_ZERO_POINT, normalise
from kwslib.quantization import CALIBRATION_CLIPS
from kwslib.quiet import quiet_stderr
from kwslib.writing import atomic_files, check_folder, write_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from kwslib.checkpoints import Checkpoint
    from kwslib.data.corpus import Corpus
    from kwslib.deployment.core_network import Network

ONNX, FLOAT32, INT8 = "model.onnx", "model_float32.tflite", "model.tflite"
FILES = (ONNX, FLOAT32, INT8, "model_data.h", "model_data.cc")
TOLERANCE = 1e-4  # of the largest logit: float32 sums in another order


@dataclass(frozen=True)
class ExportResult:
    """Paths of the files, in order. `operators`: those of the int8 graph, in order."""

    checkpoint: Path
    folder: Path
    labels: tuple[str, ...]
    operators: tuple[str, ...]
    files: tuple[Path, ...]

    @property
    def onnx(self) -> Path:
        """The network in ONNX."""
        return self.folder / ONNX

    @property
    def tflite_float(self) -> Path:
        """The float32 model."""
        return self.folder / FLOAT32

    @property
    def tflite_int8(self) -> Path:
        """The int8 model."""
        return self.folder / INT8


@dataclass(frozen=True)
class Exported:
    """A network in its exported forms. `contents`: the bytes of each file by its name; `operators`: those of the int8
    graph, in order.

    `changed`: number of calibration clips, out of `clips`, for which the int8 and the float network differ in
    the class; a quantized checkpoint needs no clips.
    """

    checkpoint: Path
    labels: tuple[str, ...]
    operators: tuple[str, ...]
    contents: Mapping[str, bytes] = field(repr=False)
    clips: int = 0
    changed: int = 0

    @property
    def int8(self) -> bytes:
        """The int8 model."""
        return self.contents[INT8]

    def write(self, folder: Path) -> ExportResult:
        """Write all files to `folder`, or none."""
        files = tuple(folder / name for name in self.contents)
        with atomic_files(files) as temporaries:
            for temporary, content in zip(temporaries, self.contents.values(), strict=True):
                temporary.write_bytes(content)
        return ExportResult(self.checkpoint, folder, self.labels, self.operators, files)


def calibration_features(corpus: "Corpus", labels: "Sequence[str]") -> np.ndarray:
    """Features of a fixed sample of a corpus's training clips, int8 (N, 49, 40): 512, or all if there are fewer."""
    from kwslib.data.protocol import Protocol
    from kwslib.features.dataset import feature_split

    return feature_split(corpus, Protocol(keywords=tuple(labels[2:])), "training", first=CALIBRATION_CLIPS).x


def export(checkpoint: Path, calibration: np.ndarray, folder: Path) -> ExportResult:
    """Write all formats of a checkpoint's network to `folder`, or none. Raises KwsError and CheckFailed as
    `export_network` does, and KwsError for an invalid checkpoint."""
    from kwslib.checkpoints import read_checkpoint

    trained = read_checkpoint(checkpoint)
    check_folder(folder)
    return export_network(trained, calibration).write(folder)


def export_int8(checkpoint: Path, calibration: np.ndarray, path: Path) -> None:
    """Write only the int8 file, to `path`. Raises as `export` does."""
    from kwslib.checkpoints import read_checkpoint

    content = export_network(read_checkpoint(checkpoint), calibration).int8
    write_bytes(path, content)


def export_network(checkpoint: "Checkpoint", calibration: np.ndarray) -> Exported:
    """All formats of a network in floating point, FILES.

    calibration: int8 features (N, 49, 40) of training clips, see `calibration_features`. Raises KwsError for an
    invalid calibration set, logits that are not finite or have no scale, and an int8 network that the C core rejects,
    and CheckFailed when a converter changed the network's outputs.
    """
    from kwslib.deployment.core_network import read_network
    from kwslib.deployment.onnx_export import zoo_to_onnx

    check_installed()
    if calibration.dtype != np.int8 or calibration.shape[1:] != (FRAMES, CHANNELS) or not len(calibration):
        raise KwsError(
            f"calibration of {calibration.dtype} {calibration.shape}: give int8 (N, 49, 40) features"
        )
    path, network, labels = checkpoint.path, checkpoint.network, checkpoint.config.labels
    answers = _answers(path, network, calibration)
    onnx = zoo_to_onnx(network, checkpoint.config)
    onnx.metadata_props.add(key="labels", value=",".join(labels))
    float32, int8 = convert(onnx, calibration)
    description = _description(checkpoint)
    try:
        with naming(path):
            float32, int8 = (
                finish(content, description, INPUT_SCALE, INPUT_ZERO_POINT) for content in (float32, int8)
            )
    except ValueError as error:
        raise CheckFailed(f"{path}: the converter did not keep the front end's scale: {error}") from error
    _check_unchanged(path, network, float32, calibration[:8])
    changed = _changed(answers, read_network(path, int8), calibration)
    contents = (
        onnx.SerializeToString(deterministic=True),
        float32,
        int8,
        c_header(labels).encode(),
        c_source(int8, labels).encode(),
    )
    files = dict(zip(FILES, contents, strict=True))
    return Exported(path, labels, operators(int8), files, len(calibration), changed)


def export_quantized(checkpoint: "Checkpoint") -> Exported:
    """The formats of a quantized network: model.tflite and kws_model.h.

    Raises KwsError for one whose quantization the int8 kernels do not support.
    """
    from kwslib.deployment.core_packed import integers, lowered
    from kwslib.deployment.core_sparse import compress
    from kwslib.deployment.integer_graph import to_graph
    from kwslib.deployment.stream_plan import stream
    from kwslib.deployment.tflite_write import write

    whole, labels = integers(checkpoint), checkpoint.config.labels
    graph, description = to_graph(whole), _description(checkpoint)
    int8 = write(graph, description)
    core = compress(lowered(graph, whole.bits))
    settings = noted_settings(description.decision, len(labels)) or DecisionSettings(len(labels))
    header = model_header(core, labels, settings, stream(core))
    names = tuple(operator.name for operator in graph.operators)
    return Exported(checkpoint.path, labels, names, {INT8: int8, "kws_model.h": header.encode()})


def integer_tflite(checkpoint: "Checkpoint") -> bytes:
    """Only model.tflite of a quantized network. Raises as `export_quantized` does."""
    from kwslib.deployment.core_packed import integers
    from kwslib.deployment.integer_graph import to_graph
    from kwslib.deployment.tflite_write import write

    return write(to_graph(integers(checkpoint)), _description(checkpoint))


def _answers(checkpoint: Path, network: "nn.Module", q8: np.ndarray) -> np.ndarray:
    """The classes (N,) that a network computed in floating point names. Raises KwsError unless logits are finite."""
    from kwslib.networks.evaluation import check_finite
    from kwslib.networks.training import predict

    return check_finite(checkpoint, predict(network, q8)).argmax(1)


def _changed(answers: np.ndarray, network: "Network", q8: np.ndarray) -> int:
    """How many answers are others where the C core runs the network."""
    from kwslib.deployment.core_run import run_network

    return int((run_network(network, q8).argmax(1) != answers).sum())


def _description(checkpoint: "Checkpoint") -> Description:
    config = checkpoint.config
    return Description(config.labels, config.arch, checkpoint.digest, checkpoint.extra.get("decision"))


def _check_unchanged(checkpoint: Path, network: "nn.Module", float32: bytes, q8: np.ndarray) -> None:
    """Raises CheckFailed unless the converted network gives the logits of the trained one, up to rounding."""
    import torch
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with torch.inference_mode():
        expected = network(torch.from_numpy(normalise(q8))).numpy()  # (n, C)
    with quiet_stderr():
        interpreter = Interpreter(
            model_content=float32, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
        )
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    for clip, logits in zip(q8, expected, strict=True):
        interpreter.set_tensor(source["index"], normalise(clip).reshape(source["shape"]))
        interpreter.invoke()
        difference = np.abs(interpreter.get_tensor(sink["index"])[0] - logits).max()
        if not difference <= TOLERANCE * max(1, np.abs(logits).max()):
            raise CheckFailed(f"{checkpoint}: the converted network's logits are off by {difference:.3g}")
