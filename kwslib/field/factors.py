"""Ablation of the field: the effect of each factor on accuracy, one at a time, on the same trials.

All rows use trials of the same seed, with equal clips, positions and shares of all ranges, so that they differ only
in the factor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kwslib.data.audio import read_clip
from kwslib.data.corpus import Corpus
from kwslib.deployment.decision import DecisionSettings
from kwslib.features.frontend import features
from kwslib.field import micro_speech
from kwslib.field.conditions import DEFAULT, Field, harder
from kwslib.field.evaluate import SINCE, FieldResult, judge, stage, trial_logits
from kwslib.field.rooms import ROOMS, room_bank
from kwslib.field.stream import StreamNetwork, posteriors
from kwslib.field.trials import classes_of

WHOLE_FIELD = "the whole field"  # the row that others are compared with
CLEAN = Field(rt60=None, snr=None, microphone=None)


@dataclass(frozen=True)
class Factor:
    """A row of the table: a field, decision settings, and whether the float network is used.
    `micro_speech`: decisions follow the rule of TensorFlow's example.

    `group`: "clips" (without a stream), "alone" (added to a clean stream), "without" (removed from the whole field),
    "decision" or "network" (the whole field).
    """

    name: str
    group: str
    field: Field
    threshold: float | None = None
    smoothing: int | None = None
    floating: bool = False
    micro_speech: bool = False


def factors(field: Field = DEFAULT) -> tuple[Factor, ...]:
    """The rows, in the order of the table."""
    near = replace(field, distance=(field.distance[0], field.distance[0]))
    return (
        Factor("clips as recorded, whole", "clips", CLEAN),
        Factor("stream, word anywhere", "alone", CLEAN),
        Factor("microphone and level", "alone", replace(field, rt60=None, snr=None)),
        Factor("room", "alone", replace(field, snr=None, microphone=None)),
        Factor("background", "alone", replace(field, rt60=None, microphone=None)),
        Factor(WHOLE_FIELD, "all", field),
        Factor("without the background", "without", replace(field, snr=None)),
        Factor("without the room", "without", replace(field, rt60=None)),
        Factor("without the microphone", "without", replace(field, microphone=None)),
        Factor("at the least distance", "without", near),
        Factor("hard field", "all", harder(field)),
        Factor("float32 network", "network", field, floating=True),
        Factor("threshold 0.5", "decision", field, threshold=0.5),
        Factor("threshold 0.9", "decision", field, threshold=0.9),
        Factor("no smoothing", "decision", field, smoothing=1),
        Factor("rule of micro_speech", "decision", field, micro_speech=True),
        Factor(
            "rule of micro_speech, no background", "decision", replace(field, snr=None), micro_speech=True
        ),
    )


@dataclass(frozen=True)
class Effect:
    """A factor and the result with it."""

    factor: Factor
    result: FieldResult


def measure_factors(
    corpus: Corpus,
    integer: StreamNetwork,
    floating: StreamNetwork,
    n: int,
    *,
    settings: DecisionSettings | None = None,
    rows: Sequence[Factor] | None = None,
    rooms: int = ROOMS,
) -> list[Effect]:
    """Results of all rows on the same `n` trials, with the int8 network or, for rows that ask for it, the float one."""
    base = settings or DecisionSettings(classes=len(integer.labels))
    said = classes_of(range(n), integer.labels)
    effects = []
    for row in factors() if rows is None else rows:
        network = floating if row.floating else integer
        bank = room_bank(row.field, "testing", rooms)
        trial_stage = stage(corpus, integer.labels, row.field, rooms=bank)
        row_settings = base
        if row.threshold is not None:
            row_settings = replace(row_settings, threshold=row.threshold)
        if row.smoothing is not None:
            row_settings = replace(row_settings, smoothing=row.smoothing)
        if row.group == "clips":
            spoken = [trial_stage.trial(i).clip for i in range(n)]
            clips = np.stack([read_clip(clip.path) for clip in spoken])
            clips[said == 0] = 0
            answers = network(features(clips)).argmax(axis=1)
            effects.append(Effect(row, FieldResult(integer.labels, said, answers, 0, 0.0, row_settings)))
            continue
        logits = trial_logits(network, trial_stage.frames(range(n)))
        result = judge(logits, said, network, row_settings)
        if row.micro_speech:
            shares = [posteriors(each, network.scale) for each in logits]
            answers = np.array([micro_speech.answer(each, SINCE) for each in shares])
            result = replace(result, answers=answers)
        effects.append(Effect(row, result))
    return effects
