"""Part 8: networks for deployment, on clips, on the chip, in the field and over hours."""
