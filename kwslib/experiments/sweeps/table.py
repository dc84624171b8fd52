"""The table of a sweep: one tidy row for each finished point, as Parquet and CSV, and its rows for a notebook.

A row holds the point's parameters, its counts and accuracies, and its provenance: versions, commit, hash of
the data, running time in seconds. Weight widths are text in the file (8, ternary) and converted back when read.
"""

import shutil
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwslib.errors import KwsError
from kwslib.writing import atomic_files, atomic_write

if TYPE_CHECKING:
    import pandas

MODELS, NOTEBOOKS = "models", "notebooks"  # folders beside the tables


def write(rows: Sequence[dict[str, Any]], folder: Path, sweep: str) -> Path:
    """Write `rows` to <folder>/<sweep>.parquet and .csv, both or none; returns the CSV."""
    import pandas

    frame = pandas.DataFrame(rows)
    if "bits" in frame:
        frame["bits"] = frame["bits"].astype(str)
    parquet, csv = folder / f"{sweep}.parquet", folder / f"{sweep}.csv"
    with atomic_files([parquet, csv]) as (binary, text):
        frame.to_parquet(binary, index=False)
        frame.to_csv(text, index=False)
    return csv


def read(folder: Path | str) -> "pandas.DataFrame":
    """All rows of the sweeps in `folder`. Raises KwsError if there is no table."""
    import pandas

    tables = sorted(Path(folder).glob("*.parquet"))
    if not tables:
        raise KwsError(f"{folder}: no finished sweep here: run `kws sweep ... --out {folder}` first")
    frame = pandas.concat([pandas.read_parquet(path) for path in tables], ignore_index=True)
    if "bits" in frame:
        frame["bits"] = [int(bits) if str(bits).isdigit() else bits for bits in frame["bits"]]
    return frame


def rows_of(folder: Path | str, points: Sequence[Any], models: Path | None = None) -> "pandas.DataFrame":
    """The rows of `points` (of kwslib.experiments), in their order, from the sweep in `folder`.

    With a folder `models`, the networks saved by the first seed's points are copied there. Raises KwsError, naming a
    point that the sweep lacks.
    """
    frame = read(folder)
    names = [field.name for field in fields(points[0]) if field.name in frame]
    columns = ["point", *names]
    index = {tuple(row): position for position, row in enumerate(frame[columns].itertuples(index=False))}
    chosen = []
    for point in points:
        position = index.get((point.name, *(getattr(point, name) for name in names)))
        if position is None:
            raise KwsError(
                f"{folder}: {point.name} of seed {point.seed} is missing: run `kws sweep` to its end"
            )
        chosen.append(position)
    rows = frame.iloc[chosen].reset_index(drop=True)
    if models is not None:
        for run in rows[rows.seed == rows.seed.min()].run:
            for path in (Path(folder) / MODELS / run).glob("*.pt"):
                with atomic_write(models / path.name) as temporary:
                    shutil.copyfile(path, temporary)
    return rows
