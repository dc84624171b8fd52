"""Part 4's networks that are trained for the field: made side by side, in int8, tested on the clean test split."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from torch import nn

from kwslib.checkpoints import train
from kwslib.deployment.export import CALIBRATION_CLIPS, export
from kwslib.features.dataset import FeatureSet
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
    """Networks of the zoo trained for the field side by side, as <arch>_field.tflite in int8; checkpoints beside them.

    Also recorded: the accuracy of each on the clean test split, as accuracy_testing_<arch>_field, and before it became
    int8, as accuracy_testing_<arch>_field_float32.
    """
    made = {arch: setup(arch, effort(run).epochs[arch]) for arch in archs}
    splits = field_splits(run.corpus, made[archs[0]], effort(run).training)  # into the cache

    def trained(arch: str) -> nn.Module:
        config, recipe = replace(made[arch].config, dropout=DROPOUT), made[arch].recipe
        parts = field_splits(run.corpus, made[arch], effort(run).training)
        out = run.models / f"{arch}_field.pt"
        return train(config, recipe, parts["training"], parts["validation"], run.seeds[0], out=out)[0]

    for arch, model in zip(archs, over_cores(trained, archs, "training for the field"), strict=True):
        _export_and_test(run, arch, model, splits)
    return [run.models / f"{arch}_field.tflite" for arch in archs]


def _export_and_test(run: Run, arch: str, model: nn.Module, splits: Mapping[str, FeatureSet]) -> None:
    checkpoint, path = (run.models / f"{arch}_field{suffix}" for suffix in (".pt", ".tflite"))
    with TemporaryDirectory() as folder:
        exported = export(checkpoint, splits["training"].x[:CALIBRATION_CLIPS], Path(folder))
        path.write_bytes(exported.tflite_int8.read_bytes())
    testing = splits["testing"]
    logits = {"": open_network(path)(testing.x).astype(np.float32), "_float32": predict(model, testing.x)}
    for kind, values in logits.items():
        clean = evaluate(values, testing.y, class_labels())
        bounds = wilson(clean.correct, clean.n)
        run.record(f"accuracy_testing_{arch}_field{kind}", clean.accuracy, "fraction", bounds, clean.n)
