"""Part 6's tables of pruned networks in the simulated field of Part 4."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kwslib.experiments.field import field_stage
from kwslib.field.evaluate import FieldResult, run_trials
from kwslib.record import names
from kwslib.record.comparison import load_original
from kwslib.record.recording import Run
from kwslib.record.values import Value, Values
from kwslib.report.numbers import with_interval
from kwslib.report.part6.board import REMOVED

if TYPE_CHECKING:
    import pandas

TRIALS = {"quick": 40, "report": 500}  # in the simulated field, by profile


def channel_files(models: Path, widths: Iterable[int]) -> dict[int, Path]:
    """The int8 files that `board.export_points` wrote of networks with so many channels."""
    return {left: models / names.pruned_tflite(names.channels(left)) for left in widths}


def in_field(run: Run, files: Mapping[int, Path]) -> dict[int, FieldResult]:
    """Results of simulated trials with those int8 networks, given by channels, that are in Figure 15."""
    rooms = field_stage(run).rooms
    return {
        left: run_trials(files[left], TRIALS[run.profile.name], corpus=run.corpus, rooms=rooms)
        for left in REMOVED.values()
        if left in files
    }


def field_values(results: Mapping[int, FieldResult]) -> Values:
    """Accuracies from `in_field`."""
    return {
        names.in_field(names.accuracy(names.channels(left))): Value(
            each.accuracy, "fraction", each.ci95, each.n
        )
        for left, each in results.items()
    }


def field_table(results: Mapping[int, FieldResult]) -> "pandas.DataFrame":
    """Figure 15's accuracies (%) in the field by percent of the channels removed: the original's live trials, and of
    ours the mean, low and high (Wilson)."""
    import pandas

    stated, rows = load_original(), {}
    for percent, left in REMOVED.items():
        if left in results:
            bounds = zip(("mean", "low", "high"), (results[left].accuracy, *results[left].ci95), strict=True)
            rows[percent] = {"original": stated[f"field_removed_{percent}"].value}
            rows[percent] |= {name: 100 * value for name, value in bounds}
    return pandas.DataFrame(rows).T.rename_axis("removed (%)")


def with_times(times: "pandas.DataFrame", answers: "pandas.DataFrame") -> "pandas.DataFrame":
    """Figure 15 as a table for display: `removed_table`, and the accuracies of `field_table` where they are known."""
    import pandas

    heard = {
        percent: {
            "in field, original (%)": f"{row.original:.0f}",
            "in field, ours (%)": with_interval(row["mean"], row.low, row.high),
        }
        for percent, row in answers.iterrows()
    }
    return times.join(pandas.DataFrame.from_dict(heard, orient="index"))
