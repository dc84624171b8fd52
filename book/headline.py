"""The README's table and picture, written from the recorded values: nobody types a number there either."""

from math import nan
from pathlib import Path

from kwslib.labels import class_labels
from kwslib.paths import atomic_write
from kwslib.record.comparison import compare, load_original, load_results
from kwslib.record.headline import Row, rows
from notebooks import ROOT

BEGIN, END = "<!-- headline: written by `make record`, do not edit -->\n", "<!-- /headline -->"
TRAINED = "03_training"


def table() -> str:
    """The headline values as a Markdown table."""
    head = ["| | original (95 % interval) | ours (95 % interval) | verdict |", "| --- | ---: | ---: | --- |"]
    return "\n".join([*head, *map(_line, rows(load_results()))])


def _line(row: Row) -> str:
    verdict = f"{row.verdict}: {row.reason}" if row.reason else row.verdict
    return f"| {row.gist} | {row.original} | {row.ours or 'not yet recorded'} | {verdict} |"


def with_table(readme: str) -> str:
    """The README with the table between its two marks."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}{table()}\n{END}{rest.partition(END)[2]}"


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
        figure.savefig(temporary, metadata={"Software": None})


def write() -> None:
    """Renew both."""
    readme = ROOT / "README.md"
    text = with_table(readme.read_text(encoding="utf-8"))
    with atomic_write(readme) as temporary:
        temporary.write_text(text, encoding="utf-8")
    if TRAINED in load_results():
        picture(ROOT / "book" / "_static" / "headline.png")
