"""The model zoo: small keyword-spotting networks and their configuration.

tinyconv  one convolution and one linear layer: the network of the original report (16,652 parameters) and of
          TensorFlow's speech-commands example
dscnn     two-dimensional depthwise-separable CNN, after Hello Edge (Zhang et al., arXiv:1711.07128)
tenet     temporal depthwise-separable network: time is the only spatial axis, the 40 mel channels are the input
          channels, after TC-ResNet (arXiv:1904.03814) and TENet (arXiv:2010.09960)
tinyconv_branches  tinyconv trained with branches that fold into its convolution, after RepCNN (arXiv:2406.02652)
tenet_branches  tenet trained with depthwise convolutions at four scales that fold into one
tinyconv_valid  tinyconv without padding in time, and a kernel of 9 frames: on a stream each row is computed once
tenet_causal    tenet whose kernels read only past frames: on a stream each column is computed once
tenet_valid     temporal network without padding: on a stream each column is computed once, and equals that of a clip
tenet_wide      the same with 96 channels: near the widest that fits in 128 KB of flash
teacher   a tenet without stride and with 104 channels: too slow for a hop, to teach others (`kws train --teacher`)

Every network maps normalised features (B, 49, 40) float32 to logits (B, number of labels). Convolutions use
TensorFlow's SAME padding (along time, some use none or only past zeros), and their outputs are flattened in NHWC order,
so that an exported graph needs no TRANSPOSE.
"""

import copy
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from kwslib.errors import KwsError
from kwslib.labels import check_labels, class_labels
from kwslib.networks.dscnn import DsCnn
from kwslib.networks.tenet import (
    CausalTemporalNet,
    MultiScaleTemporalNet,
    Teacher,
    TemporalNet,
    UnpaddedTemporalNet,
    WideTemporalNet,
)
from kwslib.networks.tinyconv import TinyConv, TinyConvBranches, TinyConvValid
from kwslib.strict_json import is_number, is_whole


@runtime_checkable
class Folding(Protocol):
    """A module whose training form differs from its deployed form."""

    def folded(self) -> nn.Module:
        """The deployed form, in evaluation mode."""
        ...


@dataclass(frozen=True)
class ModelConfig:
    """Configuration of a network, as `build` takes it. `channels` is its width: TinyConv's 1 to 8 filters, or
    that of the first layer of the others (None: the architecture's default). Raises KwsError for invalid values."""

    arch: str = "tinyconv"
    labels: tuple[str, ...] = class_labels()
    channels: int | None = None
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if self.arch not in ZOO:
            raise KwsError(f"architecture {self.arch!r} is unknown: use one of {', '.join(ZOO)}")
        object.__setattr__(self, "labels", check_labels(self.labels))
        _, width, widest = ZOO[self.arch]
        object.__setattr__(self, "channels", width if self.channels is None else self.channels)
        if not is_whole(self.channels) or not 1 <= self.channels <= widest:
            raise KwsError(f"channels={self.channels} of {self.arch}: use a whole number from 1 to {widest}")
        if not is_number(self.dropout) or not 0 <= self.dropout < 1:
            raise KwsError(f"dropout={self.dropout}: use a share of at least 0 and less than 1")


ZOO: dict[str, tuple[type[nn.Module], int, int]] = {  # name: network, its own width, the widest allowed
    "tinyconv": (TinyConv, 8, 8),
    "tinyconv_branches": (TinyConvBranches, 8, 8),
    "tinyconv_valid": (TinyConvValid, 8, 8),
    "dscnn": (DsCnn, 16, 512),
    "tenet": (TemporalNet, 32, 512),
    "tenet_branches": (MultiScaleTemporalNet, 32, 512),
    "tenet_causal": (CausalTemporalNet, 32, 512),
    "tenet_valid": (UnpaddedTemporalNet, 40, 512),
    "tenet_wide": (WideTemporalNet, 96, 512),
    "teacher": (Teacher, 104, 512),
}


def build(config: ModelConfig) -> nn.Module:
    """A freshly initialised network (B, 49, 40) -> (B, len(labels)); torch's seed determines its weights."""
    network, _, _ = ZOO[config.arch]
    return network(len(config.labels), config.channels, config.dropout)


def fold_batch_norm(model: nn.Module) -> nn.Module:
    """The deployed form, as a copy in evaluation mode: branches merged, batch norms folded into the preceding
    convolutions."""
    model = _folded(copy.deepcopy(model).eval())
    for parent in list(model.modules()):
        for name, module in list(parent.named_children()):
            setattr(parent, name, _folded(module))
    for parent in list(model.modules()):
        previous = ""
        for name, module in list(parent.named_children()):
            if isinstance(module, nn.BatchNorm2d):
                setattr(parent, previous, fuse_conv_bn_eval(getattr(parent, previous), module))
                setattr(parent, name, nn.Identity())
            previous = name
    return model


def _folded(module: nn.Module) -> nn.Module:
    """What a module says that it is once it is done learning, else itself."""
    return module.folded() if isinstance(module, Folding) else module
