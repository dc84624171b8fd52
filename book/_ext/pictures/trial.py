"""One trial of the simulated field as it passes room, microphone and front end: the very files that the page plays."""

import recordings

from kwslib.field.stream import listen
from pictures.drawing import Drawing

LEFT, WIDE, TALL, STEP = 8.0, 464.0, 62.0, 92.0
SECONDS = 4
STAGES = ("trial_clip", "trial_room", "trial_background", "trial_microphone")


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "Five pictures of the same four seconds, frequency upwards. The clip is a sharp shape on an empty ground; the "
        "room draws each sound out to the right; the background fills the ground; the microphone adds noise; "
        "in the features the steady part of it is darkened and the word stands out again."
    )
    drawing = Drawing(480, STEP * (len(STAGES) + 1) + 34, alt)
    for place, name in enumerate(STAGES):
        title, heard = recordings.entry(name)["title"], recordings.samples(name)
        _panel(drawing, place, title, "8 kHz", recordings.spectrogram(heard), "blue")
    features = listen(recordings.samples(STAGES[-1]))  # int8 (F, 40)
    shades = ((features.T[::-1].astype(float) + 128) / 255).tolist()
    _panel(drawing, len(STAGES), "5. The front end’s features", "40 channels", shades, "green")
    y = STEP * (len(STAGES) + 1) - 2
    for second in range(SECONDS + 1):
        x = LEFT + WIDE * second / SECONDS
        drawing.line([(x, y), (x, y + 6)], "grey")
        anchor = "start" if second == 0 else "end" if second == SECONDS else "middle"
        drawing.text(x, y + 22, f"{second} s", anchor, 13, "grey")
    return drawing


def _panel(drawing, place, title, height, shades, tone) -> None:
    y = STEP * place
    drawing.text(LEFT, y + 18, title, bold=True)
    drawing.text(LEFT + WIDE, y + 18, height, "end", 13, "grey")
    drawing.shades(LEFT, y + 26, WIDE, TALL, shades, tone)
