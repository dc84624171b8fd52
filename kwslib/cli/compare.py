"""`kws compare`: the original report beside the recorded values."""

from collections import Counter
from math import isfinite
from pathlib import Path

import typer

from kwslib.cli.options import JSON
from kwslib.cli.output import print_json
from kwslib.errors import KwsError
from kwslib.record.comparison import Comparison, compare, load_results


def compare_values(
    results: Path | None = typer.Option(None, help="Folder of recorded values [default: book/results]."),
    as_json: bool = JSON,
) -> None:
    """Compare the original report's values with the recorded ones: intervals, and a verdict by rule."""
    recorded = load_results(results)
    if not recorded:
        raise KwsError(f"{results}: no recorded values, files such as 03_training.json: name another folder")
    rows = compare(recorded)
    summary = Counter(row.verdict for row in rows)
    profiles = {part: contents.get("profile") for part, contents in recorded.items()}
    if as_json:
        print_json({"profiles": profiles, "rows": [_as_json(row) for row in rows], "summary": dict(summary)})
        return
    for part in sorted({row.original.part for row in rows}):
        print(f"\nPart {part}")
        _print_rows([row for row in rows if row.original.part == part])
    print(
        f"\n{len(rows)} values: "
        + ", ".join(f"{count} {verdict}" for verdict, count in summary.most_common())
    )
    if synthetic := [part for part, profile in profiles.items() if profile != "report"]:
        print(f"Not from the report profile, so not to be quoted: {', '.join(synthetic)}")


def _as_json(row: Comparison) -> dict:
    entry = row.original
    return {
        "key": entry.key,
        "part": entry.part,
        "where": entry.where,
        "what": entry.gist,
        "original": entry.value,
        "original_ci95": entry.ci95 and [bound if isfinite(bound) else None for bound in entry.ci95],
        "unit": entry.unit,
        "ours": row.ours,
        "ci95": row.interval,
        "ci95_recorded": row.ci95,
        "difference": row.difference,
        "better": {"better": True, "worse": False}.get(row.verdict),
        "verdict": row.verdict,
        "recorded": entry.ours,
        "reason": row.reason,
    }


def _print_rows(rows: list[Comparison]) -> None:
    cells = [("where", "what", "original (95 %)", "ours (95 %)", "difference", "verdict")]
    for row in rows:
        entry = row.original
        ours = "" if row.ours is None else row.ours_with_interval
        difference = "" if row.difference is None else f"{row.difference:+.4g}"
        verdict = f"{row.verdict}: {row.reason}" if row.reason else row.verdict
        cells.append((entry.where, entry.gist, entry.text_with_interval, ours, difference, verdict))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    for place, subject, original, ours, difference, verdict in cells:
        left = f"  {place:<{widths[0]}}  {subject:<{widths[1]}}  {original:>{widths[2]}}"
        print(f"{left}  {ours:>{widths[3]}}  {difference:>{widths[4]}}  {verdict}")
