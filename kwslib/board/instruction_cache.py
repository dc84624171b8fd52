"""The nRF52840's instruction cache: which of the lines that a program runs through it has to fetch from flash.

Nordic states neither its size nor its ways. 2 KB in two ways of 16-byte lines is what fits the cycles that P-256 was
measured to take on the chip (github.com/Emill/P256-Cortex-M4; book/silicon.yml): with 4 KB nothing fits.
"""

SIZE, WAYS, LINE = 2048, 2, 16
SETS = SIZE // WAYS // LINE


class InstructionCache:
    """Two lines a set, of which the one used longer ago makes room. Empty at first, as after reset."""

    def __init__(self) -> None:
        self._newer, self._older = [-1] * SETS, [-1] * SETS

    def fetch(self, address: int, size: int) -> int:
        """Lines missed when `size` bytes of code at `address` are run through."""
        newer, older, missed = self._newer, self._older, 0
        for line in range(address // LINE, (address + size - 1) // LINE + 1):
            place = line % SETS
            if newer[place] != line:
                missed += older[place] != line
                newer[place], older[place] = line, newer[place]
        return missed
