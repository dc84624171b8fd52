"""TinyConv, the network of the original report and of TensorFlow's speech-commands example.

(B, 49, 40) -> convolution 10 x 8, stride 2 (B, 8, 25, 20) -> ReLU -> linear (B, C): 16,652 parameters
"""

from torch import Tensor, nn

from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.networks.branches import BranchedConv2d
from kwslib.networks.layers import Dropout, PaddedConv2d, no_padding


class TinyConv(nn.Module):
    """Convolution 10 x 8 with stride 2, ReLU, dropout, linear.

    336,000 multiply-accumulates at 8 channels.
    """

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__()
        kernel, size = (10, 8), (FRAMES, CHANNELS)
        self.conv = PaddedConv2d(1, channels, kernel, size, stride=2, nhwc=True)
        self.relu = nn.ReLU()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(25 * 20 * channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, 49, 40) to logits."""
        x = x.reshape(-1, 1, FRAMES, CHANNELS)  # (B, 1, 49, 40)
        x = self.dropout(self.relu(self.conv(x)))  # (B, C, 25, 20)
        x = x.permute(0, 2, 3, 1).flatten(1)  # (B, 25 * 20 * C), NHWC order
        return self.linear(x)


class TinyConvValid(nn.Module):
    """TinyConv without padding along time. Its kernel is 9 frames high instead of 10, so that 21 windows
    cover 49 frames exactly."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__()
        size = (FRAMES, CHANNELS)
        self.conv = PaddedConv2d(1, channels, (9, 8), size, stride=2, nhwc=True, in_time=no_padding)
        self.relu = nn.ReLU()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(21 * 20 * channels, classes)

    forward = TinyConv.forward


class TinyConvBranches(nn.Module):
    """TinyConv whose convolution is the sum of five branches, each with batch norm."""

    KERNELS = ((10, 8), (10, 8), (10, 4), (4, 8), (6, 6))

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.conv = BranchedConv2d(1, channels, self.KERNELS, (FRAMES, CHANNELS), stride=2, nhwc=True)
        self.relu = nn.ReLU()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(25 * 20 * channels, classes)

    forward = TinyConv.forward

    def folded(self) -> TinyConv:
        """The plain TinyConv that is equivalent in evaluation mode."""
        conv = self.conv.folded()
        small = TinyConv(self.linear.out_features, conv.out_channels, self.dropout.p)
        small.conv, small.linear = conv, self.linear
        return small.eval()
