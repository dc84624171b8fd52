"""The networks of Part 8 in the field and over hours: those of earlier parts, and those trained for the field here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kwslib.experiments import zoo, zoo_field
from kwslib.experiments.field import field_model
from kwslib.experiments.zoo_field import Heard
from kwslib.features.frontend import HOP_MS
from kwslib.field.long import MOST_FALSE, MOST_MISSES
from kwslib.field.stream import open_network
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Values, share
from kwslib.report.numbers import share_text, two_digits, with_interval
from kwslib.report.part8.networks import clip_accuracy
from kwslib.statistics import poisson_rate

if TYPE_CHECKING:
    import pandas

HERE = {  # trained for the field here
    "quick": ("tenet_valid",),
    "report": ("tinyconv_valid", "tenet_valid", "tenet_wide"),
}
BEFORE = {"quick": (), "report": ("tinyconv", "tenet")}  # in Part 4
MOST_CLIPS = 3  # that are named
TITLES = {
    "tinyconv": "TinyConv, of Part 3",
    "tinyconv_field": "TinyConv, Part 4's for the field",
    "tenet_field": "tenet, Part 4's for the field",
    "tinyconv_valid_field": "TinyConv, unpadded, for the field",
    "tenet_valid_field": "tenet, unpadded, for the field",
    "tenet_wide_field": "tenet, wide, for the field",
}


@dataclass(frozen=True)
class FieldNetwork:
    """An int8 network in the field. `key`: in the names of recorded values."""

    key: str
    title: str
    path: Path


def listeners(run: Run) -> list[FieldNetwork]:
    """Part 3's TinyConv, the networks that Part 4 trained for the field, and those trained for it here."""
    profile = run.profile.name
    paths = {"tinyconv": zoo.int8(run, "tinyconv")}
    paths |= {names.for_field(arch): field_model(run, arch) for arch in BEFORE[profile]}
    trained = zoo_field.train_zoo_for_field(run, [(arch, run.seeds[0]) for arch in HERE[profile]])
    paths |= {names.for_field(arch): path for arch, path in zip(HERE[profile], trained, strict=True)}
    return [FieldNetwork(key, TITLES[key], path) for key, path in paths.items()]


def clean_values(run: Run, found: list[FieldNetwork]) -> Values:
    """Test accuracy on clean clips of the networks trained here, in float and in int8."""
    return {
        names.field_accuracy(arch, kind): clip_accuracy(run, path)
        for listener in found
        for arch in HERE["report"]
        if listener.key == names.for_field(arch)
        for kind, path in (("float32", listener.path.with_suffix(".pt")), ("", listener.path))
    }


def hear_all(run: Run, found: list[FieldNetwork]) -> dict[str, Heard]:
    """Results of each network in the field and over hours, by its key."""
    return {listener.key: zoo_field.hear(run, open_network(listener.path)) for listener in found}


def trials_table(heard: Mapping[str, Heard]) -> "pandas.DataFrame":
    """Correct trials (%), in total and by class."""
    import pandas

    rows = {}
    for key, found in heard.items():
        trials = found.trials
        row = {"all": share_text(share(trials.evaluation.correct, trials.n))}
        for label, (correct, n) in trials.evaluation.counts.items():
            row[label] = f"{100 * correct / n:.1f}"
        rows[TITLES[key]] = row
    return pandas.DataFrame(rows).T.rename_axis("trials right (%)")


def costs(found: list[FieldNetwork]) -> Values:
    """Cost of each network on the board."""
    values: Values = {}
    for listener in found:
        values |= zoo.board_values(listener.path, listener.key)
    return values


def hours_table(heard: Mapping[str, Heard], cost: Values) -> "pandas.DataFrame":
    """The operating point of each network, chosen on validation and measured on testing, with its intervals
    and its cost."""
    import pandas

    rows = {}
    for key, found in heard.items():
        point = found.chosen
        rows[TITLES[key]] = {
            "threshold": f"{point.threshold:.3f}",
            "smoothing (ms)": f"{HOP_MS * found.settings.smoothing}",
            "false accepts an hour": with_interval(point.per_hour, *point.per_hour_ci95),
            "keywords missed (%)": share_text(share(point.rejects, point.keywords)),
            "network, a hop (ms)": two_digits(cost[names.hop_ms(key)].value),
            "flash (B)": f"{cost[names.firmware('flash', key)].value:,.0f}",
        }
    return pandas.DataFrame(rows).T.rename_axis("network")


def kinds_table(heard: Mapping[str, Heard]) -> "pandas.DataFrame":
    """False accepts per hour for each kind of sound, with Poisson intervals."""
    import pandas

    rows = {}
    for key, found in heard.items():
        hours = found.chosen.hours / len(found.by_kind)
        rows[TITLES[key]] = {
            kind: with_interval(count / hours, *poisson_rate(count, hours))
            for kind, count in found.by_kind.items()
        }
    return pandas.DataFrame(rows).T.rename_axis("false accepts an hour of")


def clips_table(heard: Mapping[str, Heard]) -> "pandas.DataFrame":
    """Number of clips of other words with false accepts, and the most frequent ones."""
    import pandas

    rows = {}
    for key, found in heard.items():
        ranked = sorted(found.by_clip.items(), key=lambda pair: (-pair[1], pair[0].name))
        rows[TITLES[key]] = {
            "false accepts at words": f"{sum(found.by_clip.values())}",
            "clips": f"{len(ranked)}",
            "which": ", ".join(f"{clip.name} ({count})" for clip, count in ranked[:MOST_CLIPS]) or "none",
        }
    return pandas.DataFrame(rows).T.rename_axis("network")


def long_table(heard: Mapping[str, Heard], cost: Values) -> "pandas.DataFrame":
    """The long file: keywords detected and missed, false accepts, each beside its limit; and what listening costs."""
    import pandas

    rows = {}
    for key, found in heard.items():
        score = found.long.as_json()
        rows[TITLES[key]] = {
            "keywords": f"{score['keywords']}",
            "found": f"{score['hits']}",
            f"missed (at most {MOST_MISSES})": f"{score['misses']}",
            f"false accepts (at most {MOST_FALSE})": f"{score['false_accepts']}",
            "duty cycle (%)": two_digits(100 * cost[names.chain("load", key)].value),
            "power with microphone (mW)": two_digits(cost[names.chain("power_mw", key)].value),
        }
    return pandas.DataFrame(rows).T.rename_axis("network")
