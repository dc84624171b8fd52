"""Checkpoints: a network, its configuration and how it was trained, in one file that is safe to load."""

import hashlib
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet
from kwslib.labels import UNKNOWN
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.networks.training import Epoch, EpochHook, Recipe, fit
from kwslib.paths import absent
from kwslib.quantization.quantizers import Quantization, Quantizer, quantization_of, quantized
from kwslib.strict_json import is_format
from kwslib.writing import temporary_folder, write_bytes

if TYPE_CHECKING:
    from kwslib.networks.recipes import Setup

FORMAT = 1  # of checkpoints
Complete = Callable[[Path], Mapping[str, Any]]  # what a checkpoint of a trained network has beside it


def save_checkpoint(
    path: Path, model: nn.Module, config: ModelConfig, extra: Mapping[str, Any] | None = None
) -> None:
    """Write weights, configuration and `extra` (plain values and tensors) as one file that is safe to load.

    A network of kwslib.quantization.quantizers keeps how it is quantized, and its ranges. One without batch norms is as
    `fold_batch_norm` leaves it.

    Raises pickle.UnpicklingError, and writes nothing, when `extra` holds something that is not plain.
    """
    content = {
        "format": FORMAT,
        "config": {**asdict(config), "labels": list(config.labels)},
        "state": {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()},
        "extra": dict(extra or {}),
    }
    if quantization := quantization_of(model):
        content["quantization"] = asdict(quantization)
    buffer = io.BytesIO()  # not straight to the file, whose name torch would store inside
    torch.save(content, buffer)
    torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)
    write_bytes(path, buffer.getvalue())


def save_completed(
    path: Path, model: nn.Module, config: ModelConfig, extra: Mapping[str, Any], complete: Complete | None
) -> None:
    """The same, with what `complete` adds to `extra`, given a checkpoint of the network without it."""
    if complete:
        with temporary_folder(path.parent, "trained") as folder:
            save_checkpoint(folder / path.name, model, config, extra)
            extra = {**extra, **complete(folder / path.name)}
    save_checkpoint(path, model, config, extra)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint's file, read once: the network in evaluation mode on the CPU, its configuration, what was saved as
    `extra`, and 16 hexadecimal digits of the file's SHA-256, which exported files note."""

    path: Path
    digest: str
    network: nn.Module = field(repr=False)
    config: ModelConfig
    extra: dict[str, Any] = field(repr=False)


def load_checkpoint(path: Path) -> tuple[nn.Module, ModelConfig, dict[str, Any]]:
    """Network, configuration and `extra` of a checkpoint. Raises KwsError as `read_checkpoint` does."""
    found = read_checkpoint(path)
    return found.network, found.config, found.extra


def read_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint's file, of which only tensors and plain values are unpickled.

    Raises KwsError, which says what is wrong, for a missing file, for one not of ours, and for one with a number that
    is not finite, a shape that does not fit or labels that are none.
    """
    if not Path(path).is_file():
        raise KwsError(f"{path}: {absent(Path(path), 'file')}: train a model with `kws train --out FILE.pt`")
    try:
        stored = Path(path).read_bytes()
        content = torch.load(io.BytesIO(stored), map_location="cpu", weights_only=True)
        version = content["format"]
        if not is_format(version, FORMAT):
            raise KwsError(f"checkpoint of format {version!r}, this kwslib reads {FORMAT}; update kwslib")
        check_entries("configuration", content["config"], [field.name for field in fields(ModelConfig)])
        config = ModelConfig(**content["config"])
        model = build(config)
        if "quantization" in content or _as_deployed(content["state"]):
            model = fold_batch_norm(model)
        if "quantization" in content:
            settings = content["quantization"]
            check_entries("quantization", settings, [field.name for field in fields(Quantization)])
            model = quantized(model, Quantization(**settings))
        check_state(model, content["state"])
        model.load_state_dict(content["state"])
        check_ranges(model)
        digest = hashlib.sha256(stored).hexdigest()[:16]
        return Checkpoint(Path(path), digest, model.eval(), config, dict(content["extra"]))
    except KwsError as error:
        raise KwsError(f"{path}: {error}") from error
    except Exception as error:  # torch raises a dozen kinds for a file that is not its own
        raise KwsError(
            f"{path}: damaged or not a kwslib checkpoint; make it again with `kws train`"
        ) from error


def _as_deployed(state: Any) -> bool:
    """Whether a state is that of a network without batch norms."""
    return isinstance(state, Mapping) and not any(str(name).endswith("running_mean") for name in state)


def load_teacher(path: Path, labels: tuple[str, ...]) -> nn.Module:
    """The network of a checkpoint, as a teacher for one with these labels. Raises KwsError as `load_checkpoint`
    does, and for a network of others."""
    model, config, _ = load_checkpoint(path)
    if config.labels != labels:
        raise KwsError(f"{path}: knows {', '.join(config.labels)}: a teacher knows {', '.join(labels)}")
    return model


AGAIN = "make it again with `kws train`"


def check_entries(entry: str, found: Any, known: Collection[str]) -> None:
    """`found` is a mapping of known names alone."""
    if not isinstance(found, Mapping):
        raise KwsError(f"its {entry} is a {type(found).__name__}: {AGAIN}")
    if unknown := sorted(str(name) for name in found if name not in known):
        raise KwsError(
            f"its {entry} has {', '.join(unknown)}, which this kwslib does not know: update kwslib"
        )


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


def resume_file(out: Path) -> Path:
    """Path of the state of an interrupted run that will write `out`."""
    return out.with_suffix(".resume.pt")


def unfinished_model(out: Path) -> Path:
    """Path of the best epoch so far of an interrupted run that will write `out`."""
    return out.with_suffix(".unfinished.pt")


def train_setup(
    training_setup: "Setup",
    splits: Mapping[str, FeatureSet],
    seed: int,
    out: Path | None = None,
    **options: Any,
) -> tuple[nn.Module, list[Epoch]]:
    """Train a setup's network on its "training" and "validation" splits; `options` and errors are those of `train`."""
    config, recipe = training_setup.config, training_setup.recipe
    return train(config, recipe, splits["training"], splits["validation"], seed, out=out, **options)


def train(
    config: ModelConfig,
    recipe: Recipe,
    training: FeatureSet,
    validation: FeatureSet,
    seed: int,
    *,
    out: Path | None = None,
    after_epoch: EpochHook | None = None,
    teacher: np.ndarray | None = None,
    start: Path | None = None,
    complete: Complete | None = None,
) -> tuple[nn.Module, list[Epoch]]:
    """Build and train a network; with `out`, leave its checkpoint there when the run ends.

    start: checkpoint of the same architecture and width, neither quantized nor folded, whose weights but for the last
    layer's it starts from (see `start_from`).
    teacher: its logits on the training examples, as `fit` takes them.
    complete: given a checkpoint of the trained network, what else the one at `out` has as `extra`. A run that is
    interrupted there goes on from the last epoch.

    When it is interrupted, `unfinished_model(out)` holds the best epoch so far by validation accuracy, and
    `resume_file(out)` lets the same call go on. Returns the network in evaluation mode and the history. Raises
    KwsError when the resume file belongs to another run, and naming a class that lacks examples in a split.
    """
    _check_classes(config.labels, {"training": training, "validation": validation})
    torch.manual_seed(seed)
    model = build(config)
    if start:
        start_from(model, config, start)
    best = _best_so_far(out, config, seed) if out else -1.0

    def keep_best(epoch: Epoch, network: nn.Module) -> None:
        nonlocal best
        if out and epoch.validation_accuracy > best:
            best = epoch.validation_accuracy
            extra = {"seed": seed, "finished": False, "best": best}
            save_checkpoint(unfinished_model(out), network, config, extra)
        if after_epoch:
            after_epoch(epoch, network)

    resume, settings = resume_file(out) if out else None, asdict(config)
    history = fit(
        model,
        recipe,
        training,
        validation,
        seed,
        after_epoch=keep_best,
        resume=resume,
        run={"labels": settings.pop("labels"), "architecture": settings},
        teacher=teacher,
    )
    if out:
        extra = {
            "seed": seed,
            "recipe": asdict(recipe),
            "history": [asdict(e) for e in history],
            "finished": True,
        }
        save_completed(out, model, config, extra, complete)
        for left in (unfinished_model(out), resume_file(out)):
            left.unlink(missing_ok=True)
    return model, history


def start_from(model: nn.Module, config: ModelConfig, checkpoint: Path) -> None:
    """Give `model` the weights of a checkpoint of the same architecture and width, but for its last layer's, which are
    for other words. Raises KwsError as `load_checkpoint` does, and for a network of another kind, a quantized or a
    folded one."""
    known, theirs, _ = load_checkpoint(checkpoint)
    own, weights = model.state_dict(), known.state_dict()
    alike = (theirs.arch, theirs.channels) == (config.arch, config.channels)
    if not alike or weights.keys() != own.keys():
        deployed = ", quantized or without its batch norms" if alike else ""
        remedy = f"start from a {config.arch} of {config.channels} channels as `kws train` leaves it"
        raise KwsError(f"{checkpoint}: a {theirs.arch} of {theirs.channels} channels{deployed}: {remedy}")
    answers = {name: tensor for name, tensor in own.items() if name.startswith("linear.")}
    model.load_state_dict(weights | answers)


def _best_so_far(out: Path, config: ModelConfig, seed: int) -> float:
    """Validation accuracy of the unfinished model of the run that is gone on with; -1 where there is none."""
    if not (resume_file(out).exists() and unfinished_model(out).exists()):
        return -1.0
    try:
        _, kept, extra = load_checkpoint(unfinished_model(out))
    except KwsError:  # damaged: the next epoch's takes its place
        return -1.0
    return extra.get("best", -1.0) if (kept, extra.get("seed")) == (config, seed) else -1.0


def _check_classes(labels: Sequence[str], splits: dict[str, FeatureSet]) -> None:
    """Every class has examples in each split. A task whose keywords are all the words there are has no unknown ones."""
    there = {split: set(data.y.tolist()) for split, data in splits.items()}
    of_the_task = set().union(*there.values()) | {labels.index(label) for label in labels if label != UNKNOWN}
    for split, found in there.items():
        if lacking := [labels[number] for number in sorted(of_the_task - found)]:
            raise KwsError(
                f"no {split} examples of {', '.join(lacking)}: add recordings of more speakers, or choose other words"
            )
