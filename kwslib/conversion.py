"""ONNX to TensorFlow Lite, float and int8, by onnx2tf and TensorFlow's converter, in a process of their own.

A process that imports onnx2tf gets its random generators reseeded, its warnings and its GPUs hidden, its
recursion limit lifted; on an error it exits. So `convert` runs this module as a script in an empty folder:
nothing of that reaches the caller, and what the converters print is kept for the error message alone.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from kwslib.errors import KwsError
from kwslib.frontend import normalise

if TYPE_CHECKING:
    import onnx

ONNX, SAMPLES, FLOAT, INT8 = "model.onnx", "samples.npy", "float32.tflite", "int8.tflite"
NEEDED = ("onnx", "onnx2tf", "tensorflow", "tf_keras", "ai_edge_litert")


def check_installed() -> None:
    """Raises KwsError when one of the converters is missing."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise KwsError(f"export needs {', '.join(missing)}: pip install 'kwslib[convert]'")


def convert(model: "onnx.ModelProto", calibration: np.ndarray) -> tuple[bytes, bytes]:
    """A network of the zoo as .tflite files, (float32, int8), int8 in and out in the latter.

    calibration: int8 features (N, 49, 40); their activations' ranges set the scales. Its first clip goes in a
    second time with both ends of the int8 scale in two corners, so that the input's scale is the front end's.
    Raises KwsError when a converter refuses the network.
    """
    import onnx

    check_installed()
    extremes = calibration[:1].copy()
    extremes[0, 0, 0], extremes[0, -1, -1] = -128, 127
    with TemporaryDirectory(prefix="kws-") as name:
        folder = Path(name)
        onnx.save(_from_first_convolution(model), folder / ONNX)
        np.save(folder / SAMPLES, normalise(np.concatenate([calibration, extremes])))
        run = subprocess.run(
            [sys.executable, "-m", "kwslib.conversion"],
            cwd=folder,
            env=os.environ | _environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if run.returncode or not (folder / INT8).is_file():
            errors = [line for line in run.stdout.splitlines() if "rror" in line] or ["no message"]
            raise KwsError(f"onnx2tf cannot convert this network ({errors[-1].strip()}): use one of the zoo")
        return (folder / FLOAT).read_bytes(), (folder / INT8).read_bytes()


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


def _convert_here() -> None:
    """In the current folder, make float32.tflite and int8.tflite of model.onnx and samples.npy."""
    import onnx
    import onnx2tf
    import tensorflow as tf

    network = onnx2tf.convert(
        onnx_graph=onnx.load(ONNX),  # given a path, it would infer again the shapes that were taken out
        output_folder_path=".",
        not_use_onnxsim=True,
        disable_model_save=True,
        verbosity="error",
    )
    samples = np.load(SAMPLES).reshape(-1, 1, *network.inputs[0].shape[1:])  # (N, 1, H, W, C)

    def converter() -> Any:
        return tf.lite.TFLiteConverter.from_keras_model(network)

    Path(FLOAT).write_bytes(converter().convert())
    quantizer = converter()
    quantizer.optimizations = [tf.lite.Optimize.DEFAULT]
    quantizer.representative_dataset = lambda: ([sample] for sample in samples)
    quantizer.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    quantizer.inference_input_type = quantizer.inference_output_type = tf.int8
    Path(INT8).write_bytes(quantizer.convert())


if __name__ == "__main__":
    _convert_here()
