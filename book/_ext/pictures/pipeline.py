"""The chain from microphone to report: what each stage gives, how large that is, how long it takes."""

from pictures.drawing import Drawing, number

PART4 = "04_deployment/board_ms_"


def draw(values: dict[str, float]) -> Drawing:
    frame, network, decision = (
        number(values, PART4 + "frontend_frame"),
        number(values, PART4 + "network"),
        number(values, PART4 + "decision", 2),
    )
    stages = [
        ("Microphone", "grey", "16,000 samples a second", "32,000 bytes a second", ""),
        ("Front end", "blue", "40 mel channels for each 20 ms", "40 bytes a frame", f"{frame} ms a frame"),
        ("Last 49 frames", "blue", "49 × 40 int8, one second", "1,960 bytes", ""),
        ("Convolution", "green", "25 × 20 positions × 8 filters", "4,000 bytes", ""),
        (
            "Linear layer",
            "green",
            "4 logits: silence, unknown, yes, no",
            "4 bytes",
            f"{network} ms for both layers",
        ),
        ("Decision", "amber", "mean of posteriors, threshold, pause", "", f"{decision} ms"),
        ("Report: “yes”", "vermilion", "lights the LED", "", ""),
    ]
    alt = (
        "Seven boxes from top to bottom, joined by arrows: microphone, front end, the last 49 frames, convolution, "
        "linear layer, decision, report. Beside each its output, its bytes and its time on the chip."
    )
    step, tall = 76, 46
    drawing = Drawing(480, step * len(stages) - 4, alt)
    for place, (name, tone, gives, size, time) in enumerate(stages):
        y = 4 + step * place
        drawing.box(4, y, 138, tall, tone, filled=False)
        drawing.text(73, y + 28, name, "middle", bold=True)
        drawing.text(156, y + 19, gives)
        drawing.text(156, y + 38, size, tone="grey", size=13)
        drawing.text(476, y + 38, time, "end", tone=tone, size=13, bold=True)
        if place + 1 < len(stages):
            drawing.arrow([(73, y + tall + 3), (73, y + step - 3)], "grey")
    return drawing
