"""The 40 ms from one inference to the next, to scale: what the processor does, and how long it sleeps."""

from kwslib.record import names
from pictures.drawing import Drawing

TINYCONV, STAGES = "tinyconv", ("network", "decision")
HOP = 40.0  # ms
LEFT, WIDE = 8.0, 464.0


def draw(values: dict[str, float]) -> Drawing:
    part4 = {stage: f"04_deployment/{names.board_ms(stage)}" for stage in ("frontend_frame", *STAGES)}
    part7 = {stage: f"07_listening/{names.stage_ms(stage, TINYCONV)}" for stage in ("frontend", *STAGES)}
    rows = []
    if part4["network"] in values:
        frame, *rest = (values[name] for name in part4.values())
        rows.append(("The network over the whole window", "load_window", [2 * frame, *rest]))
    if part7["network"] in values:
        parts = [values[name] for name in part7.values()]
        rows.append(("The network as it streams, new rows alone", "load", parts))
    alt = "Bars of 40 ms to scale: front end, network and decision from the left, the rest is sleep."
    drawing = Drawing(480, 40 + 92 * max(len(rows), 1), alt)
    for place, (title, load, parts) in enumerate(rows):
        y, x = 10 + 92 * place, LEFT
        drawing.text(LEFT, y + 12, title, bold=True)
        drawing.box(LEFT, y + 22, WIDE, 30, "grey", filled=False, round=0)
        for tone, ms in zip(("blue", "green", "amber"), parts, strict=True):
            drawing.box(x, y + 22, max(WIDE * ms / HOP, 1), 30, tone, round=0)
            x += WIDE * ms / HOP
        share = values.get(f"07_listening/{names.chain(load, TINYCONV)}", sum(parts) / HOP)
        drawing.text(
            (x + LEFT + WIDE) / 2,
            y + 42,
            f"sleep, {100 - 100 * share:.0f} % of the time",
            "middle",
        )
        drawing.text(LEFT, y + 70, f"front end {parts[0]:.1f} ms", tone="blue", size=13)
        drawing.text(LEFT + 150, y + 70, f"network {parts[1]:.1f} ms", tone="green", size=13)
        drawing.text(LEFT + 290, y + 70, f"decision {parts[2]:.2f} ms", tone="amber", size=13)
    y = 92 * max(len(rows), 1) + 8
    for ms in range(0, 41, 10):
        x = LEFT + WIDE * ms / HOP
        drawing.line([(x, y), (x, y + 6)], "grey")
        drawing.text(
            x, y + 22, f"{ms} ms", "start" if ms == 0 else "end" if ms == 40 else "middle", 13, "grey"
        )
    drawing.line([(LEFT, y), (LEFT + WIDE, y)], "grey")
    return drawing
