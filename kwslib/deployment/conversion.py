"""ONNX to TensorFlow Lite, float and int8, by onnx2tf and TensorFlow's converter, in a separate process.

Importing onnx2tf reseeds the random generators, hides warnings and GPUs and raises the recursion limit; on an error it
exits the process. A `Worker` therefore runs this module: none of that affects the caller, the converters' output is
kept only for the error message, and they are imported once, not for every network. The result depends only on the
inputs and the converters, so that it can be cached.
"""

import importlib.util
import os
import tempfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from kwslib.cache import Arrays, cached, code, digest, package_version
from kwslib.errors import KwsError
from kwslib.features.frontend import normalise
from kwslib.worker import Ended, Worker, serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

ONNX, SAMPLES, LOG = "model.onnx", "samples.npy", "log.txt"
FORMS = {"float32": "float32.tflite", "int8": "int8.tflite"}
NEEDED = ("onnx", "onnx2tf", "tensorflow", "tf_keras", "ai_edge_litert")


def check_installed(needed: "Sequence[str]" = NEEDED) -> None:
    """Raises KwsError when one of the converters is missing."""
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise KwsError(f"export needs {', '.join(missing)}: pip install 'kwslib[convert]'")


def convert(network: "onnx.ModelProto", calibration: np.ndarray) -> tuple[bytes, bytes]:
    """A network of the zoo as .tflite files, float32 and int8; the int8 one has int8 inputs and outputs.

    calibration: int8 features (N, 49, 40); the ranges of their activations determine the scales. The first clip is used
    a second time with the two ends of the int8 range in two corners, so that the input's scale is that of the
    front end. Raises KwsError when a converter rejects the network.
    """
    check_installed()
    converters = [code("kwslib.deployment.conversion"), *map(package_version, NEEDED)]
    content = network.SerializeToString(deterministic=True)
    key = digest(converters, content, calibration.shape, calibration.tobytes())
    kept = cached("converted", key, lambda: _converted(network, calibration))
    return kept["float32"].tobytes(), kept["int8"].tobytes()


def _converted(network: "onnx.ModelProto", calibration: np.ndarray) -> Arrays:
    """The bytes of both files as uint8."""
    import onnx

    extremes = calibration[:1].copy()
    extremes[0, 0, 0], extremes[0, -1, -1] = -128, 127
    with TemporaryDirectory(prefix="kws-") as name:
        folder = Path(name)
        np.save(folder / SAMPLES, normalise(np.concatenate([calibration, extremes])))
        onnx.save(_from_first_convolution(network), folder / ONNX)
        try:
            _converters().ask(name)
        except Ended:
            log = folder / LOG
            said = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else ()
            errors = [line for line in said if "rror" in line] or ["no message"]
            raise KwsError(
                f"onnx2tf cannot convert this network ({errors[-1].strip()}): use one of the zoo"
            ) from None
        return {form: np.fromfile(folder / file, np.uint8) for form, file in FORMS.items()}


@cache
def _converters() -> Worker:
    settings = {
        "PYTHONHASHSEED": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_USE_LEGACY_KERAS": "1",
    }
    return Worker(__name__, settings)


def _from_first_convolution(model: "onnx.ModelProto") -> "onnx.ModelProto":
    """A copy whose input is the image (1, C, H, W) that the first convolution reads.

    In TFLite's NHWC order that image holds the features in their own order, so the reshaping before it would
    only leave RESHAPE and TRANSPOSE behind. The shapes of sums go too: given them, onnx2tf takes a residual
    block for NCHW and turns its depthwise convolutions into grouped ones.
    """
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    first = next(i for i, node in enumerate(graph.node) if node.op_type == "Conv")
    image = next(info for info in graph.value_info if info.name == graph.node[first].input[0])
    sums = {node.output[0] for node in graph.node if node.op_type == "Add"}
    shapes = [info for info in graph.value_info if info.name not in sums]
    del graph.node[:first], graph.input[:], graph.value_info[:]
    graph.input.append(image)
    graph.value_info.extend(shapes)
    return copy


def _convert_folder(folder: Path) -> None:
    """Make float32.tflite and int8.tflite of a folder's model.onnx, by its samples.npy, float32 (N, 49, 40)."""
    import onnx
    import onnx2tf
    import tensorflow as tf

    tf.keras.backend.clear_session()  # else layers are named by how many there were before
    # From 2.0 on onnx2tf writes TensorFlow Lite by itself unless told to make a Keras model as before.
    newer = not onnx2tf.__version__.startswith("1.")
    backend = {"tflite_backend": "tf_converter"} if newer else {}
    network = onnx2tf.convert(
        onnx_graph=onnx.load(
            folder / ONNX
        ),  # given a path, it would infer again the shapes that are left out
        output_folder_path=str(folder),
        not_use_onnxsim=True,
        disable_model_save=True,
        verbosity="error",
        **backend,
    )
    images = np.load(folder / SAMPLES).reshape(-1, 1, *network.inputs[0].shape[1:])  # (N, 1, H, W, C)
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    (folder / FORMS["float32"]).write_bytes(converter.convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    # One scale for a dense layer, as TensorFlow Lite Micro had until lately and kwslib.deployment.rounding needs.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / FORMS["int8"]).write_bytes(converter.convert())


def _answer(line: str) -> str:
    """Convert in a folder, whose log takes what the converters say, and which takes what they leave behind."""
    home, folder = Path.cwd(), Path(line)
    with (folder / LOG).open("wb") as log, Path(os.devnull).open("wb") as null:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
        os.chdir(folder)
        os.environ["TMPDIR"] = tempfile.tempdir = line
        _convert_folder(folder)
        os.chdir(home)
        for stream in (1, 2):
            os.dup2(null.fileno(), stream)
    return "done"


if __name__ == "__main__":
    serve(_answer)
