"""The decision over time: what the network trained for the field answers in the trial that the page plays."""

import numpy as np
import recordings

from kwslib.deployment.decision import CERTAIN, DecisionSettings
from kwslib.field.evaluate import PROMPT
from kwslib.field.stream import decide, inference_times, listen, open_network, posteriors
from kwslib.labels import SAMPLE_RATE
from kwslib.record.comparison import recorded_folder
from pictures.drawing import Drawing

LEFT, WIDE, TOP, TALL = 40.0, 432.0, 34.0, 190.0
BEGIN, END = 1.0, 4.0  # s
MODEL, SETTINGS = "tinyconv_field.tflite", "04_deployment/field_trained_trial_"
HOP = 0.04  # s


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "Posteriors from second one to four. That of the keyword jumps up a while after the prompt, its mean over the "
        "last inferences follows as a slope and crosses the dashed threshold: there the word is reported. A bar "
        "behind it marks the time without further reports."
    )
    drawing = Drawing(480, 330, alt)
    folder = recorded_folder()
    if folder is None or not (folder / "models" / MODEL).is_file() or SETTINGS + "threshold" not in values:
        drawing.text(240, 150, "no recorded network", "middle", tone="grey")
        return drawing
    network = open_network(folder / "models" / MODEL)
    settings = DecisionSettings(
        threshold=values[SETTINGS + "threshold"], smoothing=int(values[SETTINGS + "smoothing"])
    )
    word = network.labels.index(recordings.entry("trial_microphone")["said"])
    frames = listen(recordings.samples("trial_microphone"))
    logits, times = network.logits_of_stream(frames), inference_times(len(frames))
    heard = decide(logits, network.scale, settings)
    single = posteriors(logits, network.scale)[:, word] / CERTAIN
    _axes(drawing, settings)
    _curve(drawing, times, single, "amber", 1.5)
    _curve(drawing, times, heard.smoothed[:, word] / CERTAIN, "blue", 3)
    drawing.line(
        [(_x(PROMPT / SAMPLE_RATE), TOP), (_x(PROMPT / SAMPLE_RATE), TOP + TALL)], "grey", dashed=True
    )
    drawing.text(_x(PROMPT / SAMPLE_RATE) - 6, TOP + 14, "prompt", "end", 13, "grey")
    for time in times[heard.reported == word]:
        quiet = min(time + HOP * settings.suppression, END)
        drawing.dot(_x(time), _y(settings.thresholds()[word] / CERTAIN), 6, "vermilion")
        drawing.box(_x(time), TOP + TALL + 26, _x(quiet) - _x(time), 12, "vermilion")
        drawing.text(_x(time) - 6, TOP + TALL + 37, "reported, then suppressed", "end", 13, "vermilion")
    drawing.text(LEFT, 306, f"posterior of “{network.labels[word]}”, single", tone="amber", size=13)
    drawing.text(LEFT, 324, f"mean of the last {settings.smoothing}", tone="blue", size=13, bold=True)
    drawing.text(LEFT + WIDE, 306, "time (s)", "end", 13, "grey")
    return drawing


def _x(seconds: float) -> float:
    return LEFT + WIDE * (seconds - BEGIN) / (END - BEGIN)


def _y(share: float) -> float:
    return TOP + TALL * (1 - share)


def _axes(drawing: Drawing, settings: DecisionSettings) -> None:
    drawing.box(LEFT, TOP, WIDE, TALL, "faint", filled=False, round=0)
    for share in (0, 0.5, 1):
        drawing.text(LEFT - 6, _y(share) + 5, f"{share:g}", "end", 13, "grey")
    for second in range(int(BEGIN), int(END) + 1):
        anchor = "start" if second == BEGIN else "end" if second == END else "middle"
        drawing.text(_x(second), TOP + TALL + 18, f"{second}", anchor, 13, "grey")
    threshold = float(np.max(settings.threshold))
    drawing.line([(LEFT, _y(threshold)), (LEFT + WIDE, _y(threshold))], "vermilion", dashed=True)
    drawing.text(LEFT + WIDE, _y(threshold) - 6, "threshold", "end", 13, "vermilion")


def _curve(drawing: Drawing, times: np.ndarray, shares: np.ndarray, tone: str, width: float) -> None:
    shown = times >= BEGIN
    drawing.line([(_x(t), _y(s)) for t, s in zip(times[shown], shares[shown], strict=True)], tone, width)
