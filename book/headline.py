"""The README's table and picture, written from the recorded values: nobody types a number there either."""

from pathlib import Path

from kwslib.labels import class_labels
from kwslib.paths import atomic_write
from kwslib.record.comparison import Comparison, compare, format_value, load_original, load_results
from notebooks import ROOT

BEGIN, END = "<!-- headline: written by `make record`, do not edit -->\n", "<!-- /headline -->"
TESTING = "03_training", "accuracy_testing"


def table() -> str:
    """The headline values as a Markdown table."""
    rows = [row for row in compare(load_results()) if row.original.headline]
    lines = ["| | original | ours (95 % interval) |", "| --- | ---: | ---: |"]
    return "\n".join(
        [*lines, *(f"| {row.original.gist} | {row.original.text} | {_ours(row)} |" for row in rows)]
    )


def _ours(row: Comparison) -> str:
    return "not yet recorded" if row.ours is None else format_value(row.ours, row.original.unit, row.ci95)


def with_table(readme: str) -> str:
    """The README with the table between its two marks."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}{table()}\n{END}{rest.partition(END)[2]}"


def picture(path: Path) -> None:
    """Draw the recorded test accuracy by class beside the original's."""
    from kwslib.record import style
    from kwslib.report.part3 import figures as training

    part, name = TESTING
    values, original = load_results()[part]["values"], load_original()
    labels = class_labels()
    recorded = [values[f"{name}_{label}"] for label in labels] + [values[name]]
    style.use(synthetic=False)
    figure = training.per_class_bars(
        [*labels, "total"],
        [value["value"] for value in recorded],
        [value["ci95"][0] for value in recorded],
        [value["ci95"][1] for value in recorded],
        {label: original[f"figure9_accuracy_{label}"].value for label in (*labels, "total")},
    )
    with atomic_write(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def write() -> None:
    """Renew both."""
    readme = ROOT / "README.md"
    text = with_table(readme.read_text(encoding="utf-8"))
    with atomic_write(readme) as temporary:
        temporary.write_text(text, encoding="utf-8")
    if TESTING[0] in load_results():
        picture(ROOT / "book" / "_static" / "headline.png")
