"""The table of bytes in firmware/README.md, from the recorded values."""

from typing import Any

from headline import between

from kwslib.record import names
from kwslib.record.comparison import load_results
from kwslib.writing import atomic_write
from notebooks import ROOT

BEGIN, END = "<!-- sizes: written by `make record`, do not edit -->\n", "<!-- /sizes -->"
README = ROOT / "firmware" / "README.md"
QUANTIZED, PRUNED = "05_quantization", "06_pruning"
ROWS = (  # what the row says; notebook; names of flash and RAM, None where it was not recorded
    *(
        (
            f"TinyConv, weights of {said}",
            QUANTIZED,
            *(names.firmware(what, names.width(bits)) for what in ("board_flash", "board_ram")),
        )
        for said, bits in (("8 bits", 8), ("4 bits", 4), ("3 bits", 3), ("2 bits", 2), ("1 bit", 1))
    ),
    *(
        (
            f"{left} of its 8 channels, 8 bits",
            PRUNED,
            *(names.firmware(what, names.channels(left)) for what in ("flash", "ram")),
        )
        for left in (4, 2)
    ),
    ("5 % of its weights, 8 bits", PRUNED, names.firmware("flash", names.sparse(95)), None),
)


def table(results: dict[str, dict[str, Any]]) -> str:
    """Flash and RAM of the whole firmware with each network, as a Markdown table."""
    lines = ["| network | flash (bytes) | RAM (bytes) |", "| --- | ---: | ---: |"]
    for said, notebook, *columns in ROWS:
        values = results.get(notebook, {}).get("values", {})
        cells = [f"{values[name]['value']:,}" if name in values else "not recorded" for name in columns]
        lines.append(f"| {said} | {' | '.join(cells)} |")
    return "\n".join(lines)


def with_table(readme: str) -> str:
    """firmware/README.md with the table between its two marks."""
    return between(readme, BEGIN, table(load_results()), END)


def write() -> None:
    """Renew the table."""
    text = with_table(README.read_text(encoding="utf-8"))
    with atomic_write(README) as temporary:
        temporary.write_text(text, encoding="utf-8")
