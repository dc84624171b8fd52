"""The README's table and the pictures of pages, from the recorded values: nobody types a number there either."""

from math import nan
from pathlib import Path
from typing import Any

from kwslib.errors import KwsError
from kwslib.labels import class_labels
from kwslib.record import names
from kwslib.record.comparison import compare, load_original, load_results
from kwslib.record.headline import HeadlineRow, rows
from kwslib.writing import atomic_write
from notebooks import ROOT

BEGIN, END = "<!-- headline: written by `make record`, do not edit -->\n", "<!-- /headline -->"
TRAINED = "03_training"
STEPS = {  # from the original's kind of test to ours, one change at a time: what is said of each, and the way in Part 3
    "original's protocol": "original protocol",
    "its training, fixed test": "original protocol, fixed test",
    "fixed protocol": "fixed protocol",
    "fixed, augmented": "fixed protocol, augmented",
    "fixed, our recipe": "fixed protocol, our recipe",
}


def table() -> str:
    """The headline values as a Markdown table."""
    head = ["| | original (95 % interval) | ours (95 % interval) | verdict |", "| --- | ---: | ---: | --- |"]
    return "\n".join([*head, *map(_line, rows(load_results()))])


def _line(row: HeadlineRow) -> str:
    verdict = f"{row.verdict}: {row.reason}" if row.reason else row.verdict
    return f"| {row.gist} | {row.original} | {row.ours or 'not yet recorded'} | {verdict} |"


def with_table(readme: str) -> str:
    """The README with the table between its two marks."""
    return between(readme, BEGIN, table(), END)


def between(text: str, begin: str, new: str, end: str) -> str:
    """`text` with `new` in place of what stands between two marks; a KwsError where it lacks one."""
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise KwsError(f"no {begin.strip()} ... {end} in the text: put both marks where the table goes")
    return f"{before}{begin}{new}\n{end}{after}"


def picture(path: Path) -> None:
    """Draw the recorded test accuracy by class beside the original's, with the intervals that the verdicts go by."""
    from kwslib.record import style
    from kwslib.report.part3 import figures as training

    labels = [*class_labels(), "total"]
    compared = {row.original.key: row for row in compare(load_results())}
    shown = [compared[f"figure9_accuracy_{label}"] for label in labels[:-1]] + [compared["accuracy_testing"]]
    style.use(synthetic=False)
    figure = training.per_class_bars(
        labels,
        [(nan if row.ours is None else row.ours) / row.original.whole for row in shown],
        [(row.interval or (nan, nan))[0] / row.original.whole for row in shown],
        [(row.interval or (nan, nan))[1] / row.original.whole for row in shown],
        {label: load_original()[f"figure9_accuracy_{label}"].value for label in labels},
        {label: load_original()[f"figure9_accuracy_{label}"].ci95 for label in labels},
    )
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def steps(path: Path) -> None:
    """Draw what stands between the original's kind of test and ours, of recorded values."""
    from kwslib.record import style
    from kwslib.report.part3 import figures as training

    values, original = load_results()[TRAINED]["values"], load_original()["figure9_accuracy_total"]
    style.use(synthetic=False)
    figure = training.accuracy_steps(
        {
            what: _with_interval(values[name])
            for what, way in STEPS.items()
            if (name := names.test_accuracy(way)) in values
        },
        {
            "the original": (original.value, *(original.ci95 or (nan, nan))),
            "ours on its kind of test": _with_interval(values["accuracy_testing_first_seed_redrawn"]),
        },
    )
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def _with_interval(value: dict[str, Any]) -> tuple[float, float, float]:
    low, high = value["ci95"]
    return value["value"], low, high


def write() -> None:
    """Renew the table and the pictures."""
    readme = ROOT / "README.md"
    text = with_table(readme.read_text(encoding="utf-8"))
    with atomic_write(readme) as temporary:
        temporary.write_text(text, encoding="utf-8")
    if TRAINED in load_results():
        picture(ROOT / "book" / "_static" / "headline.svg")
        steps(ROOT / "book" / "_static" / "steps.svg")
