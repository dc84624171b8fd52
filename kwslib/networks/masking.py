"""SpecAugment (Park et al., arXiv:1904.08779) on features: a run of frames and a band of channels are masked."""

import torch
from torch import Tensor


def masked(x: Tensor, frames: int, channels: int) -> Tensor:
    """x (B, T, F) with up to `frames` adjacent frames and up to `channels` adjacent channels set to 0, the
    features' mean.

    The width and position of each mask are drawn for each example from torch's generator.
    """
    hidden = (
        _stretch(len(x), x.shape[1], frames)[:, :, None] | _stretch(len(x), x.shape[2], channels)[:, None]
    )
    return x.masked_fill(hidden.to(x.device), 0)


def _stretch(count: int, size: int, widest: int) -> Tensor:
    """A stretch of 0 to `widest` of `size` places, anywhere: bool (count, size)."""
    width = torch.randint(widest + 1, (count, 1))
    first = (torch.rand(count, 1) * (size - width + 1)).long()
    place = torch.arange(size)
    return (place >= first) & (place < first + width)
