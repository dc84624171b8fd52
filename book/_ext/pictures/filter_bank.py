"""The mel filter bank of Part 1's Figure 4 over the linear frequency axis: every third of its 40 triangles."""

from pictures.drawing import Drawing

HIGHEST = 8_000.0  # Hz
LEFT, WIDE, BASE, TALL = 10.0, 460.0, 130.0, 96.0


def draw(values: dict[str, float]) -> Drawing:
    import librosa

    edges = librosa.mel_frequencies(n_mels=42, fmin=125, fmax=7_500)
    alt = (
        "Triangles over a frequency axis from 0 to 8 kHz. On the left they are narrow and crowd together, on the right "
        "they are wide: half of them lie below 1.75 kHz."
    )
    drawing = Drawing(480, 190, alt)

    def x_of(hertz: float) -> float:
        return LEFT + WIDE * hertz / HIGHEST

    for band in range(0, 40, 3):
        low, top, high = edges[band : band + 3]
        tone = "blue" if band < 20 else "vermilion"
        drawing.line([(x_of(low), BASE), (x_of(top), BASE - TALL), (x_of(high), BASE)], tone, 2)
    drawing.line([(LEFT, BASE), (LEFT + WIDE, BASE)], "grey")
    for kilohertz in range(0, 9, 2):
        x = x_of(1_000 * kilohertz)
        drawing.line([(x, BASE), (x, BASE + 5)], "grey")
        drawing.text(
            x, BASE + 22, f"{kilohertz} kHz" if kilohertz else "0", "end" if x > 460 else "middle", 13, "grey"
        )
    drawing.text(LEFT, 20, "bands 1 to 20", tone="blue", bold=True)
    drawing.text(472, 20, "bands 21 to 40", "end", tone="vermilion", bold=True)
    drawing.text(LEFT, 180, "every third band is drawn", size=13, tone="grey")
    return drawing
