"""A table of a page: a data frame with a caption."""

import html
import re
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

MINUS_ZERO = re.compile(r"(?<![\w.+-])-(?=0(\.0*)?(?![\w.]))")  # of a number that is zero as it is rounded


@dataclass(frozen=True)
class Table:
    """A data frame with a caption, as the last value of a cell: HTML on a page, text in a terminal.

    Floats have `digits` decimals, integers have commas except in a column of years, missing values are blank, and a
    zero has no minus, as a number and within a text.
    """

    frame: "pandas.DataFrame"
    caption: str
    digits: int = 1

    def __post_init__(self) -> None:
        if self.frame.index.nlevels == 1 and self.frame.index.name:  # to the corner, where it costs no row
            named = self.frame.rename_axis(index=None, columns=self.frame.index.name)
            object.__setattr__(self, "frame", named)

    def _formatters(self) -> dict[Any, Any]:
        numbers = self.frame.select_dtypes("floating").columns
        return {name: self._cell for name in self.frame.columns if name not in numbers and name != "year"}

    def _cell(self, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, Real):
            return MINUS_ZERO.sub("", str(value))
        return f"{value:,}" if isinstance(value, Integral) else self._format(float(value))

    def _format(self, value: float) -> str:
        return MINUS_ZERO.sub("", f"{value:,.{self.digits}f}")

    def __repr__(self) -> str:
        shown = self.frame.to_string(float_format=self._format, formatters=self._formatters(), na_rep="")
        return f"{self.caption}\n{shown}".lstrip("\n")

    def _repr_html_(self) -> str:
        table = self.frame.to_html(
            float_format=self._format, formatters=self._formatters(), border=0, classes="table", na_rep=""
        )
        head, rows = table.split(">", 1)
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        return f'<div class="table-scroll">{head}>{caption}{rows}</div>'
