"""What goes with a channel of TinyConv: its filter, its map, and every eighth column of the linear layer."""

from pictures.drawing import Drawing

CHANNELS, CLASSES, GONE, SHOWN = 8, 4, 2, 3  # positions of the map that are drawn


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "Eight filters, of which one is marked; eight output maps, of which the same is marked; and a matrix of four "
        "rows in which every eighth column is marked."
    )
    drawing = Drawing(480, 300, alt)
    drawing.text(8, 20, "8 filters", bold=True)
    drawing.text(472, 20, "10 × 8 weights each", "end", 13, "grey")
    drawing.text(8, 104, "8 maps", bold=True)
    drawing.text(472, 104, "25 × 20 values each", "end", 13, "grey")
    for channel in range(CHANNELS):
        gone = channel == GONE
        drawing.box(8 + 58 * channel, 30, 24, 34, "vermilion" if gone else "grey", filled=gone)
        drawing.box(8 + 58 * channel, 114, 46, 38, "vermilion" if gone else "grey", filled=gone)
    drawing.text(8, 194, "Linear layer", bold=True)
    drawing.text(472, 194, "4 rows × 4,000 columns", "end", 13, "grey")
    cell = 464 / (CHANNELS * SHOWN + 1)
    for row in range(CLASSES):
        for column in range(CHANNELS * SHOWN):
            gone = column % CHANNELS == GONE
            drawing.box(
                8 + cell * column, 204 + 17 * row, cell - 2, 15, "vermilion" if gone else "grey", gone, 1
            )
        drawing.text(8 + cell * CHANNELS * SHOWN + 4, 216 + 17 * row, "…", tone="grey")
    drawing.text(8, 290, f"{CHANNELS} channels of a position lie side by side", size=13, tone="grey")
    return drawing
