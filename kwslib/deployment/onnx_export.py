"""A network as ONNX: from one clip of normalised features (1, 49, 40) to logits (1, C), both float32."""

import contextlib
import io
import logging
import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from kwslib.cache import cached, code, digest, package_version
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.networks.models import ModelConfig, fold_batch_norm

if TYPE_CHECKING:
    import onnx

OPSET = 20


def zoo_to_onnx(network: nn.Module, config: ModelConfig) -> "onnx.ModelProto":
    """A network of the zoo, built from `config`, as `to_onnx` gives it; cached, since the exporter takes seconds."""
    import onnx

    weights = [(name, tensor.numpy().tobytes()) for name, tensor in network.state_dict().items()]
    key = digest(code(__name__), package_version("onnxscript"), config, weights)

    def make() -> dict[str, np.ndarray]:
        content = to_onnx(network).SerializeToString(deterministic=True)
        return {"onnx": np.frombuffer(content, np.uint8)}

    return onnx.ModelProto.FromString(cached("onnx", key, make)["onnx"].tobytes())


def to_onnx(model: nn.Module) -> "onnx.ModelProto":
    """`model` in evaluation mode, with batch norms folded; equal weights give equal bytes on every machine.

    The exporter's metadata for each node (stack traces, which contain local paths) is removed.
    """
    features = torch.zeros(1, FRAMES, CHANNELS)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it warns that torchvision, which nothing here needs, is missing
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):  # onnxscript may print
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                fold_batch_norm(model).cpu(),
                (features,),
                input_names=["features"],
                output_names=["logits"],
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    finally:
        logger.setLevel(level)
    assert program is not None
    exported = program.model_proto
    for part in (exported.graph, *exported.graph.node, *exported.graph.value_info):
        del part.metadata_props[:]
    return exported
