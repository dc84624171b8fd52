"""TinyConv to scale: the picture that it sees, a filter on it, eight maps, and the linear layer's weights."""

from pictures.drawing import Drawing

UNIT = 2.6  # a frame or a channel
FRAMES, CHANNELS, ROWS, COLUMNS, FILTERS, CLASSES = 49, 40, 25, 20, 8, 4


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "To scale: an input of 49 by 40, on it a filter of 10 by 8 that moves by 2; eight maps of 25 by 20; four rows "
        "of 4,000 weights, one for each class."
    )
    drawing = Drawing(480, 440, alt)
    drawing.text(8, 20, "Input", bold=True)
    drawing.text(64, 20, "49 frames × 40 channels", size=13, tone="grey")
    wide, tall = UNIT * FRAMES, UNIT * CHANNELS
    drawing.box(8, 32, wide, tall, "blue", filled=False, round=0)
    for place in (4, 2, 0):
        tone = "vermilion" if place == 0 else "faint"
        drawing.box(8 + UNIT * (12 + place), 32 + UNIT * 14, UNIT * 10, UNIT * 8, tone, filled=False, round=0)
    drawing.text(160, 72, "a filter of 10 × 8 weights", tone="vermilion")
    drawing.text(160, 92, "moves by 2 frames and 2 channels,", size=13, tone="grey")
    drawing.text(160, 110, "zeros around the edge", size=13, tone="grey")
    drawing.arrow([(60, 142), (60, 172)], "grey")
    drawing.text(76, 163, "8 filters, ReLU", size=13, tone="grey")
    drawing.text(8, 194, "8 maps", bold=True)
    drawing.text(76, 194, "25 × 20 each, 4,000 values", size=13, tone="grey")
    for channel in range(FILTERS):
        x, y = 8 + 76 * (channel % 4), 204 + 60 * (channel // 4)
        drawing.box(x, y, UNIT * ROWS, UNIT * COLUMNS, "green", filled=False, round=0)
    drawing.arrow([(330, 250), (330, 326)], "grey")
    drawing.text(344, 290, "all, flattened", size=13, tone="grey")
    drawing.text(8, 348, "Linear layer", bold=True)
    drawing.text(110, 348, "4 × 4,000 weights, a row for each class", size=13, tone="grey")
    for row, label in enumerate(("silence", "unknown", "yes", "no")):
        y = 358 + 20 * row
        drawing.box(8, y, 380, 14, "amber", filled=False, round=0)
        drawing.text(400, y + 12, label)
    return drawing
