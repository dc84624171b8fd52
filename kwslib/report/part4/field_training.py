"""Part 4's networks trained for the field: trained in parallel, exported to int8, tested on the clean test split."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kwslib.checkpoints import load_checkpoint, train
from kwslib.deployment.export import export_int8
from kwslib.features.dataset import FeatureSet
from kwslib.field.stream import open_network
from kwslib.field.training import field_splits
from kwslib.labels import class_labels
from kwslib.networks.evaluation import evaluate
from kwslib.networks.recipes import setup
from kwslib.networks.training import predict
from kwslib.progress import over_cores
from kwslib.quantization import CALIBRATION_CLIPS
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Values, share
from kwslib.report.part4.field import effort

DROPOUT = 0.1  # the field is augmentation enough


def train_for_field(run: Run, archs: Sequence[str]) -> list[Path]:
    """Train networks of the zoo for the field in parallel: <arch>_field.tflite in int8, with checkpoints next
    to them."""
    setups = {arch: setup(arch, effort(run).epochs[arch]) for arch in archs}
    splits = field_splits(run.corpus, setups[archs[0]], effort(run).training)  # into the cache

    def trained(arch: str) -> None:
        config, recipe = replace(setups[arch].config, dropout=DROPOUT), setups[arch].recipe
        parts = field_splits(run.corpus, setups[arch], effort(run).training)
        out = run.models / f"{arch}_field.pt"
        train(config, recipe, parts["training"], parts["validation"], run.seeds[0], out=out)

    over_cores(trained, archs, "training for the field")
    paths = [run.models / f"{arch}_field.tflite" for arch in archs]
    for path in paths:
        export_int8(path.with_suffix(".pt"), splits["training"].x[:CALIBRATION_CLIPS], path)
    return paths


def clean_values(paths: Sequence[Path], testing: FeatureSet) -> Values:
    """Accuracy on the clean test split of these int8 files, and of the float checkpoints next to them."""
    values: Values = {}
    for path in paths:
        model, _, _ = load_checkpoint(path.with_suffix(".pt"))
        logits = {"": open_network(path)(testing.x).astype(np.float32), "float32": predict(model, testing.x)}
        for kind, answers in logits.items():
            clean = evaluate(answers, testing.y, class_labels())
            name = names.field_accuracy(path.stem.removesuffix("_field"), kind)
            values[name] = share(clean.correct, clean.n)
    return values
