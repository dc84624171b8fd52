"""The five values of Part 5's cell on a symmetric and on an asymmetric grid of 3 bits."""

import torch

from kwslib.quantization.grids import asymmetric_grid, min_max, quantize, scale_and_zero_point, symmetric_grid
from pictures.drawing import Drawing

BITS, VALUES = 3, (-0.6, 0.0, 0.1, 0.75, 1.5)
LEFT, UNIT = 286.0, 120.0  # where 0 lies, and how long 1 is


def draw(values: dict[str, float]) -> Drawing:
    x = torch.tensor(VALUES)
    alt = (
        "Two number lines from minus two to 1.5 with the eight points of each grid. Arrows lead from five values to "
        "the point that each becomes. On the symmetric line three points lie left of every value."
    )
    drawing = Drawing(480, 300, alt)
    for place, (name, grid) in enumerate(
        (("Symmetric", symmetric_grid(BITS)), ("Asymmetric", asymmetric_grid(BITS)))
    ):
        y = 100 + 150 * place
        scale, zero_point = scale_and_zero_point(min_max(x), grid, symmetric=place == 0)
        s, z = float(scale), float(zero_point)
        drawing.text(8, y - 76, name, bold=True)
        drawing.text(472, y - 76, f"scale {s:.2f}, zero point {z:.0f}", "end", 13, "grey")
        drawing.line([(8, y), (472, y)], "grey")
        for q in range(grid.low, grid.high + 1):
            x_point = LEFT + UNIT * s * (q - z)
            drawing.line([(x_point, y - 7), (x_point, y + 7)], "blue", 2.5)
            drawing.text(x_point, y + 26, f"{q}".replace("-", "−"), "middle", 14, "blue")
        for value, q in zip(VALUES, quantize(x, scale, zero_point, grid).tolist(), strict=True):
            start, end = LEFT + UNIT * value, LEFT + UNIT * s * (q - z)
            drawing.dot(start, y - 40, 4, "vermilion")
            drawing.line([(start, y - 36), (end, y - 9)], "vermilion")
            drawing.text(
                start - (8 if value == 0 else 0),
                y - 50,
                f"{value:g}".replace("-", "−"),
                "middle",
                13,
                "vermilion",
            )
    return drawing
