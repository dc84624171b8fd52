"""Networks that learned nothing, sweeps of few points: what is recorded is a number, and what is shown reads."""

import inspect
import pkgutil
import re
import warnings
from dataclasses import asdict
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from matplotlib.figure import Figure

import kwslib.report
from kwslib.deployment.decision import DecisionSettings
from kwslib.experiments import pruning, quantization
from kwslib.experiments.seeds import Trained
from kwslib.experiments.zoo_field import Heard
from kwslib.features.dataset import FeatureSet
from kwslib.field.conditions import DEFAULT
from kwslib.field.detection import OperatingPoint
from kwslib.field.evaluate import FieldResult
from kwslib.field.factors import WHOLE_FIELD, Effect, Factor
from kwslib.field.stream import StreamNetwork
from kwslib.labels import class_labels
from kwslib.measure.latency import Latency
from kwslib.networks.evaluation import Evaluation
from kwslib.networks.training import Epoch
from kwslib.profiles import PROFILES
from kwslib.record import names
from kwslib.record.recording import Run, Table
from kwslib.record.values import Value
from kwslib.report.part1 import figures as draw1
from kwslib.report.part1 import tables as part1
from kwslib.report.part3 import figures as draw3
from kwslib.report.part3 import tables as part3
from kwslib.report.part4 import conversion, conversion_figures, field_figures
from kwslib.report.part4 import field as part4
from kwslib.report.part5 import board as board5
from kwslib.report.part5 import figures as draw5
from kwslib.report.part5 import tables as part5
from kwslib.report.part6 import board as board6
from kwslib.report.part6 import board_figures, trade_off
from kwslib.report.part6 import field as field6
from kwslib.report.part6 import figures as draw6
from kwslib.report.part6 import tables as part6
from kwslib.report.part7 import chains, hours, past
from kwslib.report.part7 import figures as draw7
from kwslib.report.part8 import field as field8
from kwslib.report.part8 import figures as draw8
from kwslib.report.part8 import networks as part8

CHANCE = 0.25
LABELS = class_labels()
TRUE = np.arange(40) % len(LABELS)
SILENT = np.zeros(40, int)  # the answers of a network that says one thing alone
ONE, TWO = (0,), (0, 1)


def quantized(seeds, causes=False):
    points = quantization.grid(seeds)
    rows = [
        {"point": p.name, "bits": p.bits, "method": p.method, "recipe": p.recipe, "seed": p.seed}
        | {"flash": 1000.0 if p.recipe == "ours" else None, "validation": CHANCE, "testing": CHANCE}
        for p in (quantization.causes(points) if causes else points)
    ]
    return pandas.DataFrame(rows)


def pruned(seeds, whole=CHANCE):
    """Rows of all points at chance; the whole network has another accuracy before it is fine-tuned."""
    rows = []
    for p in pruning.grid(seeds):
        row = asdict(p) | {"point": p.name, "channels": p.kept, "parameters": 100 * p.kept, "flops": 200}
        row |= {"raw": whole if p.sparsity == 0 else CHANCE, "finetuned": CHANCE, "validation": CHANCE}
        for bits in p.widths:
            row |= {names.qat(bits): CHANCE, names.qat_validation(bits): CHANCE, f"flash_{bits}": 900}
        rows.append(row)
    return pandas.DataFrame(rows)


def trained(seed):
    confusion = np.zeros((4, 4), int)
    np.add.at(confusion, (TRUE, SILENT), 1)
    splits = dict.fromkeys(("training", "validation", "testing"), Evaluation(LABELS, confusion))
    history = (Epoch(0, 1.4, CHANCE, 1.4, CHANCE), Epoch(1, 1.4, CHANCE, 1.4, CHANCE))
    return Trained(seed, history, splits, {"testing": SILENT})


def runs(seeds):
    return [trained(seed) for seed in seeds]


def by_way(seeds):
    return {"log-mel": runs(seeds), "MFCC": runs(seeds)}


TRIALS = FieldResult(LABELS, TRUE, SILENT, 0, 0.05, DecisionSettings())
EFFECTS = [Effect(Factor(name, "alone", DEFAULT), TRIALS) for name in (WHOLE_FIELD, "clips")]
MODEL = part4.Model("field", StreamNetwork("none", LABELS, None, 0.1), DecisionSettings())
DEAF = OperatingPoint(0.3, 0, 0.05, 20, 20, 9, np.array([]))  # reports nothing
EAGER = OperatingPoint(
    0.3, 90, 0.05, 20, 20, 9, np.array([])
)  # reports all the time, and never the right word
COSTS = {c: board6.Cost(ms=c, linear_ms=1, flash=1, ram=1, constants=1) for c in (8, 7, 4)}
LATENCIES = {c: Latency("PyTorch", "CPU", 1, (0.1, 0.2)) for c in range(1, 9)}


def detection(seeds):
    return hours.Detection(MODEL, [EAGER, DEAF], EAGER if len(seeds) > 1 else DEAF)


def heard(seeds):
    chosen = detection(seeds).chosen
    long = SimpleNamespace(as_json=lambda: {"keywords": 6, "hits": 0, "misses": 6, "false_accepts": 0})
    return Heard(TRIALS, DecisionSettings(), chosen, {"words": 0, "noise": 0}, {}, long, (EAGER, chosen))


def pasts(seeds):
    return {"tinyconv_valid": dict.fromkeys(past.KEYS, [TRUE == SILENT] * len(seeds))}


def rights(seeds):
    return dict.fromkeys(("tinyconv", "tenet_valid"), np.array([TRUE == SILENT] * len(seeds), float))


def size_by_accuracy(seeds):
    """Part 6's networks by size, as a run on the board gives them."""
    values = {name: asdict(v) for name, v in part5.point_values(quantized(seeds), floats(seeds)).items()}
    sparse = pandas.DataFrame({f"constants, {board6.BOTH}": [400.0], f"ms, {board6.BOTH}": [3.0]}, [90.0])
    return trade_off.models(values, pruned(seeds), sparse, COSTS, {"channels_4": COSTS[4]})


def floats(seeds):
    return dict.fromkeys(seeds, CHANCE)


EVALUATIONS = dict.fromkeys(("float32", "int8"), trained(0).evaluations["testing"])
TESTING = FeatureSet(np.zeros((40, 49, 40), np.int8), TRUE, tuple(f"go/{n}.wav" for n in range(40)))
FORMS = dict.fromkeys(
    (conversion.PYTORCH, conversion.REFERENCE, conversion.MICRO),
    conversion.Form(np.eye(4, dtype=np.float32)[SILENT], np.eye(4, dtype=np.int8)[SILENT]),
)
MICRO = board5.InMicro(0, CHANCE, {"the integers": 100.0})

RECORDED = {  # what gives values to record: its arguments for so many seeds
    part1.accuracy_values: lambda seeds: (by_way(seeds),),
    part1.difference_values: lambda seeds: (part1.differences(by_way(seeds), TRUE),),
    part3.accuracy_values: lambda seeds: (runs(seeds),),
    part3.protocol_values: lambda seeds: (by_way(seeds),),
    part3.redraw_values: lambda seeds: ([CHANCE for _ in seeds], 40),
    conversion.cost_values: lambda _: (EVALUATIONS,),
    part4.trial_values: lambda _: ("field", TRIALS),
    part4.unknown_values: lambda _: (TRIALS,),
    part4.tuned_values: lambda _: (MODEL,),
    part4.small_test_values: lambda _: (part4.draw_small_tests(TRIALS),),
    part4.factor_values: lambda _: (MODEL, EFFECTS),
    part5.point_values: lambda seeds: (quantized(seeds), floats(seeds)),
    part5.paired_values: lambda seeds: (part5.paired_differences(quantized(seeds)),),
    part5.cause_values: lambda seeds: (quantized(seeds, causes=True),),
    part5.activation_values: lambda seeds: (quantized(seeds),),
    board5.micro_values: lambda _: (MICRO,),
    part6.point_values: lambda seeds: (pruned(seeds),),
    part6.reach_values: lambda seeds: (pruned(seeds),),
    field6.field_values: lambda _: (dict.fromkeys(COSTS, TRIALS),),
    chains.accuracy_values: lambda seeds: ({"tenet_causal": [CHANCE for _ in seeds]},),
    past.past_values: lambda seeds: (pasts(seeds),),
    hours.detection_values: lambda seeds: (detection(seeds),),
    part8.ahead_values: lambda seeds: (rights(seeds),),
}
SHOWN = {  # the same for tables and figures
    part1.accuracy_table: lambda seeds: (by_way(seeds),),
    part1.difference_table: lambda seeds: (part1.differences(by_way(seeds), TRUE),),
    draw1.accuracies: lambda seeds: part1.accuracy_intervals(by_way(seeds)),
    part3.accuracy_table: lambda _: (EVALUATIONS["int8"],),
    part3.protocol_table: lambda seeds: (by_way(seeds),),
    draw3.training_curves: lambda seeds: (part3.curves(runs(seeds)),),
    draw3.per_class_bars: lambda seeds: part3.class_intervals(runs(seeds)).values(),
    draw3.unknown_words: lambda seeds: part3.mistaken_words(runs(seeds), TESTING, TESTING),
    conversion.parity_table: lambda _: (FORMS, TESTING),
    conversion.cost_table: lambda _: (EVALUATIONS, FORMS, TESTING),
    conversion_figures.accuracy_by_type: lambda _: (EVALUATIONS,),
    part4.trials_table: lambda _: ({"ours": TRIALS.evaluation},),
    part4.factor_table: lambda _: (EFFECTS,),
    field_figures.factors: lambda _: ({"ours": EFFECTS},),
    field_figures.small_tests: lambda _: (part4.draw_small_tests(TRIALS), part4.SMALL, CHANCE, 0.65),
    part5.widths_table: lambda seeds: (part5.over_seeds(quantized(seeds)),),
    part5.losses_table: lambda seeds: (quantized(seeds), floats(seeds)),
    part5.paired_table: lambda seeds: (part5.paired_differences(quantized(seeds)),),
    part5.activations_table: lambda seeds: (quantized(seeds), quantized(seeds)),
    board5.micro_table: lambda seeds: ({8: MICRO}, quantized(seeds)),
    draw5.accuracy_by_bits: lambda seeds: (part5.over_seeds(quantized(seeds)), 25.0, {}),
    draw5.accuracy_by_bytes: lambda seeds: (part5.over_seeds(quantized(seeds)), (66_608, 25.0)),
    draw5.causes: lambda seeds: (part5.over_seeds(quantized(seeds, causes=True)),),
    part6.points_table: lambda seeds: (part6.over_points(pruned(seeds), structured=False),),
    draw6.sparsity_curves: lambda seeds: (part6.over_points(pruned(seeds), structured=False), {}),
    draw6.channel_curves: lambda seeds: (part6.over_points(pruned(seeds), structured=True), LATENCIES, {}),
    trade_off.shown: lambda seeds: (size_by_accuracy(seeds),),
    board_figures.trade_off: lambda seeds: (size_by_accuracy(seeds),),
    field6.field_table: lambda _: (dict.fromkeys(COSTS, TRIALS),),
    past.past_table: lambda seeds: (pasts(seeds),),
    hours.detection_table: lambda seeds: ({"ours": detection(seeds)},),
    draw7.detection_error: lambda seeds: ({"ours": [EAGER, DEAF]}, {"ours": DEAF}, (1.0, 0.1)),
    field8.trials_table: lambda seeds: ({"tinyconv": heard(seeds)},),
    field8.kinds_table: lambda seeds: ({"tinyconv": heard(seeds)},),
    field8.clips_table: lambda seeds: ({"tinyconv": heard(seeds)},),
    field8.long_table: lambda seeds: ({"tinyconv": heard(seeds)},),
    draw8.detection_error: lambda seeds: ({"tinyconv": heard(seeds)}, (1.0, 0.15)),
    part8.ahead_table: lambda seeds: (part8.ahead_values(rights(seeds)),),
    part8.percent: lambda _: (Value(CHANCE, "fraction", (np.nan, np.nan), 1),),
    draw8.familiarity: lambda _: ({},),
}
WITHOUT_ACCURACY = {  # sizes, times, counts and settings; or read from a model's file
    *("part1.tables.level_values", "part1.tables.agreement_values", "part2.tables.count_values"),
    *("part2.tables.latency_values", "part3.tables.size_values", "part4.board.board_values"),
    *("part4.board.channel_values", "part4.conversion.size_values", "part4.field_training.clean_values"),
    *("part5.board.board_values", "part6.board.sparse_values", "part6.board.break_even_values"),
    *("part6.board.channel_values", "part6.board.ternary_values", "part6.tables.latency_values"),
    *("part7.chains.bill_values", "part8.field.clean_values", "part8.field.costs"),
}


def label(function):
    return f"{function.__module__}.{function.__name__}".removeprefix("kwslib.report.")


def record(tmp_path, values):
    """Record the values as a notebook does, which raises for all but finite numbers."""
    run = Run("06_pruning", PROFILES["quick"], None, tmp_path, ONE)
    run.record_all(values)
    return run.values


def texts(shown):
    if isinstance(shown, Figure):
        shown.draw_without_rendering()
        return [text.get_text() for text in shown.findobj(lambda artist: hasattr(artist, "get_text"))]
    return [repr(Table(shown, ""))] if isinstance(shown, pandas.DataFrame) else [str(shown or "")]


def reads(shown):
    """Whether a table or figure can be drawn without a complaint, and no text has a number that is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return not [text for text in texts(shown) if re.search(r"\b(nan|inf|None)\b", text)]


@pytest.mark.parametrize("seeds", [ONE, TWO], ids=["a seed", "two seeds"])
@pytest.mark.parametrize("function", RECORDED, ids=label)
def test_values_of_networks_at_chance_are_numbers(function, seeds, tmp_path):
    assert record(tmp_path, function(*RECORDED[function](seeds)))


@pytest.mark.parametrize("seeds", [ONE, TWO], ids=["a seed", "two seeds"])
@pytest.mark.parametrize("function", SHOWN, ids=label)
def test_networks_at_chance_can_be_shown(function, seeds):
    assert reads(function(*SHOWN[function](seeds)))


def test_every_function_that_gives_values_is_tested_here():
    found = set()
    for module in pkgutil.walk_packages(kwslib.report.__path__, "kwslib.report."):
        members = inspect.getmembers(import_module(module.name), inspect.isfunction)
        found |= {
            label(function)
            for _, function in members
            if function.__module__ == module.name
            and str(inspect.signature(function).return_annotation).startswith(
                "dict[str, kwslib.record.values"
            )
        }
    assert found == set(map(label, RECORDED)) | WITHOUT_ACCURACY


@pytest.mark.parametrize("whole", [CHANCE, 0.9])
def test_a_sweep_of_some_points_records_numbers(whole, tmp_path):
    swept = pruned(TWO, whole)
    single = [swept[swept.point == point] for point in swept.point.unique()]
    for rows in (
        swept,
        swept[swept.structured],
        swept[~swept.structured],
        swept[swept.sparsity > 0],
        *single,
    ):
        record(tmp_path, part6.point_values(rows) | part6.reach_values(rows))
        assert reads(part6.points_table(part6.over_points(rows, structured=False)))


def test_what_falls_at_the_first_share_holds_at_none(tmp_path):
    values = record(tmp_path, part6.reach_values(pruned(TWO, whole=0.9)))
    assert values["falls_unstructured_finetuned"]["value"] == 0  # fine-tuning lost it
    assert "holds_unstructured_finetuned" not in values
    assert values["falls_unstructured_raw"]["value"] == 0.5
    assert values["holds_unstructured_raw"]["value"] == 0


def test_methods_without_a_seed_in_common_are_not_compared(tmp_path):
    rows = quantized(TWO)
    parted = rows[(rows.bits != 8) | ((rows.method == "qat") == (rows.seed == 0))]
    differences = part5.paired_differences(parted)
    assert 8 not in differences
    assert 7 in differences
    record(tmp_path, part5.paired_values(differences))
    assert reads(part5.paired_table(differences))
