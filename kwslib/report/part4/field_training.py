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
from kwslib.report.part4.field import trial_effort

DROPOUT = 0.1  # the field is augmentation enough


def train_for_field(run: Run, archs: Sequence[str]) -> list[Path]:
    """Networks of the zoo for the field, <arch>_field.tflite in int8 with checkpoints next to them: the recorded ones,
    else ones trained by this run, in parallel."""

    def make(path: Path) -> None:
        arch = names.field_arch(path.name)
        training_setup = setup(arch, trial_effort(run).epochs[arch])
        parts = field_splits(run.corpus, training_setup, trial_effort(run).training)
        config, checkpoint = replace(training_setup.config, dropout=DROPOUT), path.with_suffix(".pt")
        train(
            *(config, training_setup.recipe, parts["training"], parts["validation"], run.seeds[0]),
            out=checkpoint,
        )
        export_int8(checkpoint, parts["training"].x[:CALIBRATION_CLIPS], path)

    if not all(
        run.kept(names.field_tflite(arch)) for arch in archs
    ):  # their examples go into the cache first
        field_splits(
            run.corpus, setup(archs[0], trial_effort(run).epochs[archs[0]]), trial_effort(run).training
        )
    return over_cores(lambda arch: run.model(names.field_tflite(arch), make), archs, "training for the field")


def clean_values(paths: Sequence[Path], testing: FeatureSet) -> Values:
    """Accuracy on the clean test split of these int8 files, and of the float checkpoints next to them."""
    values: Values = {}
    for path in paths:
        model, _, _ = load_checkpoint(path.with_suffix(".pt"))
        logits = {"": open_network(path)(testing.x).astype(np.float32), "float32": predict(model, testing.x)}
        for kind, answers in logits.items():
            clean = evaluate(answers, testing.y, class_labels())
            name = names.field_accuracy(names.field_arch(path.name), kind)
            values[name] = share(clean.correct, clean.n)
    return values
