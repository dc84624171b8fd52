"""Part 4's tables of an exported network: bytes by step, equality of logits across runtimes, cost of int8."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.deployment.core_network import read_network
from kwslib.deployment.export import ExportResult
from kwslib.deployment.model_file import read_model
from kwslib.deployment.rounding import once, twice
from kwslib.features.dataset import FeatureSet
from kwslib.features.frontend import normalise
from kwslib.labels import SILENCE, UNKNOWN
from kwslib.measure import FLASH_BYTES
from kwslib.measure.profiling import file_costs
from kwslib.networks.evaluation import Evaluation, evaluate
from kwslib.predictors import LiteRtPredictor, TflmPredictor, load_predictor
from kwslib.record import names
from kwslib.record.comparison import load_original
from kwslib.record.values import Value, Values, shares
from kwslib.report.numbers import one_digit
from kwslib.statistics import mcnemar, wilson

if TYPE_CHECKING:
    import pandas

PYTORCH, MICRO, REFERENCE = "PyTorch", "TensorFlow Lite Micro", "LiteRT, reference kernels"


@dataclass(frozen=True)
class Form:
    """Outputs of one form of the network: logits float32 (N, C) and, for int8 forms, int8 before dequantization."""

    logits: np.ndarray
    integers: np.ndarray | None = None


def steps(exported: ExportResult) -> dict[str, tuple[int, int]]:
    """{step: (bytes of the file, bytes of weights and biases in it)}."""
    weights = file_costs(exported.tflite_int8)
    float32, int8 = (weights.weight_bytes(kind) for kind in ("float32", "int8"))
    files = {
        "PyTorch checkpoint": (exported.checkpoint, float32),
        "ONNX": (exported.onnx, float32),
        "TensorFlow Lite, float32": (exported.tflite_float, float32),
        "TensorFlow Lite, int8": (exported.tflite_int8, int8),
    }
    return {step: (path.stat().st_size, payload) for step, (path, payload) in files.items()}


def size_values(exported: ExportResult) -> Values:
    """Bytes of the files, and bits per weight in int8."""
    files = {
        "pytorch": exported.checkpoint,
        "onnx": exported.onnx,
        "tflite_float": exported.tflite_float,
        "tflite_int8": exported.tflite_int8,
    }
    values = {f"bytes_{name}": Value(path.stat().st_size, "B") for name, path in files.items()}
    first = read_network(exported.tflite_int8).layers[0]
    return values | {"bits_per_weight": Value(8 * first.fields["weights"].itemsize)}


def steps_table(sizes: Mapping[str, tuple[int, int]]) -> "pandas.DataFrame":
    """Bytes of each step's file, of the weights in it, and its share of the board's flash."""
    import pandas

    rows = {
        step: {
            "file (B)": f"{whole:,}",
            "weights (B)": f"{weights:,}",
            "flash (%)": f"{100 * whole / FLASH_BYTES:.2f}",
        }
        for step, (whole, weights) in sizes.items()
    }
    return pandas.DataFrame(rows).T


def tensors_table(path: Path) -> "pandas.DataFrame":
    """The int8 graph: for each operator, the output's shape and the quantization of its int8 values."""
    import pandas

    from kwslib.deployment.litert import read_tflite

    graph = read_tflite(path).graph
    outputs = [("input", graph.input), *((op.name, op.output) for op in graph.operators)]
    rows = [
        {
            "operator": name,
            "output": " × ".join(f"{size:,}" for size in graph.tensors[index].shape),
            "type": graph.tensors[index].type.lower(),
            "scale": f"{graph.tensors[index].scale:.6f}",
            "zero point": graph.tensors[index].zero_point,
        }
        for name, index in outputs
    ]
    return pandas.DataFrame(rows).set_index("operator").rename_axis(None)


def run_forms(exported: ExportResult, q8: np.ndarray) -> dict[str, Form]:
    """Every form of the network on int8 features (N, 49, 40): PyTorch, ONNX, LiteRT, TFLM and the C core."""
    from kwslib.deployment.core_run import run_network

    file = read_model(exported.tflite_int8)
    assert file.tflite
    reference, micro, fast = LiteRtPredictor(file), TflmPredictor(file), LiteRtPredictor(file)
    fast.interpreter = file.tflite.with_xnnpack()
    integers = {
        REFERENCE: reference.integer_logits(q8),
        "LiteRT, XNNPACK": fast.integer_logits(q8),
        MICRO: micro.integer_logits(q8),
        "C core": run_network(file.core_network(), q8),
    }
    floats = {
        PYTORCH: load_predictor(exported.checkpoint).logits(q8),
        "ONNX Runtime": _onnxruntime(exported.onnx, q8),
        "LiteRT, float32": load_predictor(exported.tflite_float).logits(q8),
    }
    forms = {name: Form(logits) for name, logits in floats.items()}
    return forms | {name: Form(reference.dequantized(scores), scores) for name, scores in integers.items()}


def equal_percent(forms: Mapping[str, Form]) -> float:
    """Percentage of TFLM's logits that equal those of LiteRT's reference kernels."""
    return 100 * float(np.mean(forms[MICRO].integers == forms[REFERENCE].integers))


def parity_table(forms: Mapping[str, Form], testing: FeatureSet) -> "pandas.DataFrame":
    """Accuracy of each form, and its deviation from PyTorch and from LiteRT's reference kernels."""
    import pandas

    expected, reference = forms[PYTORCH].logits, forms[REFERENCE].integers
    rows = {}
    for name, form in forms.items():
        answers = form.logits.argmax(1)
        rows[name] = {
            "type": "float32" if form.integers is None else "int8",
            "accuracy (%)": 100 * float((answers == testing.y).mean()),
            "answers as PyTorch (%)": 100 * float((answers == expected.argmax(1)).mean()),
            "median difference": one_digit(float(np.median(np.abs(form.logits - expected)))),
            "logits as reference (%)": ""
            if form.integers is None
            else f"{100 * np.mean(form.integers == reference):.2f}",
        }
    return pandas.DataFrame(rows).T


def rounding_table(path: Path) -> "pandas.DataFrame":
    """Sums of the last layer that LiteRT and TFLM round differently, with its output scale and with one next to it."""
    import pandas

    from kwslib.deployment.litert import read_tflite

    graph = read_tflite(path).graph
    last = graph.operators[-1]
    source, weights, logits = (graph.tensors[i] for i in (*last.inputs[:2], last.output))
    product = source.scale * weights.scale
    rows = {}
    for name, scale in {"as exported": logits.scale, "0.1 % wider": 1.001 * logits.scale}.items():
        most = round(127 * scale / product)
        sums = np.arange(-most, most + 1)
        apart = int((once(sums, product / scale) != twice(sums, product / scale)).sum())
        rows[name] = {"scale": f"{scale:.6f}", "sums": f"{len(sums):,}", "rounded apart": apart}
    return pandas.DataFrame(rows).T


def quantization_cost(
    forms: Mapping[str, Form], testing: FeatureSet, labels: tuple[str, ...]
) -> dict[str, Evaluation]:
    """{"float32": ..., "int8": ...} on the test split."""
    return {
        kind: evaluate(forms[name].logits, testing.y, labels)
        for kind, name in (("float32", PYTORCH), ("int8", REFERENCE))
    }


def cost_values(results: Mapping[str, Evaluation]) -> Values:
    """Accuracies from `quantization_cost`, in total and by class, and the share of unknown words classified
    as silence."""
    values = {}
    for kind, result in (("float", results["float32"]), ("int8", results["int8"])):
        values[names.accuracy(kind)] = Value(
            result.accuracy, "fraction", wilson(result.correct, result.n), result.n
        )
        values |= shares({names.accuracy(kind, label): counts for label, counts in result.counts.items()})
        values |= shares({f"unknown_as_silence_{kind}": result.answered(UNKNOWN, SILENCE)})
    return values


def cost_table(
    results: Mapping[str, Evaluation], forms: Mapping[str, Form], testing: FeatureSet
) -> "pandas.DataFrame":
    """By class: clips, correct answers in float32 and in int8, answers that changed, answers that became silence.

    Both are tested on the same clips, so that the comparison is McNemar's exact test of those that only one classified
    correctly.
    """
    import pandas

    labels = results["int8"].labels
    before, after = (forms[name].logits.argmax(1) for name in (PYTORCH, REFERENCE))
    changed, silenced = before != after, (before != after) & (after == labels.index(SILENCE))
    rows = {}
    for index, label in (*enumerate(labels), (None, "total")):
        mine = np.full(len(testing.y), True) if index is None else testing.y == index
        right_before, right_after = ((answers == testing.y) & mine for answers in (before, after))
        lost, won = (right_before & ~right_after).sum(), (right_after & ~right_before).sum()
        rows[label] = {
            "clips": int(mine.sum()),
            "right, float32": int(right_before.sum()),
            "right, int8": int(right_after.sum()),
            "changed": int((changed & mine).sum()),
            "to silence": int((silenced & mine).sum()),
            "p (McNemar)": f"{mcnemar(int(lost), int(won)):.2g}",
        }
    return pandas.DataFrame(rows).T


def original_field_table() -> "pandas.DataFrame":
    """The original's live trials (its Figure 10) with their Wilson intervals."""
    import pandas

    original = load_original()
    each, trials = (int(original[f"field_{name}"].value) for name in ("trials_per_class", "trials"))
    counts = {
        label: (round(original[f"field_{label}"].value * each), each)
        for label in ("silence", "unknown", "yes", "no")
    }
    counts["total"] = (int(original["field_correct"].value), trials)
    rows = {}
    for label, (correct, n) in counts.items():
        low, high = wilson(correct, n)
        rows[label] = {
            "right": f"{correct} of {n}",
            "accuracy (%)": f"{100 * correct / n:.0f}",
            "95 % interval (%)": f"{100 * low:.0f} to {100 * high:.0f}",
        }
    return pandas.DataFrame(rows).T


def _onnxruntime(path: Path, q8: np.ndarray) -> np.ndarray:
    """Logits float32 (N, C) of an .onnx file, clip by clip."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"features": clip[None]})[0] for clip in normalise(q8)])
