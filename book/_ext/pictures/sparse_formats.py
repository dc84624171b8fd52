"""One row of eight weights in four formats, with the bytes that each takes."""

from pictures.drawing import Drawing

ROW = (0, 0, 7, 0, -3, 0, 0, 5)
CELL = 42


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "A row of eight weights of which three are not zero: dense in eight bytes, with 16-bit columns in nine, "
        "as a bitmap in four, and with 8-bit gaps in six."
    )
    drawing = Drawing(480, 372, alt)
    left = [(place, weight) for place, weight in enumerate(ROW) if weight]
    gaps = [
        place - before - 1 for (place, _), before in zip(left, [-1, *[p for p, _ in left[:-1]]], strict=True)
    ]

    def cells(y: float, x: float, entries: list[object], tone: str, wide: float = CELL) -> None:
        for i, entry in enumerate(entries):
            drawing.box(x + i * wide, y, wide - 2, 26, tone, filled=False)
            drawing.text(
                x + i * wide + wide / 2 - 1, y + 18, f"{entry}".replace("-", "−"), "middle", 14, "ink"
            )

    def head(y: float, name: str, size: int, note: str) -> None:
        drawing.text(8, y, name, bold=True)
        drawing.text(130, y, note, size=13, tone="grey")
        drawing.text(472, y, f"{size} bytes", "end", bold=True)

    kept = [weight for _, weight in left]
    head(20, "Dense", len(ROW), "every weight, a byte each")
    cells(30, 8, list(ROW), "grey")
    head(104, "Columns", 3 * len(left), "value and 16-bit column, as in CSR")
    cells(114, 8, list(kept), "blue")
    cells(114, 8 + 3 * CELL + 24, [place for place, _ in left], "vermilion", 60)
    head(188, "Bitmap", len(ROW) // 8 + len(left), "a bit for each place, then values")
    cells(198, 8, ["".join("1" if weight else "0" for weight in ROW)], "vermilion", 120)
    cells(198, 152, list(kept), "blue")
    head(272, "Gaps", 2 * len(left), "zeros skipped, then the value")
    for i, (gap, weight) in enumerate(zip(gaps, kept, strict=True)):
        cells(282, 8 + i * 96, [gap], "vermilion")
        cells(282, 8 + i * 96 + CELL, [weight], "blue")
    drawing.text(8, 350, "blue: values, a byte each; orange: where they belong", size=13, tone="grey")
    return drawing
