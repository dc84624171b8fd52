"""The quantization method: real numbers mapped to points of a small integer grid, and gradients through the rounding.

    x  ->  q = clamp(round(x / scale) + zero_point)  ->  x' = scale * (q - zero_point)

Part 5 of the original report as pure functions: the straight-through estimator, symmetric and asymmetric linear
quantization, and four ways to choose how much of a tensor's range the grid covers. All integers are held in float32
("fake quantization"); kwslib.quantization.integer computes the same in integers. Scheme and
notation: Jacob et al., arXiv:1712.05877; Krishnamoorthi, arXiv:1806.08342.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kwslib.errors import KwsError
from kwslib.strict_json import is_whole

WIDTHS = range(1, 9)  # bits
TERNARY, BINARY = "ternary", "binary"
Width = int | str  # 1 to 8 bits, "ternary" or "binary"
_TINY = torch.finfo(torch.float32).tiny
SHRINKS = torch.linspace(0.02, 1, 99)  # shares of the full range that `least_squares` tries


@dataclass(frozen=True)
class Grid:
    """The integers to which a value can be quantized: low, low + step, ..., high."""

    low: int
    high: int
    step: int = 1


def check_width(bits: Width) -> Width:
    """Return `bits` unchanged. Raises KwsError unless it is 1 to 8, "ternary" or "binary"."""
    if bits in (TERNARY, BINARY) or (is_whole(bits) and bits in WIDTHS):
        return bits
    raise KwsError(f"a width of {bits!r} bits: use a whole number from 1 to 8, {TERNARY} or {BINARY}")


def symmetric_grid(bits: Width) -> Grid:
    """-2^(k-1) .. 2^(k-1) - 1 for k bits (k = 1: -1 and 0); -1, 0, 1 for ternary; -1 and 1 for binary.

    The original's symmetric range. Every grid except the binary one contains zero.
    """
    if bits == TERNARY:
        return Grid(-1, 1)
    if bits == BINARY:
        return Grid(-1, 1, 2)
    half = 2 ** (int(check_width(bits)) - 1)
    return Grid(-half, half - 1)


def asymmetric_grid(bits: Width) -> Grid:
    """0 .. 2^k - 1 for k bits: the original's asymmetric range."""
    if not isinstance(check_width(bits), int):
        raise KwsError(f"an asymmetric grid of {bits} width: give a whole number of bits from 1 to 8")
    return Grid(0, 2 ** int(bits) - 1)


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.round()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


def round_straight_through(x: Tensor) -> Tensor:
    """x rounded to nearest, halves to even, with the gradient of the identity (Bengio et al., arXiv:1308.3432).

    Rounding is piecewise constant: with its true gradient, zero, no parameter before it would ever be trained.
    """
    return _StraightThrough.apply(x)  # type: ignore[no-untyped-call]


def quantize(x: Tensor, scale: Tensor, zero_point: Tensor, grid: Grid) -> Tensor:
    """x quantized to the grid: integers in float32, same shape. `scale` > 0 and `zero_point` broadcast to x.

    The gradient is 1 / scale where a value rounds to a point of the grid, and zero where it is clamped.
    """
    steps = x / scale
    if grid.step == 1:
        q = round_straight_through(steps)
    else:  # binary: the odd numbers alone
        q = round_straight_through((steps - grid.low) / grid.step) * grid.step + grid.low
    return (q + zero_point).clamp(grid.low, grid.high)


def dequantize(q: Tensor, scale: Tensor, zero_point: Tensor) -> Tensor:
    """The real numbers that grid points q represent."""
    return (q - zero_point) * scale


class _FakeQuantize(torch.autograd.Function):
    """dequantize(quantize(x)) and the gradient that autograd computes for it.

    It takes half the passes over memory.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        scale: Tensor,
        zero_point: Tensor,
        grid: Grid,
    ) -> Tensor:
        steps = x / scale
        q = steps.round().add_(zero_point)
        inside = (q >= grid.low) & (q <= grid.high)
        q.clamp_(grid.low, grid.high).sub_(zero_point)
        ctx.save_for_backward(steps, scale, q, inside)
        return q * scale

    @staticmethod
    def backward(
        ctx: Any,
        gradient: Tensor,
    ) -> tuple[Tensor, Tensor | None, None, None]:
        steps, scale, q, inside = ctx.saved_tensors
        of_steps = (gradient * scale).mul_(inside)
        of_scale = None
        if ctx.needs_input_grad[1]:
            of_scale = (gradient * q).sum_to_size(scale.shape)
            by_steps = (steps / scale).mul_(of_steps)
            of_scale = of_scale - by_steps.sum_to_size(scale.shape)
        return of_steps.div_(scale), of_scale, None, None


def fake_quantize(x: Tensor, scale: Tensor, zero_point: Tensor, grid: Grid) -> Tensor:
    """x quantized to the grid and dequantized; float32, same shape.

    Within the grid's range the error is at most scale * step / 2. By the chain rule the gradient with respect
    to `scale` is (q - zero_point) - x / scale there, and q - zero_point where x is clamped, as with learned
    step sizes (Esser et al., LSQ, arXiv:1902.08153).
    """
    if grid.step == 1:
        return _FakeQuantize.apply(x, scale, zero_point, grid)  # type: ignore[no-untyped-call]
    return dequantize(quantize(x, scale, zero_point, grid), scale, zero_point)


def fake_quantize_into(out: Tensor, x: Tensor, scale: Tensor, zero_point: Tensor, grid: Grid) -> None:
    """`fake_quantize` without a gradient, written over `out`, which has x's shape: no memory is allocated."""
    torch.div(x, scale, out=out)
    if grid.step == 1:
        out.round_()
    else:
        out.sub_(grid.low).div_(grid.step).round_().mul_(grid.step).add_(grid.low)
    out.add_(zero_point).clamp_(grid.low, grid.high).sub_(zero_point).mul_(scale)


Bounds = tuple[Tensor, Tensor]  # saturation bounds (low, high): () for a whole tensor, (C,) per channel


def min_max(x: Tensor, per_channel: bool = False) -> Bounds:
    """Minimum and maximum of a tensor, or of each channel along its first axis: no value saturates."""
    rows = x.reshape(x.shape[0], -1) if per_channel else x.reshape(1, -1)
    low, high = rows.amin(1), rows.amax(1)
    return (low, high) if per_channel else (low[0], high[0])


def percentile(x: Tensor, percent: float = 99.9) -> Bounds:
    """Bounds (low, high): `percent` % of a tensor's values are at most high, and as many are at least low."""
    x = x.detach().reshape(-1)
    outside = min(x.numel(), 1 + round((1 - percent / 100) * (x.numel() - 1)))
    return x.topk(outside, largest=False).values[-1], x.topk(outside).values[-1]


def least_squares(x: Tensor, grid: Grid, symmetric: bool, per_channel: bool = False) -> Bounds:
    """Minimum and maximum scaled down by the common factor that minimizes the squared error of fake quantization.

    A grid that clips a few large values resolves all the others more finely. The search over SHRINKS is exhaustive.
    """
    rows = x.detach().reshape(x.shape[0], -1) if per_channel else x.detach().reshape(1, -1)
    low, high = min_max(rows, per_channel=True)
    error = torch.full_like(low, torch.inf)
    best_low, best_high = low.clone(), high.clone()
    off = torch.empty_like(rows)
    for shrink in SHRINKS:
        scale, zero_point = scale_and_zero_point((shrink * low, shrink * high), grid, symmetric)
        fake_quantize_into(off, rows, scale[:, None], zero_point[:, None], grid)
        candidate_error = torch.square(off.sub_(rows), out=off).sum(1)
        better = candidate_error < error
        error = torch.where(better, candidate_error, error)
        best_low, best_high = (
            torch.where(better, shrink * low, best_low),
            torch.where(better, shrink * high, best_high),
        )
    return (best_low, best_high) if per_channel else (best_low[0], best_high[0])


def scale_and_zero_point(bounds: Bounds, grid: Grid, symmetric: bool) -> tuple[Tensor, Tensor]:
    """Scale and integer zero point, both of the bounds' shape, for which the grid spans the bounds.

    Symmetric: the larger magnitude maps to the grid's high end, and the zero point is 0. Asymmetric: the bounds,
    widened to include 0, map to both ends, and 0 maps to a grid point. A tensor that is all zero, or below the normal
    float32 numbers, has scale 1, so that its values become 0 and not NaN.
    """
    low, high = bounds
    if symmetric:
        scale = torch.maximum(low.abs(), high.abs()) / max(grid.high, 1)
        return torch.where(scale < _TINY, torch.ones_like(scale), scale), torch.zeros_like(scale)
    low, high = low.clamp(max=0), high.clamp(min=0)
    intervals = grid.high - grid.low
    scale = high / intervals - low / intervals
    scale = torch.where(scale < _TINY, torch.ones_like(scale), scale)
    return scale, (grid.low - low / scale).round().clamp(grid.low, grid.high)
