"""Every small network of Parts 3, 5 and 6 in one table: accuracy, bytes in flash, time on the board.

A network is best by a size when no other is at least as accurate and at most as large, and better in one.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kwslib.board.cycles import rounded
from kwslib.experiments.quantization import WIDTHS
from kwslib.paths import atomic_write
from kwslib.record import names
from kwslib.record.comparison import load_results, recorded_folder
from kwslib.record.recording import Run
from kwslib.report.part6.board import BOTH, Cost
from kwslib.statistics import mean_share

if TYPE_CHECKING:
    import pandas

SIZES = ("flash", "ms")
COLUMNS = ("kind", "accuracy", "low", "high", "flash", "ms", "best by flash", "best by ms")
FILE = "06_trade_off.csv"


def models(
    quantized: Mapping[str, Any],
    rows: "pandas.DataFrame",
    sparse: "pandas.DataFrame",
    narrow: Mapping[int, Cost],
    ternary: Mapping[str, Cost],
) -> "pandas.DataFrame":
    """A row for each network, of all seeds: kind, accuracy (%) with its interval, constants in flash (bytes), ms.

    quantized: the values that Part 5 has recorded; what it has not is left out, or is missing in its row. rows: Part
    6's points, with what they cost on the board: of `measure_sparse`, by channels, and of ternary weights by point.
    """
    import pandas

    networks = {**_quantized(quantized), **_pruned(rows, sparse, narrow, ternary)}
    table = pandas.DataFrame.from_dict(networks, orient="index", columns=[*COLUMNS[:6]])
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


def recorded(run: Run, part: str) -> dict[str, Any]:
    """What another part has recorded in this run's folder, else, for real recordings, in the book's."""
    for folder in (run.results, None if run.synthetic else recorded_folder()):
        if folder and (folder / f"{part}.json").is_file():
            return load_results(folder)[part]["values"]
    return {}


def _quantized(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Part 3's network by bits."""
    networks = {}
    for bits in WIDTHS:
        point, width = names.quantized(bits), names.width(bits)
        if names.accuracy(point) in values and names.flash_weights(width) in values:
            share = values[names.accuracy(point)]
            bounds = (share["value"], *(share.get("ci95") or [share["value"]] * 2))
            ms = values.get(names.board_ms(width), {"value": math.nan})["value"]
            flash = values[names.flash_weights(width)]["value"]
            label = bits if isinstance(bits, str) else f"{bits} bit"
            networks[label] = ["quantized", *(100 * bound for bound in bounds), flash, ms]
    return networks


def _pruned(
    rows: "pandas.DataFrame",
    sparse: "pandas.DataFrame",
    narrow: Mapping[int, Cost],
    ternary: Mapping[str, Cost],
) -> dict[str, list[Any]]:
    """Part 6's networks: sparse, narrow, narrow on ternary weights."""
    networks = {}
    for (structured, share), group in rows.groupby(["structured", "sparsity"]):
        percent, left, point = round(100 * share, 6), int(group.channels.iloc[0]), group.point.iloc[0]
        if structured and left in narrow:
            networks[f"{left} ch"] = _row("narrow", group.qat_8, group.flash_8, narrow[left].ms)
        if structured and point in ternary:
            costs = group.flash_ternary, ternary[point].ms
            networks[f"{left} ch, ternary"] = _row("narrow and ternary", group.qat_ternary, *costs)
        if not structured and percent in sparse.index:
            cost = sparse.loc[percent]
            flash, ms = cost[[f"constants, {BOTH}"]], cost[f"ms, {BOTH}"]
            networks[f"{percent:g} % sparse"] = _row("sparse", group.qat_8, flash, ms)
    return networks


def _row(kind: str, accuracies: "pandas.Series", flash: "pandas.Series", ms: float) -> list[Any]:
    mean = mean_share(list(accuracies))
    bounds = mean if len(accuracies) > 1 else [mean.mean] * 3
    return [kind, *(100 * bound for bound in bounds), int(flash.iloc[0]), ms]
