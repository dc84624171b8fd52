"""Temporal depthwise-separable networks, after TC-ResNet (arXiv:1904.03814) and TENet (arXiv:2010.09960).

Time is the only spatial axis, the 40 mel channels are the input channels:

    (B, 49, 40) -> 3 frames, stride 2 (B, 32, 25, 1) -> seven residual separable blocks of 9 -> mean -> linear

With padding on both sides, the network needs a whole clip. With zeros only before the clip, no column depends on a
later frame. Without padding, every column is the same function of its own frames, so that a stream computes each
column once, with results bit-identical to those of a clip cut from the stream:

    (B, 49, 40) -> 3 frames, stride 2 (B, 40, 24, 1) -> six separable blocks of 4 (B, 40, 6, 1) -> mean -> linear

The identity paths of its blocks are part of their convolutions (kwslib/networks/branches.py): a residual path would
have to be cropped, and would cost additions.
"""

from torch import Tensor, nn

from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.networks.branches import BranchedConv2d
from kwslib.networks.layers import (
    Dropout,
    PaddedConv2d,
    Padding,
    Separable,
    no_padding,
    past_padding,
    same_padding,
)


class TemporalNet(nn.Module):
    """A convolution over 3 frames, seven residual separable blocks over 9 frames, and the mean over time."""

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
        """Features (B, 49, 40) to logits."""
        x = x.reshape(-1, FRAMES, 1, CHANNELS).permute(
            0, 3, 1, 2
        )  # (B, 40, 49, 1): NHWC keeps the memory order
        x = self.relu(self.norm(self.conv(x)))  # (B, C, 25, 1)
        x = self.blocks(x).mean((2, 3))  # (B, C) over time
        return self.linear(self.dropout(x))


class MultiScaleTemporalNet(TemporalNet):
    """The temporal network with depthwise convolutions trained at four scales, as in TENet, and folded into a
    kernel of 9."""

    SCALES = ((9, 1), (7, 1), (5, 1), (3, 1))

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__(classes, channels, dropout)
        size = self.conv.output_size
        for block in self.blocks:
            assert isinstance(block, Separable)
            block.depthwise = BranchedConv2d(channels, channels, self.SCALES, size, groups=channels)
            block.norm1 = nn.Identity()  # each scale has its own


class CausalTemporalNet(TemporalNet):
    """The temporal network padded only before the clip: no column depends on a later frame."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__(classes, channels, dropout, in_time=past_padding)


class Teacher(TemporalNet):
    """The temporal network with stride 1: one column for every frame."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__(classes, channels, dropout, stride=1)


class PassingSeparable(nn.Module):
    """Depthwise over `columns`, then pointwise convolution, each with an identity path and ReLU; no padding
    along time."""

    def __init__(self, channels: int, columns: int, count: int) -> None:
        super().__init__()
        self.depthwise = BranchedConv2d(
            channels,
            channels,
            [(columns, 1)],
            (count, 1),
            passing=True,
            in_time=no_padding,
            groups=channels,
        )
        self.relu1 = nn.ReLU()
        self.output_size = self.depthwise.output_size
        self.pointwise = BranchedConv2d(channels, channels, [(1, 1)], self.output_size, passing=True)
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, count, 1) to (B, C, count - columns + 1, 1)."""
        return self.relu2(self.pointwise(self.relu1(self.depthwise(x))))  # (B, C, count - columns + 1, 1)


class UnpaddedTemporalNet(nn.Module):
    """A convolution over 3 frames, separable blocks over 4 columns without padding, and the mean of the
    remaining columns."""

    def __init__(self, classes: int, channels: int, dropout: float, blocks: int = 6) -> None:
        super().__init__()
        self.conv = BranchedConv2d(CHANNELS, channels, [(3, 1)], (FRAMES, 1), stride=2, in_time=no_padding)
        self.relu = nn.ReLU()
        layers: list[PassingSeparable] = []
        count, _ = self.conv.output_size
        for _ in range(blocks):
            layers.append(PassingSeparable(channels, 4, count))
            count, _ = layers[-1].output_size
        self.blocks = nn.Sequential(*layers)
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, 49, 40) to logits."""
        x = x.reshape(-1, FRAMES, 1, CHANNELS).permute(0, 3, 1, 2)  # (B, 40, 49, 1)
        x = self.relu(self.conv(x))  # (B, C, 24, 1)
        x = self.blocks(x).mean((2, 3))  # (B, C) over the last 6 columns
        return self.linear(self.dropout(x))


class WideTemporalNet(UnpaddedTemporalNet):
    """Seven blocks, 96 channels wide: near the widest that fits in 128 KB of flash."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__(classes, channels, dropout, blocks=7)
