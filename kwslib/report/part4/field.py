"""Part 4's tables of the field: trials by class, spread of small tests, factors that reduce accuracy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.checkpoints import load_checkpoint
from kwslib.experiments.field import Model, trial_effort, trial_logits_of
from kwslib.features.dataset import FeatureSet
from kwslib.field.conditions import DEFAULT, Field
from kwslib.field.evaluate import FieldResult, Stage, judge, small_tests
from kwslib.field.factors import WHOLE_FIELD, Effect, measure_factors
from kwslib.field.stream import open_network
from kwslib.field.trials import classes_of
from kwslib.labels import SILENCE, UNKNOWN, class_labels
from kwslib.networks.evaluation import Evaluation, evaluate
from kwslib.networks.training import predict
from kwslib.record import names
from kwslib.record.comparison import load_original
from kwslib.record.recording import Run
from kwslib.record.values import Value, Values, share, shares
from kwslib.report.numbers import share_text
from kwslib.statistics import mcnemar

if TYPE_CHECKING:
    import pandas

SMALL, DRAWN = 20, 1000  # trials of the original's test, and how often such a test is drawn
DRAWS = {  # what a trial draws: its heading in a table
    "said": "said",
    "clip": "clip",
    "spl": "level (dB SPL)",
    "distance": "distance (m)",
    "rt60": "reverberation (s)",
    "room": "room",
    "background": "background",
    "snr": "SNR (dB)",
    "start_s": "word starts (s)",
}


def field_trials(run: Run, model: Model, field: Field = DEFAULT) -> FieldResult:
    """The profile's number of trials on test speakers in test rooms."""
    n = trial_effort(run).trials
    logits = trial_logits_of(run, model.network, "testing", n, field)
    return judge(logits, classes_of(range(n), model.network.labels), model.network, model.settings)


def trial_values(name: str, result: FieldResult) -> Values:
    """Accuracy in all trials and by class, named after the model and its field."""
    by_class = {names.accuracy(name, label): counts for label, counts in result.evaluation.counts.items()}
    return {names.accuracy(name): Value(result.accuracy, "fraction", result.ci95, result.n)} | shares(
        by_class
    )


def unknown_values(result: FieldResult) -> Values:
    """Number of trials, and share of unknown words answered with silence."""
    return {
        "field_trials": Value(result.n),
        "field_trials_per_class": Value(result.n // len(result.labels)),
    } | shares({"field_unknown_as_silence": result.evaluation.answered(UNKNOWN, SILENCE)})


def tuned_values(model: Model) -> Values:
    """The settings of a `tuned` model."""
    return {
        names.by_model("trial_threshold", model.name): Value(float(np.max(model.settings.threshold))),
        names.by_model("trial_smoothing", model.name): Value(model.settings.smoothing),
    }


def clean_values(paths: Mapping[str, Path], testing: FeatureSet) -> Values:
    """Accuracy on the clean test split of the networks in int8, by name, and of the float checkpoints next to them."""
    values: Values = {}
    for arch, path in paths.items():
        model, _, _ = load_checkpoint(path.with_suffix(".pt"))
        logits = {"": open_network(path)(testing.x).astype(np.float32), "float32": predict(model, testing.x)}
        for kind, answers in logits.items():
            clean = evaluate(answers, testing.y, class_labels())
            values[names.field_accuracy(arch, kind)] = share(clean.correct, clean.n)
    return values


def draws_table(trial_stage: Stage, n: int) -> "pandas.DataFrame":
    """The draws of the first `n` trials."""
    import pandas

    rows = [trial_stage.trial(index).listed(trial_stage.rooms) for index in range(n)]
    table = pandas.DataFrame(rows).set_index("index")[list(DRAWS)]
    table["room"] = [room.replace(" x ", " × ") for room in table["room"]]
    return table.rename(columns=DRAWS).rename_axis("trial")


def original_confusion() -> Evaluation:
    """The original's twenty trials (its Figure 10); where its text does not state the answer, silence."""
    original = load_original()
    labels = class_labels()
    each = int(original["field_trials_per_class"].value)
    counts = np.zeros((len(labels), len(labels)), int)
    for row, label in enumerate(labels):
        right = round(original[f"field_{label}"].value * each)
        counts[row, row] += right
        counts[row, 0] += each - right
    return Evaluation(labels, counts)


def original_assumed() -> np.ndarray:
    """Cells (C, C) of `original_confusion` that its text does not state: the answers to lost keywords."""
    found, silence = original_confusion(), 0
    assumed = np.zeros(found.confusion.shape, bool)
    assumed[2:, silence] = found.confusion[2:, silence] > 0
    return assumed


def trials_table(results: Mapping[str, Evaluation]) -> "pandas.DataFrame":
    """Accuracy (%) of each class and of all trials with its Wilson interval, one column per test."""
    import pandas

    columns = {}
    for name, evaluation in results.items():
        rows = evaluation.counts | {"total": (evaluation.correct, evaluation.n)}
        columns[name] = {label: share_text(share(correct, n)) for label, (correct, n) in rows.items()}
    return pandas.DataFrame(columns)


def draw_small_tests(result: FieldResult) -> np.ndarray:
    """Accuracies of a thousand tests of twenty trials."""
    return small_tests(result, SMALL, DRAWN)


def small_test_values(drawn: np.ndarray) -> Values:
    """The range of the middle 95 % of the small tests, and the share of them with at most the original's count."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    stated = load_original()["field_accuracy"].value / 100
    return {
        "field_small_test_low": Value(low, "fraction", n=DRAWN),
        "field_small_test_high": Value(high, "fraction", n=DRAWN),
        "field_small_test_up_to_original": Value(float(np.mean(drawn <= stated + 1e-9)), "fraction", n=DRAWN),
    }


def field_factors(run: Run, model: Model, checkpoint: Path) -> list[Effect]:
    """Effects of the factors on the accuracy of an int8 model, and of the checkpoint that it was exported from."""
    n = trial_effort(run).factor_trials
    return measure_factors(
        run.corpus,
        model.network,
        open_network(checkpoint),
        n,
        settings=model.settings,
        rooms=trial_effort(run).rooms,
    )


def factor_values(model: Model, effects: Sequence[Effect]) -> Values:
    """Accuracy by factor, and share of unknown words answered with silence."""
    values: Values = {}
    for effect in effects:
        factor, result = effect.factor.name, effect.result
        accuracy = Value(result.accuracy, "fraction", result.ci95, result.n)
        values[names.by_factor("factor", model.name, factor)] = accuracy
        silenced = result.evaluation.answered(UNKNOWN, SILENCE)
        values |= shares({names.by_factor("unknown_as_silence", model.name, factor): silenced})
    return values


def factor_table(effects: Sequence[Effect]) -> "pandas.DataFrame":
    """Accuracy by factor with its interval, and by class; unknown words answered as silence.

    Then, paired by trial, the answers that become correct and wrong with a factor, relative to the whole field, with
    McNemar's p times the number of comparisons (Bonferroni).
    """
    import pandas

    whole = next(effect.result for effect in effects if effect.factor.name == WHOLE_FIELD)
    base = whole.said == whole.answers
    rows = {}
    for effect in effects:
        right = effect.result.said == effect.result.answers
        gained, lost = int((right & ~base).sum()), int((base & ~right).sum())
        p = min(1.0, mcnemar(gained, lost) * (len(effects) - 1))
        evaluation = effect.result.evaluation
        rows[effect.factor.name] = {
            "all (%)": share_text(share(evaluation.correct, evaluation.n)),
            **{label: 100 * correct / n for label, (correct, n) in evaluation.counts.items()},
            "unknown to silence": evaluation.answered(UNKNOWN, SILENCE)[0],
            "made right, wrong": "" if effect.result is whole else f"+{gained}, −{lost}",
            "p": "" if effect.result is whole else "< 0.001" if p < 0.001 else f"{p:.2g}",
        }
    return pandas.DataFrame(rows).T.rename_axis("what the model hears")
