"""Part 8: networks that one would deploy, on clips, on the chip, in the field and over hours."""
