"""A room from above: the direct way from mouth to microphone, four first echoes, and the response that they begin.

The echoes come from mirror images of the mouth, as in the simulated field (Allen and Berkley, 1979); the room is an
example, of walls alone, that each return a fixed share of the pressure.
"""

from math import hypot

from pictures.drawing import Drawing

SIZE = (5.6, 3.6)  # m
MOUTH, MICROPHONE = (1.3, 1.2), (3.6, 2.3)
KEPT, ORDER, SOUND = 0.8, 6, 343.0  # share of pressure that a wall returns, reflections, m/s
SCALE, LEFT, TOP = 80.0, 16.0, 30.0  # units a metre
BASE, TALL, MS = (
    478.0,
    96.0,
    7.4,
)  # of the response: its zero, height of the direct sound, units a millisecond
LATEST = 60  # ms
TONES = ("vermilion", "green", "amber", "purple")
Point = tuple[float, float]


def images() -> list[tuple[Point, int]]:
    """Mirror images of the mouth and how many walls each has met; the mouth itself first, then the first echoes."""

    def mirrored(position: float, side: float, n: int) -> float:
        return n * side + (position if n % 2 == 0 else side - position)

    found = [
        ((mirrored(MOUTH[0], SIZE[0], i), mirrored(MOUTH[1], SIZE[1], j)), abs(i) + abs(j))
        for i in range(-ORDER, ORDER + 1)
        for j in range(-ORDER, ORDER + 1)
        if abs(i) + abs(j) <= ORDER
    ]
    return sorted(found, key=lambda image: image[1])


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "A rectangular room from above with a mouth and a microphone. A straight line joins them, and four bent lines "
        "each touch one wall. Below, the microphone's response over time: a tall stroke for the direct sound, four "
        "shorter ones in the colours of the bent lines, then many small ones that die away."
    )
    drawing = Drawing(480, 512, alt)
    drawing.text(LEFT, 20, "A room from above", bold=True)
    drawing.box(LEFT, TOP, SCALE * SIZE[0], SCALE * SIZE[1], "ink", filled=False, round=0)
    direct = _distance(MOUTH)
    tones = iter(TONES)
    strokes = []
    for image, order in images():
        tone = "blue" if order == 0 else next(tones) if order == 1 else "grey"
        if order == 1:
            drawing.line([_on_page(MOUTH), _on_page(_bounce(image)), _on_page(MICROPHONE)], tone, 1.5)
        strokes.append((_distance(image), KEPT**order, tone))
    drawing.line([_on_page(MOUTH), _on_page(MICROPHONE)], "blue", 3)
    drawing.dot(*_on_page(MOUTH), 7, "ink")
    drawing.dot(*_on_page(MICROPHONE), 7, "blue")
    drawing.text(_on_page(MOUTH)[0] - 8, _on_page(MOUTH)[1] - 12, "mouth", "end")
    drawing.text(_on_page(MICROPHONE)[0] + 4, _on_page(MICROPHONE)[1] + 26, "microphone")
    drawing.text(LEFT, 354, "What arrives of one click", bold=True)
    for distance, share, tone in reversed(strokes):
        ms = 1000 * (distance - direct) / SOUND
        if ms <= LATEST:
            x, width = LEFT + 4 + MS * ms, 1.5 if tone == "grey" else 3
            drawing.line([(x, BASE), (x, BASE - TALL * share * direct / distance)], tone, width)
    drawing.line([(LEFT, BASE), (LEFT + MS * LATEST + 4, BASE)], "grey")
    for ms in range(0, LATEST + 1, 20):
        anchor = "start" if ms == 0 else "end" if ms == LATEST else "middle"
        drawing.text(LEFT + 4 + MS * ms, BASE + 20, f"{ms} ms", anchor, 13, "grey")
    return drawing


def _distance(image: Point) -> float:
    return hypot(image[0] - MICROPHONE[0], image[1] - MICROPHONE[1])


def _bounce(image: Point) -> Point:
    """Where the line from a first image to the microphone crosses the wall between them."""
    for axis in (0, 1):
        for wall in (0.0, SIZE[axis]):
            if (image[axis] - wall) * (MICROPHONE[axis] - wall) < 0:
                share = (wall - image[axis]) / (MICROPHONE[axis] - image[axis])
                x, y = (image[k] + share * (MICROPHONE[k] - image[k]) for k in (0, 1))
                return x, y
    raise ValueError(f"no wall between {image} and the microphone")


def _on_page(point: Point) -> Point:
    return LEFT + SCALE * point[0], TOP + SCALE * point[1]
