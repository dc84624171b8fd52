"""Temporal depthwise-separable nets, after TC-ResNet (arXiv:1904.03814) and TENet (arXiv:2010.09960).

Time is the only spatial axis, the 40 mel channels are the input channels:

    (B, 49, 40) -> 3 frames, stride 2 (B, 32, 25, 1) -> seven residual separable blocks of 9 -> mean -> linear
"""

from torch import Tensor, nn

from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.networks.layers import Dropout, PaddedConv2d, Padding, Separable, past_padding, same_padding


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
