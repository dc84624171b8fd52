"""ONNX to TensorFlow Lite, float and int8, by onnx2tf and TensorFlow's converter, in a process of their own.

A process that imports onnx2tf gets its random generators reseeded, its warnings and its GPUs hidden, its
recursion limit lifted; on an error it exits. So `convert` runs this module as a script in an empty folder:
nothing of that reaches the caller, and what the converters print is kept for the error message alone. What comes
out depends on what goes in and on the converters alone, so it stays in the cache.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from kwslib.cache import Arrays, cached, code, digest, package_version
from kwslib.errors import KwsError
from kwslib.features.frontend import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

ONNX, SAMPLES, FLOAT, INT8 = "model.onnx", "samples.npy", "float32.tflite", "int8.tflite"
NEEDED = ("onnx", "onnx2tf", "tensorflow", "tf_keras", "ai_edge_litert")


def check_installed(needed: "Sequence[str]" = NEEDED) -> None:
    """Raises KwsError when one of the converters is missing."""
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise KwsError(f"export needs {', '.join(missing)}: pip install 'kwslib[convert]'")


def convert(networks: "Sequence[onnx.ModelProto]", calibration: np.ndarray) -> list[tuple[bytes, bytes]]:
    """Networks of the zoo as .tflite files, (float32, int8) of each; the int8 one has int8 in and out.

    calibration: int8 features (N, 49, 40); their activations' ranges set the scales. Its first clip goes in a
    second time with both ends of the int8 scale in two corners, so that the input's scale is the front end's.
    Raises KwsError when a converter refuses a network.
    """
    check_installed()
    contents = [network.SerializeToString(deterministic=True) for network in networks]
    converters = [code("kwslib.deployment.conversion"), *map(package_version, NEEDED)]
    key = digest(converters, contents, calibration.shape, calibration.tobytes())
    kept = cached("converted", key, lambda: _converted(networks, calibration))
    return [(kept[f"float32_{n}"].tobytes(), kept[f"int8_{n}"].tobytes()) for n in range(len(networks))]


def _converted(networks: "Sequence[onnx.ModelProto]", calibration: np.ndarray) -> Arrays:
    """The bytes of both files of each network, by number, as uint8."""
    import onnx

    extremes = calibration[:1].copy()
    extremes[0, 0, 0], extremes[0, -1, -1] = -128, 127
    with TemporaryDirectory(prefix="kws-") as name:
        root = Path(name)
        np.save(root / SAMPLES, normalise(np.concatenate([calibration, extremes])))
        folders = [root / f"{number:03d}" for number in range(len(networks))]
        for network, folder in zip(networks, folders, strict=True):
            folder.mkdir()
            onnx.save(_from_first_convolution(network), folder / ONNX)
        run = subprocess.run(
            [sys.executable, "-m", "kwslib.deployment.conversion", *(folder.name for folder in folders)],
            cwd=root,
            env=os.environ | _environment(root),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        if run.returncode:
            errors = [line for line in run.stdout.splitlines() if "rror" in line] or ["no message"]
            raise KwsError(f"onnx2tf cannot convert this network ({errors[-1].strip()}): use one of the zoo")
        files = {"float32": FLOAT, "int8": INT8}
        return {
            f"{form}_{number}": np.fromfile(folder / name, np.uint8)
            for number, folder in enumerate(folders)
            for form, name in files.items()
        }


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(folder),  # onnx2tf leaves files there
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_USE_LEGACY_KERAS": "1",
    }


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


def _convert_folder(folder: Path, samples: np.ndarray) -> None:
    """Make float32.tflite and int8.tflite of a folder's model.onnx. samples: float32 (N, 49, 40)."""
    import onnx
    import onnx2tf
    import tensorflow as tf

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
    images = samples.reshape(-1, 1, *network.inputs[0].shape[1:])  # (N, 1, H, W, C)
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    (folder / FLOAT).write_bytes(converter.convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    # One scale for a dense layer, as TensorFlow Lite Micro had until lately and kwslib.deployment.rounding needs.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / INT8).write_bytes(converter.convert())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        _convert_folder(Path(name), np.load(SAMPLES))
