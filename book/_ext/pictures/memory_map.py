"""The chip's two memories to scale, and what the firmware takes of each."""

from pictures.drawing import Drawing

FLASH, RAM = 1_048_576, 262_144  # bytes
WIDE = 464.0


def draw(values: dict[str, float]) -> Drawing:
    drawing = Drawing(
        480, 216, "Two bars to scale, flash four times as long as RAM; the firmware fills a sliver of each."
    )
    flash, ram = values.get("04_deployment/board_flash_bytes"), values.get("04_deployment/board_ram_bytes")
    weights = values.get("02_size_estimation/weights_bytes_int8")
    for y, name, size, used, part in (
        (8, "Flash, 1,024 KB: kept without power", FLASH, flash, weights),
        (112, "RAM, 256 KB: empty after power is lost", RAM, ram, None),
    ):
        drawing.text(8, y + 14, name, bold=True)
        drawing.box(8, y + 24, WIDE * size / FLASH, 28, "grey", filled=False, round=0)
        if used:
            drawing.box(8, y + 24, WIDE * used / FLASH, 28, "blue", round=0)
        if part:
            drawing.box(8, y + 24, WIDE * part / FLASH, 28, "amber", round=0)
        said = f"firmware {used:,.0f} bytes, {100 * used / size:.1f} %" if used else "firmware: not recorded"
        drawing.text(8, y + 72, said, tone="blue", size=13)
        if part:
            drawing.text(472, y + 72, f"of them weights {part:,.0f}", "end", 13, "amber")
    return drawing
