"""The first cosines of the DCT over 40 mel bands, and what each measures."""

from math import cos, pi

from pictures.drawing import Drawing

BANDS = 40
MEANS = ("the level", "low against high", "middle against ends", "ripples, ever finer")


def draw(values: dict[str, float]) -> Drawing:
    alt = "Four curves over 40 bands: a constant, half a wave, a whole wave, one and a half waves."
    drawing = Drawing(480, 250, alt)
    for k, means in enumerate(MEANS):
        y = 36 + 58 * k
        drawing.line([(10, y), (270, y)], "faint")
        curve = [(10 + 260 * n / (BANDS - 1), y - 20 * cos(pi * k * (n + 0.5) / BANDS)) for n in range(BANDS)]
        drawing.line(curve, "blue", 2.2)
        drawing.text(290, y - 2, f"coefficient {k}", bold=True)
        drawing.text(290, y + 17, means, size=13, tone="grey")
    return drawing
