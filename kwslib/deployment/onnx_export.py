"""A network as ONNX: from one clip of normalised features (1, 49, 40) to logits (1, C), both float32."""

import contextlib
import io
import logging
import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn

from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.networks.models import fold_batch_norm

if TYPE_CHECKING:
    import onnx

OPSET = 20


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
