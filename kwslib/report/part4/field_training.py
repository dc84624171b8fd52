"""Part 4's networks that are trained for the field: made side by side, in int8, tested on the clean test split."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import nn

from kwslib.checkpoints import load_checkpoint, train
from kwslib.data.protocol import Protocol
from kwslib.deployment.export import CALIBRATION_CLIPS, export_int8
from kwslib.features.dataset import feature_split
from kwslib.field.stream import open_network
from kwslib.field.training import field_splits
from kwslib.labels import class_labels
from kwslib.networks.evaluation import evaluate
from kwslib.networks.recipes import setup
from kwslib.networks.training import predict
from kwslib.progress import over_cores
from kwslib.record.recording import Run
from kwslib.report.part4.field import effort
from kwslib.statistics import wilson

DROPOUT = 0.1  # the field is augmentation enough


def train_for_field(run: Run, archs: Sequence[str]) -> list[Path]:
    """Networks of the zoo trained for the field side by side, as <arch>_field.tflite; checkpoints beside them."""
    made = {arch: setup(arch, effort(run).epochs[arch]) for arch in archs}
    splits = field_splits(run.corpus, made[archs[0]], effort(run).training)  # into the cache

    def trained(arch: str) -> nn.Module:
        config, recipe = replace(made[arch].config, dropout=DROPOUT), made[arch].recipe
        parts = field_splits(run.corpus, made[arch], effort(run).training)
        out = run.models / f"{arch}_field.pt"
        return train(config, recipe, parts["training"], parts["validation"], run.seeds[0], out=out)[0]

    over_cores(trained, archs, "training for the field")
    checkpoints = [run.models / f"{arch}_field.pt" for arch in archs]
    return [export_int8(path, splits["training"].x[:CALIBRATION_CLIPS]) for path in checkpoints]


def record_clean(run: Run, paths: Sequence[Path]) -> None:
    """Record the accuracy of these int8 files on the clean test split, as accuracy_testing_<arch>_field, and that of
    the checkpoints beside them, before they became int8, as accuracy_testing_<arch>_field_float32."""
    testing = feature_split(run.corpus, Protocol(), "testing")
    for path in paths:
        model, _, _ = load_checkpoint(path.with_suffix(".pt"))
        logits = {"": open_network(path)(testing.x).astype(np.float32), "_float32": predict(model, testing.x)}
        for kind, values in logits.items():
            clean = evaluate(values, testing.y, class_labels())
            bounds = wilson(clean.correct, clean.n)
            run.record(f"accuracy_testing_{path.stem}{kind}", clean.accuracy, "fraction", bounds, clean.n)
