"""The model zoo: small keyword-spotting networks and their configuration.

tinyconv  one convolution and one linear layer: the network of the original report (16,652 parameters) and of
          TensorFlow's speech-commands example
dscnn     two-dimensional depthwise-separable CNN, after Hello Edge (Zhang et al., arXiv:1711.07128)
tenet     temporal depthwise-separable net: time is the only spatial axis, the 40 mel channels are the input
          channels, after TC-ResNet (arXiv:1904.03814) and TENet (arXiv:2010.09960)
tinyconv_valid  tinyconv without padding in time, and a kernel of 9 frames: on a stream each row is computed once
tenet_causal    tenet whose kernels see the past alone: on a stream each column is computed once
teacher   a tenet without stride, 104 channels wide: too large for the budget, made to teach the others

Every network maps normalised features (B, 49, 40) float32 to logits (B, number of labels). Convolutions pad
as TensorFlow's SAME does (in time also not at all, or the past alone) and flatten in NHWC order, so that an exported
graph needs no TRANSPOSE.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from kwslib.errors import KwsError
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.labels import check_labels, class_labels


@dataclass(frozen=True)
class ModelConfig:
    """What `build` needs. `channels` is the network's width: TinyConv's 1 to 8 filters, or that of the first
    layer of the others (None: the architecture's own). Raises KwsError for values that make no network."""

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
        if type(self.channels) is not int or not 1 <= self.channels <= widest:
            raise KwsError(f"channels={self.channels} of {self.arch}: use a whole number from 1 to {widest}")
        if not isinstance(self.dropout, int | float) or not 0 <= self.dropout < 1:
            raise KwsError(f"dropout={self.dropout}: use a share of at least 0 and less than 1")


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros (before, after) one axis in TensorFlow's SAME padding: output = ceil(size / stride)."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def past_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros (before, after) the time axis of which the last window ends with the input: causal convolution."""
    return kernel - 1, 0


def no_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """None: TensorFlow's VALID."""
    return 0, 0


Padding = Callable[[int, int, int], tuple[int, int]]


class PaddedConv2d(nn.Conv2d):
    """A convolution with SAME padding for inputs of one fixed (height, width); height is padded `in_time`.

    The padding belongs to `_conv_forward`, so whoever replaces the weights (fake quantization) keeps it. With `nhwc`,
    outputs lie in memory in that order while training, so that flattening them in it copies nothing.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int],
        size: tuple[int, int],
        stride: int = 1,
        nhwc: bool = False,
        in_time: Padding = same_padding,
        **options: Any,
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, **options)
        self.nhwc = nhwc
        top_bottom = in_time(size[0], kernel[0], stride)
        self.zeros = (
            *same_padding(size[1], kernel[1], stride),
            *top_bottom,
        )  # F.pad wants the last axis first
        height = (size[0] + sum(top_bottom) - kernel[0]) // stride + 1
        self.output_size = (height, -(-size[1] // stride))

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if self.nhwc and self.training:
            weight = weight.to(memory_format=torch.channels_last)
        return super()._conv_forward(F.pad(input, self.zeros), weight, bias)


class Dropout(nn.Dropout):
    """Dropout that draws a byte per value where torch draws a float, and multiplies once: it costs half as much.

    The rate is rounded to a multiple of 1/256.
    """

    def forward(self, x: Tensor) -> Tensor:
        dropped = round(256 * self.p)
        if not self.training or dropped == 0:
            return x
        bits = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        keep = bits.view(torch.uint8)[: x.numel()].view(x.shape) >= dropped
        return x * (keep * (256 / (256 - dropped)))


class TinyConv(nn.Module):
    """Convolution 10 x 8 with stride 2, ReLU, dropout, linear: 336,000 multiply-accumulates at 8 channels."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.conv = PaddedConv2d(1, channels, (10, 8), (FRAMES, CHANNELS), stride=2, nhwc=True)
        self.relu = nn.ReLU()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(25 * 20 * channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(-1, 1, FRAMES, CHANNELS)  # (B, 1, 49, 40)
        x = self.dropout(self.relu(self.conv(x)))  # (B, C, 25, 20)
        x = x.permute(0, 2, 3, 1).flatten(1)  # (B, 25 * 20 * C), NHWC order
        return self.linear(x)


class TinyConvValid(nn.Module):
    """TinyConv without padding in time. A kernel of 9 frames in place of 10: 21 windows end with the last of 49."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__()
        size = (FRAMES, CHANNELS)
        self.conv = PaddedConv2d(1, channels, (9, 8), size, stride=2, nhwc=True, in_time=no_padding)
        self.relu = nn.ReLU()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(21 * 20 * channels, classes)

    forward = TinyConv.forward


class Separable(nn.Module):
    """Depthwise then pointwise convolution, each with batch norm and ReLU; `residual` adds the input back."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int],
        size: tuple[int, int],
        stride: int = 1,
        residual: bool = False,
        in_time: Padding = same_padding,
    ) -> None:
        super().__init__()
        self.depthwise = PaddedConv2d(
            inputs, inputs, kernel, size, stride, in_time=in_time, groups=inputs, bias=False
        )
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU()
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()
        self.residual = residual
        self.output_size = self.depthwise.output_size

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.norm1(self.depthwise(x)))  # (B, inputs, H, W)
        y = self.norm2(self.pointwise(y))  # (B, outputs, H, W)
        return self.relu2(x + y if self.residual else y)


class DsCnn(nn.Module):
    """Depthwise-separable CNN of widths C, 2C, 3C and 4C, two blocks each, halved in size twice."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.conv = PaddedConv2d(1, channels, (5, 5), (FRAMES, CHANNELS), stride=2, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        blocks: list[Separable] = []
        size, width = self.conv.output_size, channels
        for wider, stride in ((2, 1), (2, 1), (3, 2), (3, 1), (4, 1), (4, 1)):
            blocks.append(Separable(width, wider * channels, (3, 3), size, stride))
            size, width = blocks[-1].output_size, wider * channels
        self.blocks = nn.Sequential(*blocks)
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(-1, 1, FRAMES, CHANNELS)  # (B, 1, 49, 40)
        x = self.relu(self.norm(self.conv(x)))  # (B, C, 25, 20)
        x = self.blocks(x).mean((2, 3))  # (B, 4C) over 13 x 10 positions
        return self.linear(self.dropout(x))


class TemporalNet(nn.Module):
    """A convolution over 3 frames, seven residual separable blocks over 9 frames, and their mean in time."""

    def __init__(
        self, classes: int, channels: int, dropout: float, stride: int = 2, in_time: Padding = same_padding
    ) -> None:
        super().__init__()
        self.conv = PaddedConv2d(CHANNELS, channels, (3, 1), (FRAMES, 1), stride, in_time=in_time, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        size = self.conv.output_size
        self.blocks = nn.Sequential(
            *(Separable(channels, channels, (9, 1), size, residual=True, in_time=in_time) for _ in range(7))
        )
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(-1, FRAMES, 1, CHANNELS).permute(
            0, 3, 1, 2
        )  # (B, 40, 49, 1): NHWC keeps the memory order
        x = self.relu(self.norm(self.conv(x)))  # (B, C, 25, 1)
        x = self.blocks(x).mean((2, 3))  # (B, C) over time
        return self.linear(self.dropout(x))


class CausalTemporalNet(TemporalNet):
    """The temporal net with zeros before the clip alone: a column never waits for a later frame."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__(classes, channels, dropout, in_time=past_padding)


class Teacher(TemporalNet):
    """The temporal net at every frame."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__(classes, channels, dropout, stride=1)


ZOO: dict[str, tuple[type[nn.Module], int, int]] = {  # name: network, its own width, the widest allowed
    "tinyconv": (TinyConv, 8, 8),
    "tinyconv_valid": (TinyConvValid, 8, 8),
    "dscnn": (DsCnn, 16, 512),
    "tenet": (TemporalNet, 32, 512),
    "tenet_causal": (CausalTemporalNet, 32, 512),
    "teacher": (Teacher, 104, 512),
}


def build(config: ModelConfig) -> nn.Module:
    """A freshly initialised network (B, 49, 40) -> (B, len(labels)); torch's seed decides its weights."""
    network, _, _ = ZOO[config.arch]
    return network(len(config.labels), config.channels, config.dropout)


def fold_batch_norm(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode with every batch norm folded into the convolution before it, as deployed."""
    model = copy.deepcopy(model).eval()
    for parent in list(model.modules()):
        previous = ""
        for name, module in list(parent.named_children()):
            if isinstance(module, nn.BatchNorm2d):
                setattr(parent, previous, fuse_conv_bn_eval(getattr(parent, previous), module))
                setattr(parent, name, nn.Identity())
            previous = name
    return model
