"""All small networks of Parts 3, 5 and 6 in one table: accuracy, bytes in flash, time on the board.

The best networks are selected on validation clips and reported on test clips. Starting from the smallest, the next best
one is the first whose validation interval lies entirely above that of the last: smaller differences may be chance.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kwslib.experiments.quantization import WIDTHS
from kwslib.quantization.grids import TERNARY, Width
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.report.numbers import two_digits, with_interval
from kwslib.report.part6.board import BOTH, Cost
from kwslib.statistics import mean_share
from kwslib.writing import atomic_write

if TYPE_CHECKING:
    import pandas

SIZES = ("flash", "ms")
BEST_BY = {"flash": "bytes", "ms": "time"}  # in a table
VALIDATION = ("validation", "validation low", "validation high")
TESTED = ("accuracy", "low", "high")
COLUMNS = ("kind", *VALIDATION, *TESTED, *SIZES)  # and "best by" each of SIZES
FILE = "06_trade_off.csv"


def models(
    quantized: Mapping[str, Any],
    rows: "pandas.DataFrame",
    sparse: "pandas.DataFrame",
    channels: Mapping[int, Cost],
    ternary: Mapping[str, Cost],
) -> "pandas.DataFrame":
    """A row for each network, of all seeds: kind, accuracy on both splits (%) with its interval, bytes of constants in
    flash, ms, and whether it is best by either.

    quantized: the values that Part 5 has recorded; others are left out, or missing in their row. rows: Part 6's
    points, with their cost on the board: from `measure_sparse`, by channels, and for ternary weights by point.
    """
    import pandas

    networks = {**_quantized(quantized), **_pruned(rows, sparse, channels, ternary)}
    table = pandas.DataFrame.from_dict(networks, orient="index", columns=[*COLUMNS])
    for size in SIZES:
        table[f"best by {size}"] = table.index.isin(_best(table, size))
    return table.rename_axis("network").sort_values("flash")


def _best(table: "pandas.DataFrame", size: str) -> list[str]:
    """Names of the networks on the line of the best, from the smallest to the most accurate."""
    known = table.dropna(subset=[size]).sort_values([size, "validation"], ascending=[True, False])
    best: list[str] = []
    for name, low in known["validation low"].items():
        if not best or low > known.loc[best[-1], "validation high"]:
            best.append(str(name))
    return best


def write(run: Run, table: "pandas.DataFrame") -> None:
    """Write the table to the folder of the recorded values, as 06_trade_off.csv."""
    with atomic_write(run.results / FILE) as path:
        table.to_csv(path, float_format="%.6g", lineterminator="\n")


def shown(table: "pandas.DataFrame") -> "pandas.DataFrame":
    """The networks that are best by bytes or by time, as a table for display."""
    import pandas

    best = table[table["best by flash"] | table["best by ms"]]
    return pandas.DataFrame(
        {
            f"{split} (%)": [with_interval(row[mean], row[low], row[high]) for _, row in best.iterrows()]
            for split, (mean, low, high) in (("validation", VALIDATION), ("test", TESTED))
        }
        | {
            "flash (B)": [f"{size:,.0f}" for size in best.flash],
            "board (ms)": ["" if ms != ms else two_digits(ms) for ms in best.ms],
            "best by": [
                " and ".join(title for size, title in BEST_BY.items() if row[f"best by {size}"])
                for _, row in best.iterrows()
            ],
        },
        index=best.index.str.replace(r"^1 ch\b", "1 channel", regex=True).str.replace(
            r"\bch\b", "channels", regex=True
        ),
    )


def _quantized(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Part 3's network by bits."""
    networks = {}
    for bits in WIDTHS:
        point, width = names.quantized(bits), names.width(bits)
        asked = names.validation(point), names.accuracy(point), names.flash_weights(width)
        if all(name in values for name in asked):
            validation, testing, flash = (values[name] for name in asked)
            ms = values.get(names.board_ms(width), {"value": math.nan})["value"]
            label = bits if isinstance(bits, str) else f"{bits} bit"
            bounds = (100 * bound for share in (validation, testing) for bound in _bounds(share))
            networks[label] = ["quantized", *bounds, flash["value"], ms]
    return networks


def _bounds(share: Mapping[str, Any]) -> tuple[float, ...]:
    return share["value"], *(share.get("ci95") or [share["value"]] * 2)


def _pruned(
    rows: "pandas.DataFrame",
    sparse: "pandas.DataFrame",
    channels: Mapping[int, Cost],
    ternary: Mapping[str, Cost],
) -> dict[str, list[Any]]:
    """Part 6's networks: sparse, narrow, narrow on ternary weights."""
    networks = {}
    for (structured, share), group in rows.groupby(["structured", "sparsity"]):
        percent, left, point = round(100 * share, 6), int(group.channels.iloc[0]), group.point.iloc[0]
        if structured and left in channels:
            networks[f"{left} ch"] = _row("narrow", group, 8, group.flash_8.iloc[0], channels[left].ms)
        if structured and point in ternary:
            flash, ms = group.flash_ternary.iloc[0], ternary[point].ms
            networks[f"{left} ch, ternary"] = _row("narrow and ternary", group, TERNARY, flash, ms)
        if not structured and percent in sparse.index:
            flash, ms = sparse.loc[percent, [f"constants, {BOTH}", f"ms, {BOTH}"]]
            networks[f"{percent:g} % sparse"] = _row("sparse", group, 8, flash, ms)
    return networks


def _row(kind: str, seeds: "pandas.DataFrame", bits: Width, flash: float, ms: float) -> list[Any]:
    bounds: list[float] = []
    for column in (names.qat_validation(bits), names.qat(bits)):
        mean = mean_share(list(seeds[column]))
        bounds += mean if len(seeds) > 1 else [mean.mean] * 3
    return [kind, *(100 * bound for bound in bounds), int(flash), ms]
