"""Training: one short loop for every network in kwslib, whether float, quantized or pruned.

AdamW with a one-cycle cosine schedule and label smoothing; if the recipe says so, features are masked, and the
network also learns from a teacher's logits (Hinton et al., arXiv:1503.02531). On a CPU a run is a function of its seed:
every epoch reseeds the generators, so that a run that was interrupted and resumed is bit-identical to an uninterrupted
one. If there is a GPU, training runs on it, and the last bits vary. A finished run returns the network of the last
epoch, never one selected by its validation score.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet
from kwslib.features.frontend import CHANNELS, FRAMES, normalise
from kwslib.memory import keep_freed_memory
from kwslib.networks.masking import masked
from kwslib.networks.resume import ResumeFile, identity


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; `learning_rate` is the peak of the schedule.

    mask_frames, mask_channels: the largest masks of SpecAugment. taught: weight of the loss against the teacher's
    softened outputs, at `temperature`, relative to that against the labels.
    """

    epochs: int = 50
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    mask_frames: int = 0
    mask_channels: int = 0
    taught: float = 0.0
    temperature: float = 2.0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise KwsError("a recipe needs at least one epoch and one example a batch")
        if not (self.learning_rate > 0 and 0 <= self.label_smoothing < 1):
            raise KwsError("a recipe needs learning_rate > 0 and 0 <= label_smoothing < 1")
        if not (0 <= self.mask_frames < FRAMES and 0 <= self.mask_channels < CHANNELS):
            raise KwsError(f"a recipe masks fewer than {FRAMES} frames and fewer than {CHANNELS} channels")
        if not (0 <= self.taught <= 1 and self.temperature > 0):
            raise KwsError("a recipe needs 0 <= taught <= 1 and temperature > 0")


@dataclass(frozen=True)
class Epoch:
    """Results of one epoch: mean losses (nats) and accuracies (0..1)."""

    epoch: int
    training_loss: float
    training_accuracy: float
    validation_loss: float
    validation_accuracy: float


Hook = Callable[[nn.Module, int, int], None]  # (model, step, steps in all), after each optimizer step
EpochHook = Callable[[Epoch, nn.Module], None]  # after each epoch


def accelerator() -> torch.device:
    """The device that networks are trained on: the first GPU, or the CPU if there is none."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def to_input(x: np.ndarray) -> torch.Tensor:
    """Features (N, 49, 40), int8 from the front end or float32 of another representation, as network input."""
    return to_tensor(normalise(x) if x.dtype == np.int8 else x)


def to_tensor(x: np.ndarray) -> torch.Tensor:
    """An array as a tensor: itself, or a copy if it cannot be written, as with one that another process shares."""
    return torch.from_numpy(np.require(x, requirements=("C", "W")))


@torch.no_grad()
def predict(model: nn.Module, x: np.ndarray, batch_size: int = 512) -> np.ndarray:
    """Logits float32 (N, C) of `model` in evaluation mode for features (N, 49, 40)."""
    training, device = model.training, next(model.parameters()).device
    model.eval()
    batches = (to_input(x[i : i + batch_size]).to(device) for i in range(0, len(x), batch_size))
    parts = [model(batch).cpu().numpy() for batch in batches]
    model.train(training)
    return np.concatenate(parts)


def score(model: nn.Module, data: FeatureSet) -> tuple[float, float]:
    """Mean cross entropy (nats) and accuracy of `model` on `data`."""
    logits, y = torch.from_numpy(predict(model, data.x)), to_tensor(data.y)
    return F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def fit(
    model: nn.Module,
    recipe: Recipe,
    training: FeatureSet,
    validation: FeatureSet,
    seed: int,
    *,
    after_step: Hook | None = None,
    after_epoch: EpochHook | None = None,
    resume: Path | None = None,
    run: Mapping[str, Any] = MappingProxyType({}),
    teacher: np.ndarray | None = None,
) -> list[Epoch]:
    """Train `model` in place and return its history.

    teacher: a teacher's logits (copies * n, C) on the training examples, if the recipe has a weight for them.

    `resume` is a file to which the state is saved after every epoch; if it exists and belongs to the same run (recipe,
    seed, untrained network, examples, and the plain values in `run`), training continues from it. The caller removes
    it at the end. Raises KwsError when it belongs to another run, for a split without examples, and when only one of
    recipe and `teacher` provides for a teacher.
    """
    _check(recipe, training, validation, teacher)
    keep_freed_memory()
    # the order of sums, and so the bits, must not depend on the machine's cores, nor those of what is computed
    # with the network afterwards in this process: the number of threads stays
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    known = {**run, "recipe": asdict(recipe), "seed": seed, "teacher": _digest(teacher)}
    state = ResumeFile(resume, identity(model, training, validation, known)) if resume else None
    device = accelerator()
    model.to(device)
    optimizer = _optimizer(model, recipe)
    per_epoch = math.ceil(training.n / recipe.batch_size)
    total = recipe.epochs * per_epoch
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _one_cycle(step, total))
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    history = [Epoch(**epoch) for epoch in state.load(parts)] if state else []
    for epoch in range(len(history), recipe.epochs):
        order, x, y = _epoch_data(training, seed, epoch)
        y = y.to(device)
        answers = None if teacher is None else _copy(teacher, training, epoch).to(device)
        model.train()
        loss_sum, correct = 0.0, 0
        for i, batch in enumerate(order.split(recipe.batch_size)):
            inputs = to_input(x[batch.numpy()]).to(device)
            if recipe.mask_frames or recipe.mask_channels:
                inputs = masked(inputs, recipe.mask_frames, recipe.mask_channels)
            logits = model(inputs)
            loss = F.cross_entropy(
                logits,
                y[batch],
                label_smoothing=recipe.label_smoothing,
            )
            if answers is not None:
                taught = _from_teacher(recipe, logits, answers[batch])
                loss = torch.lerp(loss, taught, recipe.taught)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            step = epoch * per_epoch + i
            if after_step:
                after_step(model, step, total)
            loss_sum += loss.item() * len(batch)
            correct += int((logits.argmax(1) == y[batch]).sum())
        result = Epoch(epoch, loss_sum / len(order), correct / len(order), *score(model, validation))
        history.append(result)
        if state:
            state.save(parts, [asdict(epoch) for epoch in history])
        if after_epoch:
            after_epoch(result, model)
    model.eval().cpu()
    return history


def _check(recipe: Recipe, training: FeatureSet, validation: FeatureSet, teacher: np.ndarray | None) -> None:
    if (teacher is None) == (recipe.taught > 0):
        raise KwsError("a recipe that is taught needs a teacher, and another takes none: see --teacher")
    for split, data in (("training", training), ("validation", validation)):
        if not data.n:
            raise KwsError(f"the {split} split is empty: add recordings of other speakers")


def _optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """Weights decay; biases and what batch norms scale by do not."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in trained if p.ndim > 1]},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)


def _one_cycle(step: int, total: int) -> float:
    """Linear warm-up over the first twentieth, then a cosine down to zero: a factor of the learning rate."""
    warm = max(1, total // 20)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))


def _from_teacher(recipe: Recipe, logits: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """Divergence (nats) from the teacher's answers, both (B, C) logits, with gradients as large as at temperature 1."""
    temperature = recipe.temperature
    student, teacher = F.log_softmax(logits / temperature, 1), F.softmax(answers / temperature, 1)
    return temperature**2 * F.kl_div(student, teacher, reduction="batchmean")


def _copy(teacher: np.ndarray, training: FeatureSet, epoch: int) -> torch.Tensor:
    """The teacher's answers (n, C) to this epoch's augmented copy."""
    return to_tensor(teacher).unflatten(0, (training.copies, -1))[epoch % training.copies]


def _digest(teacher: np.ndarray | None) -> str:
    return "" if teacher is None else hashlib.sha256(np.ascontiguousarray(teacher).tobytes()).hexdigest()


def _epoch_data(training: FeatureSet, seed: int, epoch: int) -> tuple[torch.Tensor, np.ndarray, torch.Tensor]:
    """This epoch's order and its augmented copy of the examples: x (n, 49, 40), y (n,)."""
    torch.manual_seed(seed * 100_003 + epoch)
    x, y = training.copy(epoch % training.copies)
    return torch.randperm(len(y)), x, to_tensor(y)
