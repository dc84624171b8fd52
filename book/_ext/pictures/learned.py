"""What the recorded TinyConv has learned: its eight filters, and where each class's row of the linear layer looks."""

from pathlib import Path

from pictures.drawing import Drawing

ROWS, COLUMNS, CELL, WIDE = 25, 20, 8.8, 6  # positions of a map; units of a filter's cell and of a map's


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "Eight small images, one for each filter; below them four larger maps, one for each class: blue where a "
        "response speaks for the class, orange where it speaks against it."
    )
    drawing = Drawing(480, 576, alt)
    drawing.text(8, 20, "Eight learned filters", bold=True)
    drawing.text(472, 20, "10 frames × 8 channels", "end", 13, "grey")
    drawing.text(8, 212, "Where each class's weights look", bold=True)
    drawing.text(472, 212, "25 × 20, sum over filters", "end", 13, "grey")
    weights = learned()
    if weights is None:
        drawing.text(240, 110, "no recorded network", "middle", tone="grey")
        return drawing
    filters, linear, labels = weights
    for number, each in enumerate(filters):
        x, y = 12 + 122 * (number % 4), 34 + 82 * (number // 4)
        drawing.heat(x, y, upright(each), CELL)
    for number, (label, each) in enumerate(zip(labels, linear, strict=True)):
        x, y = 30 + 240 * (number % 2), 252 + 156 * (number // 2)
        drawing.text(x, y - 8, label)
        drawing.heat(x, y, upright(each), WIDE)
    drawing.text(
        8, 562, "time to the right, frequency upwards; blue for, orange against", size=13, tone="grey"
    )
    return drawing


def upright(image: list[list[float]]) -> list[list[float]]:
    """(time, frequency) as rows from the highest frequency down, time to the right."""
    return [list(row) for row in zip(*image, strict=True)][::-1]


def learned() -> tuple[list, list, tuple[str, ...]] | None:
    """Filters (8, 10, 8) and, summed over filters, weights of the linear layer (classes, 25, 20) of the network that
    Part 3 recorded; None without it."""
    from kwslib.checkpoints import load_checkpoint
    from kwslib.record.comparison import recorded_folder

    path = (recorded_folder() or Path()) / "models" / "tinyconv.pt"
    if not path.is_file():
        return None
    model, config, _ = load_checkpoint(path)
    state = model.state_dict()
    linear = state["linear.weight"].unflatten(1, (ROWS, COLUMNS, -1)).sum(3)
    return state["conv.weight"][:, 0].tolist(), linear.tolist(), config.labels
