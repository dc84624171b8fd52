"""Results of networks that learned nothing, with few seeds, and what is recorded and shown of them."""

from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pandas

from kwslib.deployment.decision import DecisionSettings
from kwslib.experiments import pruning, quantization
from kwslib.experiments.field import Model
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
from kwslib.record import names
from kwslib.record.values import Value
from kwslib.report.numbers import share_text
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
from kwslib.report.part8 import missed as missed8
from kwslib.report.part8 import networks as part8

CHANCE = 0.25
LABELS = class_labels()
TRUE = np.arange(40) % len(LABELS)
RARE = {"rare": TRUE == 1, "frequent": TRUE == 2}
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
MODEL = Model("field", StreamNetwork("none", LABELS, None, 0.1), DecisionSettings())
DEAF = OperatingPoint(0.3, 0, 0.05, 20, 20, 9, np.array([]))  # reports nothing
EAGER = OperatingPoint(0.3, 90, 0.05, 20, 20, 9, np.array([]))  # reports all the time, the wrong word
DRAWS = {"said": "yes", "background": "hum", "snr": 5.0, "distance": 0.5, "rt60": 0.3}
KEYWORDS = [DRAWS | {"missed": True}] * 4
COST8 = {f"{what}_tinyconv": Value(1.0) for what in ("board_ms_hop", "flash", "load", "power_mw")}
COSTS = {c: board6.Cost(ms=c, linear_ms=1, flash=1, ram=1, constants=1) for c in (8, 7, 4)}
LATENCIES = {c: Latency("PyTorch", "CPU", 1, (0.1, 0.2)) for c in range(1, 9)}


def detection(seeds):
    return hours.Detection(MODEL, [EAGER, DEAF], EAGER if len(seeds) > 1 else DEAF)


def heard(seeds):
    chosen = detection(seeds).chosen
    long = SimpleNamespace(as_json=lambda: {"keywords": 6, "hits": 0, "misses": 6, "false_accepts": 0})
    kinds = {"words": 0, "noise": 0}
    return Heard(TRIALS, DecisionSettings(), chosen, kinds, {}, long, KEYWORDS, (EAGER, chosen))


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
    part8.familiarity_values: lambda seeds: (RARE, rights(seeds)),
    missed8.missed_values: lambda seeds: ({"tinyconv": heard(seeds)},),
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
    field8.long_table: lambda seeds: ({"tinyconv": heard(seeds)}, COST8),
    missed8.word_table: lambda seeds: ({"tinyconv": heard(seeds)},),
    missed8.by_factor: lambda seeds: ({"tinyconv": heard(seeds)}, ("tinyconv",)),
    draw8.field_trade_off: lambda seeds: ({"tinyconv": heard(seeds)}, COST8),
    draw8.detection_error: lambda seeds: ({"tinyconv": heard(seeds)}, (1.0, 0.15)),
    part8.ahead_table: lambda seeds: (part8.ahead_values(rights(seeds)),),
    part8.familiarity_table: lambda seeds: (part8.familiarity_values(RARE, rights(seeds)),),
    share_text: lambda _: (Value(CHANCE, "fraction", (np.nan, np.nan), 1),),
    draw8.familiarity: lambda _: ({},),
}
