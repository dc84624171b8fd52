"""What a checkpoint must hold before its network is built: known entries, shapes that fit, finite numbers.

Each function raises KwsError, which says what is wrong; `load_checkpoint` puts the file's name before it.
"""

from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from kwslib.errors import KwsError

AGAIN = "make it again with `kws train`"


def check_entries(what: str, found: Any, known: Collection[str]) -> None:
    """`found` is a mapping of known names alone."""
    if not isinstance(found, Mapping):
        raise KwsError(f"its {what} is a {type(found).__name__}: {AGAIN}")
    if unknown := sorted(str(name) for name in found if name not in known):
        raise KwsError(f"its {what} has {', '.join(unknown)}, which this kwslib does not know: update kwslib")


def check_state(model: nn.Module, state: Any) -> None:
    """`state` has the tensors of `model`, each of its shape and type, with finite numbers."""
    wanted = model.state_dict()
    check_entries("state", state, wanted)
    for name, own in wanted.items():
        tensor = state.get(name)
        if not isinstance(tensor, Tensor):
            raise KwsError(f"it lacks the weights {name}: {AGAIN}")
        if (tensor.shape, tensor.dtype, tensor.layout) != (own.shape, own.dtype, own.layout):
            found, needed = (f"{str(t.dtype).removeprefix('torch.')} {list(t.shape)}" for t in (tensor, own))
            raise KwsError(f"its weights {name} are {found} where the network has {needed}: {AGAIN}")
        if not tensor.isfinite().all():
            raise KwsError(f"its weights {name} are not finite: {AGAIN}, at a lower learning rate")
        if name.endswith("running_var") and (tensor < 0).any():
            raise KwsError(f"its variances {name} are negative: {AGAIN}")


def check_ranges(model: nn.Module) -> None:
    """The scales of a quantized network are positive and finite, its zero points whole and on their grids."""
    from kwslib.compression.quantizers import Quantizer

    for name, quantizer in model.named_modules():
        if not isinstance(quantizer, Quantizer):
            continue
        scale, zero = quantizer.scale, quantizer.zero_point
        if not (scale.isfinite() & (scale >= torch.finfo(scale.dtype).tiny)).all():
            raise KwsError(f"the scale of {name} is out of range: quantize the network again")
        grid = quantizer.grid
        if ((zero != zero.round()) | (zero < grid.low) | (zero > grid.high)).any():
            raise KwsError(f"the zero point of {name} is not on its grid: quantize the network again")
