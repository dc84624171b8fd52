"""Two-dimensional depthwise-separable CNN, after Hello Edge (Zhang et al., arXiv:1711.07128).

(B, 49, 40) -> 5 x 5, stride 2 (B, 16, 25, 20) -> six separable blocks 3 x 3 (B, 64, 13, 10) -> mean -> linear
"""

from torch import Tensor, nn

from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.networks.layers import Dropout, PaddedConv2d, Separable


class DsCnn(nn.Module):
    """Depthwise-separable CNN of widths C, 2C, 3C and 4C, two blocks each; height and width are halved twice."""

    def __init__(self, classes: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.conv = PaddedConv2d(1, channels, (5, 5), (FRAMES, CHANNELS), stride=2, nhwc=True, bias=False)
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
        """Features (B, 49, 40) to logits."""
        x = x.reshape(-1, 1, FRAMES, CHANNELS)  # (B, 1, 49, 40)
        x = self.relu(self.norm(self.conv(x)))  # (B, C, 25, 20)
        x = self.blocks(x).mean((2, 3))  # (B, 4C) over 13 x 10 positions
        return self.linear(self.dropout(x))
