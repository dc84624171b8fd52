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
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Values, share
from kwslib.report.part4.field import effort

DROPOUT = 0.1  # the field is augmentation enough


def train_for_field(run: Run, archs: Sequence[str]) -> tuple[list[Path], Values]:
    """Networks of the zoo trained for the field side by side, as <arch>_field.tflite in int8; checkpoints beside them.

    Also the accuracy of each on the clean test split, in int8 and before.
    """
    made = {arch: setup(arch, effort(run).epochs[arch]) for arch in archs}
    splits = field_splits(run.corpus, made[archs[0]], effort(run).training)  # into the cache

    def trained(arch: str) -> nn.Module:
        config, recipe = replace(made[arch].config, dropout=DROPOUT), made[arch].recipe
        parts = field_splits(run.corpus, made[arch], effort(run).training)
        out = run.models / f"{arch}_field.pt"
        return train(config, recipe, parts["training"], parts["validation"], run.seeds[0], out=out)[0]

    values: Values = {}
    for arch, model in zip(archs, over_cores(trained, archs, "training for the field"), strict=True):
        values |= _export_and_test(run.models, arch, model, splits)
    return [run.models / f"{arch}_field.tflite" for arch in archs], values


def _export_and_test(models: Path, arch: str, model: nn.Module, splits: Mapping[str, FeatureSet]) -> Values:
    checkpoint, path = (models / f"{arch}_field{suffix}" for suffix in (".pt", ".tflite"))
    with TemporaryDirectory() as folder:
        exported = export(checkpoint, splits["training"].x[:CALIBRATION_CLIPS], Path(folder))
        path.write_bytes(exported.tflite_int8.read_bytes())
    testing = splits["testing"]
    logits = {"": open_network(path)(testing.x).astype(np.float32), "float32": predict(model, testing.x)}
    found = {kind: evaluate(answers, testing.y, class_labels()) for kind, answers in logits.items()}
    return {names.field_accuracy(arch, kind): share(clean.correct, clean.n) for kind, clean in found.items()}
