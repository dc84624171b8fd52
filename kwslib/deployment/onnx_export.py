"""A network as ONNX: one clip of normalised features (1, 49, 40) in, logits (1, C) out, both float32."""

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
    """`model` in evaluation mode, batch norms folded; the same bytes for the same weights anywhere.

    The exporter's notes on each node (stack traces, with the paths of this machine) are left out.
    """
    features = torch.zeros(1, FRAMES, CHANNELS)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it warns that torchvision, which nothing here needs, is missing
    try:
        with warnings.catch_warnings():
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
