"""Checkpoints: a network, its configuration and how it came about, in one file that is safe to load."""

import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.networks.training import Epoch, Recipe, fit
from kwslib.paths import atomic_write
from kwslib.quantization.quantizers import Quantization, Quantizer, quantized

FORMAT = 1  # of checkpoints


def save_checkpoint(
    path: Path, model: nn.Module, config: ModelConfig, extra: Mapping[str, Any] | None = None
) -> None:
    """Write weights, configuration and `extra` (plain values and tensors) as one file that is safe to load.

    A network of kwslib.quantization.quantizers keeps how it is quantized, and its ranges.

    Raises pickle.UnpicklingError, and writes nothing, when `extra` holds something that is not plain.
    """
    content = {
        "format": FORMAT,
        "config": {**asdict(config), "labels": list(config.labels)},
        "state": {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()},
        "extra": dict(extra or {}),
    }
    if quantization := getattr(model, "quantization", None):
        content["quantization"] = asdict(quantization)
    buffer = io.BytesIO()  # not straight to the file, whose name torch would store inside
    torch.save(content, buffer)
    torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)
    with atomic_write(path) as temporary:
        temporary.write_bytes(buffer.getvalue())


def load_checkpoint(path: Path) -> tuple[nn.Module, ModelConfig, dict[str, Any]]:
    """The model in evaluation mode on the CPU, its configuration and what was saved as `extra`.

    Only tensors and plain values are unpickled. Raises KwsError, which says what is wrong, for a missing file, for
    one not of ours, and for one with a number that is not finite, a shape that does not fit or labels that are none.
    """
    if not Path(path).is_file():
        raise KwsError(f"{path}: no such file; train a model with `kws train --out {path}`")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        version = content["format"]
        if version != FORMAT:
            raise KwsError(f"checkpoint of format {version}, this kwslib reads {FORMAT}; update kwslib")
        check_entries("configuration", content["config"], [field.name for field in fields(ModelConfig)])
        config = ModelConfig(**content["config"])
        model = build(config)
        if "quantization" in content:
            how = content["quantization"]
            check_entries("quantization", how, [field.name for field in fields(Quantization)])
            model = quantized(fold_batch_norm(model), Quantization(**how))
        check_state(model, content["state"])
        model.load_state_dict(content["state"])
        check_ranges(model)
        return model.eval(), config, dict(content["extra"])
    except KwsError as error:
        raise KwsError(f"{path}: {error}") from error
    except Exception as error:  # torch raises a dozen kinds for a file that is not its own
        raise KwsError(
            f"{path}: damaged or not a kwslib checkpoint; make it again with `kws train`"
        ) from error


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
    for name, quantizer in model.named_modules():
        if not isinstance(quantizer, Quantizer):
            continue
        scale, zero = quantizer.scale, quantizer.zero_point
        if not (scale.isfinite() & (scale >= torch.finfo(scale.dtype).tiny)).all():
            raise KwsError(f"the scale of {name} is out of range: quantize the network again")
        grid = quantizer.grid
        if ((zero != zero.round()) | (zero < grid.low) | (zero > grid.high)).any():
            raise KwsError(f"the zero point of {name} is not on its grid: quantize the network again")


def train(
    config: ModelConfig,
    recipe: Recipe,
    training: FeatureSet,
    validation: FeatureSet,
    seed: int,
    *,
    out: Path | None = None,
    after_epoch: Callable[[Epoch, nn.Module], None] | None = None,
) -> tuple[nn.Module, list[Epoch]]:
    """Build and train a network; with `out`, leave its checkpoint there.

    When the run is interrupted, `out` holds the best epoch so far by validation accuracy, and a resume file beside
    it lets the same call go on. Returns the network in evaluation mode and the history.
    """
    torch.manual_seed(seed)
    model = build(config)
    resume = out.with_suffix(".resume.pt") if out else None
    best = (
        load_checkpoint(out)[2].get("best", -1.0)
        if out and resume and resume.exists() and out.exists()
        else -1.0
    )

    def keep_best(epoch: Epoch, network: nn.Module) -> None:
        nonlocal best
        if out and epoch.validation_accuracy > best:
            best = epoch.validation_accuracy
            save_checkpoint(out, network, config, {"seed": seed, "finished": False, "best": best})
        if after_epoch:
            after_epoch(epoch, network)

    history = fit(model, recipe, training, validation, seed, after_epoch=keep_best, resume=resume)
    if out:
        extra = {
            "seed": seed,
            "recipe": asdict(recipe),
            "history": [asdict(e) for e in history],
            "finished": True,
        }
        save_checkpoint(out, model, config, extra)
    return model, history
