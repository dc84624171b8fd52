"""Windows of 30 ms over a waveform, one every 20 ms; each becomes a column of the picture."""

from math import exp, pi, sin

from pictures.drawing import Drawing

MS, LEFT = 3.4, 10.0  # units a millisecond


def wave(ms: float) -> float:
    """A made sound, -1 to 1: a vowel that swells, with a hiss on it at the end."""
    swell = exp(-(((ms - 60) / 38) ** 2))
    return swell * (0.7 * sin(2 * pi * ms / 8) + 0.3 * sin(2 * pi * ms / 2.7)) + 0.12 * sin(7 * ms * ms)


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "A waveform of 136 ms. Under it six brackets of 30 ms, each beginning 20 ms after the one before, so that "
        "neighbours share 10 ms; an arrow leads from each to a column of a grid."
    )
    drawing = Drawing(480, 330, alt)
    drawing.line([(LEFT + MS * t / 4, 60 - 50 * wave(t / 4)) for t in range(4 * 136)], "blue", 1.2)
    for frame in range(6):
        x, y = LEFT + MS * 20 * frame, 128 + 9 * (frame % 2)
        drawing.line([(x, y - 6), (x, y), (x + MS * 30, y), (x + MS * 30, y - 6)], "vermilion", 2)
        middle = x + MS * 15
        drawing.arrow([(middle, y + 3), (middle, 190)], "grey", 1)
        for row in range(5):
            drawing.box(
                middle - 14, 194 + 18 * row, 28, 16, "green", filled=(frame * 2 + row * 3) % 4 == 0, round=1
            )
    drawing.text(LEFT, 306, "30 ms each, every 20 ms", tone="vermilion", bold=True)
    drawing.text(472, 306, "a column of 40 channels each", "end", tone="green", bold=True)
    return drawing
