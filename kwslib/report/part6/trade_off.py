"""Every small network of Parts 3, 5 and 6 in one table: accuracy, bytes in flash, time on the board.

A network is best by a size when no other is at least as accurate and at most as large, and better in one.
"""

import re
from typing import TYPE_CHECKING, Any

from kwslib.board.cycles import rounded
from kwslib.paths import atomic_write
from kwslib.record.comparison import load_results, recorded_folder
from kwslib.record.recording import Run

if TYPE_CHECKING:
    import pandas

SIZES = ("flash", "ms")
COLUMNS = ("kind", "accuracy", "low", "high", "flash", "ms", "best by flash", "best by ms")
FILE = "06_trade_off.csv"


def models(run: Run) -> "pandas.DataFrame":
    """A row for each network, of all seeds: kind, accuracy (%) with its interval, constants in flash (bytes), ms.

    What Part 5 has not recorded is left out, or is missing in its row.
    """
    import pandas

    rows = {**_quantized(_values(run, "05_quantization")), **_pruned(run.values)}
    table = pandas.DataFrame.from_dict(rows, orient="index", columns=[*COLUMNS[:6]])
    for size in SIZES:
        table[f"best by {size}"] = [
            bool(row[size] == row[size])
            and not any(
                other.accuracy >= row.accuracy
                and other[size] <= row[size]
                and (other.accuracy > row.accuracy or other[size] < row[size])
                for _, other in table.iterrows()
            )
            for _, row in table.iterrows()
        ]
    return table.rename_axis("network").sort_values("flash")


def write(run: Run, table: "pandas.DataFrame") -> None:
    """Write the table beside the recorded values, as 06_trade_off.csv."""
    with atomic_write(run.results / FILE) as path:
        table.to_csv(path, float_format="%.6g", lineterminator="\n")


def shown(table: "pandas.DataFrame") -> "pandas.DataFrame":
    """The networks that are best by bytes or by time, as a reader wants them."""
    import pandas

    best = table[table["best by flash"] | table["best by ms"]]
    return pandas.DataFrame(
        {
            "accuracy (%)": [
                f"{row.accuracy:.1f} ({row.low:.1f} to {row.high:.1f})" for row in best.itertuples()
            ],
            "flash (B)": [f"{size:,.0f}" for size in best.flash],
            "board (ms)": ["" if ms != ms else f"{rounded(ms):g}" for ms in best.ms],
            "best by": [
                " and ".join(size for size in SIZES if row[f"best by {size}"]).replace("flash", "bytes")
                for _, row in best.iterrows()
            ],
        },
        index=best.index,
    )


def _values(run: Run, part: str) -> dict[str, Any]:
    """What another part has recorded in this run's folder, else, for real recordings, in the book's."""
    for folder in (run.results, None if run.synthetic else recorded_folder()):
        if folder and (folder / f"{part}.json").is_file():
            return load_results(folder)[part]["values"]
    return {}


def _row(values: dict[str, Any], kind: str, accuracy: str, flash: str, ms: str) -> list[Any] | None:
    if accuracy not in values or flash not in values:
        return None
    share = values[accuracy]
    bounds = share.get("ci95") or [share["value"]] * 2
    milliseconds = values[ms]["value"] if ms in values else float("nan")
    return [kind, *(100 * value for value in (share["value"], *bounds)), values[flash]["value"], milliseconds]


def _quantized(values: dict[str, Any]) -> dict[str, list[Any]]:
    """Part 3's network by bits."""
    rows = {}
    for name in values:
        if found := re.fullmatch(r"accuracy_qat_(\d)bit|accuracy_qat_(ternary)", name):
            width = f"{found[1]}bit" if found[1] else found[2]
            row = _row(values, "quantized", name, f"flash_weights_{width}", f"board_ms_{width}")
            if row:
                rows[f"{found[1]} bit" if found[1] else width] = row
    return rows


def _pruned(values: dict[str, Any]) -> dict[str, list[Any]]:
    """Part 6's networks: sparse, narrow, narrow on fewer bits."""
    rows = {}
    for name in values:
        if found := re.fullmatch(r"accuracy_unstructured_(\d+)_qat_8", name):
            key = f"sparse_{found[1]}"
            row = _row(values, "sparse", name, f"flash_weights_{key}", f"board_ms_{key}")
            label = f"{found[1]} % sparse"
        elif found := re.fullmatch(r"accuracy_channels_(\d)_qat_(8|ternary)", name):
            key, whole = f"channels_{found[1]}", found[2] == "8"
            kind, suffix = ("narrow", "") if whole else ("narrow and ternary", "_ternary")
            row = _row(values, kind, name, f"flash_weights_{key}{suffix}", f"board_ms_{key}{suffix}")
            label = f"{found[1]} ch" + ("" if whole else ", ternary")
        else:
            continue
        if row:
            rows[label] = row
    return rows
