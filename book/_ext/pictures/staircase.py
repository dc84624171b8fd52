"""Rounding to a short grid, and the gradient that the straight-through estimator gives it."""

from kwslib.quantization.grids import symmetric_grid
from pictures.drawing import Drawing

BITS, REACH, UNIT = 3, 6, 30.0  # x is drawn from -REACH to REACH steps


def draw(values: dict[str, float]) -> Drawing:
    grid = symmetric_grid(BITS)
    alt = (
        "Above, a staircase with a step at each half, flat beyond the ends of the grid. Below, the estimator's "
        "gradient: one over the grid, zero outside."
    )
    drawing = Drawing(480, 420, alt)
    middle, zero, flat = 240.0, 160.0, 390.0

    def point(x: float, y: float) -> tuple[float, float]:
        return middle + UNIT * x, zero - UNIT * y

    drawing.line([point(-REACH - 1, 0), point(REACH + 1, 0)], "faint")
    drawing.line([point(0, grid.low - 0.6), point(0, grid.high + 1)], "faint")
    stairs: list[tuple[float, float]] = [point(-REACH - 1, grid.low)]
    for q in range(grid.low, grid.high):
        stairs += [point(q + 0.5, q), point(q + 0.5, q + 1)]
    stairs.append(point(REACH + 1, grid.high))
    drawing.line(
        [point(grid.low - 0.5, grid.low - 0.5), point(grid.high + 0.5, grid.high + 0.5)],
        "vermilion",
        dashed=True,
    )
    drawing.line(stairs, "blue", 2.5)
    drawing.text(16, 24, f"rounded and clamped, {BITS} bits", bold=True, tone="blue")
    drawing.text(16, 44, "what the estimator takes it for", tone="vermilion")
    for q in (grid.low, grid.high):
        x, y = point(0, q)
        drawing.text(
            x - 8 if q > 0 else x + 8,
            y + 5,
            f"{q}".replace("-", "−"),
            "end" if q > 0 else "start",
            13,
            "grey",
        )
    drawing.text(466, zero + 18, "x / s", "end", 13, "grey")
    drawing.text(16, flat - 70, "the estimator's gradient", bold=True, tone="vermilion")
    low, high = point(grid.low - 0.5, 0)[0], point(grid.high + 0.5, 0)[0]
    drawing.line(
        [(30, flat), (low, flat), (low, flat - 40), (high, flat - 40), (high, flat), (450, flat)],
        "vermilion",
        2.5,
    )
    drawing.text(high + 8, flat - 34, "1 on the grid", size=13, tone="grey")
    drawing.text(450, flat + 20, "0: cut off", "end", 13, "grey")
    drawing.text(30, flat + 20, "0: cut off", "start", 13, "grey")
    return drawing
