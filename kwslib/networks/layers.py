"""Layers that the networks share: convolutions with TensorFlow's padding, a fast dropout, the separable block."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros to add (before, after) one axis for TensorFlow's SAME padding: output = ceil(size / stride)."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def past_padding(_size: int, kernel: int, _stride: int) -> tuple[int, int]:
    """Zeros to add (before, after) the time axis so that the last window ends at the last input: causal convolution."""
    return kernel - 1, 0


def no_padding(_size: int, _kernel: int, _stride: int) -> tuple[int, int]:
    """No padding: TensorFlow's VALID."""
    return 0, 0


Padding = Callable[[int, int, int], tuple[int, int]]


class PaddedConv2d(nn.Conv2d):
    """A convolution with SAME padding for inputs of a fixed (height, width); `in_time` computes the padding of
    the height.

    `_conv_forward` applies the padding, so that code which replaces the weights (fake quantization) keeps it. With
    `nhwc`, outputs are stored in that order during training: flattening them in NHWC order copies nothing, and the
    depthwise convolutions that follow take little more than half the time.
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
    """Dropout that draws one byte per value instead of torch's float and multiplies once: it takes half the time.

    The rate is rounded to a multiple of 1/256.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape, unchanged unless in training."""
        dropped = round(256 * self.p)
        if not self.training or dropped == 0:
            return x
        bits = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        keep = bits.view(torch.uint8)[: x.numel()].view(x.shape) >= dropped
        return x * (keep * (256 / (256 - dropped)))


class Separable(nn.Module):
    """Depthwise then pointwise convolution, each with batch norm and ReLU; `residual` adds the input to the output."""

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
        depthwise = PaddedConv2d(
            inputs, inputs, kernel, size, stride, in_time=in_time, groups=inputs, bias=False
        )
        self.depthwise: nn.Module = depthwise
        self.norm1: nn.Module = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU()
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()
        self.residual = residual
        self.output_size = depthwise.output_size

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H', W')."""
        y = self.relu1(self.norm1(self.depthwise(x)))  # (B, inputs, H, W)
        y = self.norm2(self.pointwise(y))  # (B, outputs, H, W)
        return self.relu2(x + y if self.residual else y)
