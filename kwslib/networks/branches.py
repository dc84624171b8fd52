"""Convolutions trained as a sum of branches and deployed as one: RepVGG (arXiv:2101.03697), RepCNN (arXiv:2406.02652).

Each branch is a convolution with its own batch norm. After training, a batch norm is a scale and an offset for each
channel, a smaller kernel is a larger one padded with zeros, and an identity path is a convolution with a single tap
(DiracNets, arXiv:1706.00388). The sum of all branches is therefore one convolution with a bias, and has the cost of one
on the chip.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from kwslib.errors import KwsError
from kwslib.networks.layers import PaddedConv2d


class BranchedConv2d(nn.Module):
    """A convolution of `kernels[0]`, padded as `PaddedConv2d` is, as a sum of branches with batch norm.

    kernels: (height, width) of each branch; those after the first are no larger, and centred in its window.
    passing: the first branch adds the centre of its window, scaled for each channel by a learned factor that
    starts at 1. options: further arguments of `PaddedConv2d`. Raises KwsError for `passing` where the numbers
    of input and output channels differ.
    """

    unit: Tensor

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernels: Sequence[tuple[int, int]],
        size: tuple[int, int],
        stride: int = 1,
        passing: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        if passing and (inputs != outputs or stride != 1):
            raise KwsError("a convolution passes on as many channels as it has, at a stride of 1")
        self.deployed = {"kernel": kernels[0], "size": size, "stride": stride, "bias": True, **options}
        self.channels = inputs, outputs
        layer = self._layer()
        self.zeros, self.output_size = layer.zeros, layer.output_size
        self.branches = nn.ModuleList(
            nn.Conv2d(inputs, outputs, kernel, stride, groups=layer.groups, bias=False) for kernel in kernels
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for _ in kernels)
        self.passed = nn.Parameter(torch.ones(outputs)) if passing else None
        if passing:
            groups = options.get("groups", 1)
            unit = _unit(torch.empty(outputs, inputs // groups, *kernels[0]))
            self.register_buffer("unit", unit, persistent=False)

    def _layer(self) -> PaddedConv2d:
        return PaddedConv2d(*self.channels, **self.deployed)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to the sum of the branches, (B, outputs, H', W')."""
        x = F.pad(x, self.zeros) if any(self.zeros) else x
        height, width = x.shape[2:]
        total: Tensor | None = None
        for branch, norm, (top, bottom, left, right) in self._each():
            window = x[:, :, top : height - bottom, left : width - right]
            part = norm(F.conv2d(window, self._weight(branch), stride=branch.stride, groups=branch.groups))
            total = part if total is None else total + part
        assert total is not None
        return total  # (B, outputs, H, W)

    def _each(self) -> list[tuple[nn.Conv2d, nn.BatchNorm2d, tuple[int, int, int, int]]]:
        """Each branch, its batch norm, and what the first kernel has above, below, left and right of its own."""
        found = []
        for branch, norm in zip(self.branches, self.norms, strict=True):
            assert isinstance(branch, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            spare = [w - o for w, o in zip(self.deployed["kernel"], branch.kernel_size, strict=True)]
            top, left = spare[0] // 2, spare[1] // 2
            found.append((branch, norm, (top, spare[0] - top, left, spare[1] - left)))
        return found

    def _weight(self, branch: nn.Conv2d) -> Tensor:
        """Weights of a branch, with what the first passes on."""
        if self.passed is None or branch is not self.branches[0]:
            return branch.weight
        return branch.weight + self.unit * self.passed[:, None, None, None]

    @torch.no_grad()
    def folded(self) -> PaddedConv2d:
        """The single convolution that is equivalent to the branches in evaluation mode."""
        layer = self._layer().eval()
        assert layer.bias is not None
        layer.weight.zero_()
        layer.bias.zero_()
        for branch, norm, (top, bottom, left, right) in self._each():
            assert norm.running_mean is not None
            assert norm.running_var is not None
            weight, bias = fuse_conv_bn_weights(
                self._weight(branch),
                None,
                norm.running_mean,
                norm.running_var,
                norm.eps,
                norm.weight,
                norm.bias,
            )
            layer.weight += F.pad(weight, (left, right, top, bottom))
            layer.bias += bias
        return layer


def _unit(weight: Tensor) -> Tensor:
    """Weights of this shape that pass on the middle of a window, each channel to its own."""
    outputs, per_group, height, width = weight.shape
    unit = torch.zeros_like(weight, requires_grad=False)
    channel = torch.arange(outputs)
    unit[channel, channel % per_group, height // 2, width // 2] = 1
    return unit
