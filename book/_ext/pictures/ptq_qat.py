"""Where rounding stands in post-training quantization and in quantization-aware training."""

from pictures.drawing import Drawing


def draw(values: dict[str, float]) -> Drawing:
    alt = (
        "Above, PTQ: training of float weights, then rounding once, then the chip. Below, QAT: a loop in which float "
        "weights are rounded, the network computes with the rounded ones, and the gradient goes back to the float ones."
    )
    drawing = Drawing(480, 356, alt)

    def box(x: float, y: float, wide: float, title: str, below: str, tone: str) -> None:
        drawing.box(x, y, wide, 50, tone, filled=False)
        drawing.text(x + wide / 2, y + 22, title, "middle", bold=True)
        drawing.text(x + wide / 2, y + 40, below, "middle", 13, "grey")

    drawing.text(8, 20, "PTQ: round once", bold=True, tone="blue")
    box(8, 34, 128, "Training", "float weights", "blue")
    box(176, 34, 128, "Rounding", "once", "vermilion")
    box(344, 34, 128, "Chip", "whole numbers", "green")
    drawing.arrow([(138, 59), (173, 59)])
    drawing.arrow([(306, 59), (341, 59)])
    drawing.text(8, 134, "QAT: round in every pass", bold=True, tone="blue")
    box(8, 150, 128, "Float weights", "kept", "blue")
    box(176, 150, 128, "Rounding", "each step", "vermilion")
    box(344, 150, 128, "Network, loss", "rounded weights", "blue")
    drawing.arrow([(138, 168), (173, 168)])
    drawing.arrow([(306, 168), (341, 168)])
    drawing.arrow([(408, 203), (408, 236), (72, 236), (72, 203)], "vermilion", dashed=True)
    drawing.text(240, 256, "gradient, straight through the rounding", "middle", 13, "vermilion")
    box(344, 290, 128, "Chip", "whole numbers", "green")
    drawing.arrow([(240, 262), (240, 315), (341, 315)], "grey")
    drawing.text(230, 336, "at the end", "end", 13, "grey")
    return drawing
