"""The folder of a sweep: finished points, failed ones, and the table. A point is finished when its row exists.

DIR/rows/<key>.json          one row; written last, by an atomic rename
DIR/notebooks/<name>.ipynb   the executed notebook
DIR/models/<name>/           networks that the point saved
DIR/failed/<name>.ipynb, .txt    the notebook up to the failing cell, and the traceback
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.experiments.sweeps import table
from kwslib.experiments.sweeps.points import Outcome, Task
from kwslib.strict_json import json_text
from kwslib.writing import write_bytes


@dataclass(frozen=True)
class Store:
    """Stores outcomes in `folder`."""

    folder: Path

    def row(self, key: str) -> dict[str, Any] | None:
        """The row of a finished point; None if it is missing or damaged."""
        try:
            row = json.loads((self.folder / "rows" / f"{key}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return row if isinstance(row, dict) else None

    def keep(self, outcome: Outcome) -> None:
        """Write the results of a point; the row is written last, so that its presence implies that of the rest."""
        name = outcome.task.name
        failed = [self.folder / "failed" / f"{name}{suffix}" for suffix in (".ipynb", ".txt")]
        if outcome.row is None:
            for path, text in zip(failed, (outcome.notebook, outcome.traceback), strict=True):
                write_bytes(path, text.encode())
            return
        for path in failed:
            path.unlink(missing_ok=True)
        for model, content in outcome.models.items():
            write_bytes(self.folder / table.MODELS / name / model, content)
        write_bytes(self.folder / table.NOTEBOOKS / f"{name}.ipynb", outcome.notebook.encode())
        row = json_text(outcome.row, indent=1) + "\n"
        write_bytes(self.folder / "rows" / f"{outcome.task.key}.json", row.encode())

    def write_table(self, sweep: str, tasks: Sequence[Task]) -> Path:
        """Write the table of the finished points among `tasks`, in their order; returns the path of the CSV."""
        rows = [row for task in tasks if (row := self.row(task.key)) is not None]
        return table.write(rows, self.folder, sweep)
