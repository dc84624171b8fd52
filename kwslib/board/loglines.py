"""A log's lines as a board sent them: what a serial line damaged or lost is known by check and number.

A line of the sketches ends in `,SEQUENCE*CHECK`: its number since the board's reset, and the CRC-16 (CCITT, from
0xFFFF) of all before the star in four hexadecimal digits (firmware/arduino/kws_sketch/kws_log.h). One garbled line in
65,536 passes by chance.
"""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

CHECKED = re.compile(r"(.*),([0-9]{1,10})\*([0-9A-F]{4})", re.DOTALL)


@dataclass(frozen=True)
class LogLines:
    """`texts`: the lines as they were sent, without number and check. Without a single good check in the log
    (`checked` is false) these are all lines, and nothing is known of lost ones.

    lines     that are not empty
    rejected  of them, whose check fails
    lost      numbers missing between good lines, beyond the rejected ones that came in their place
    resets    how often the numbers began again
    """

    texts: tuple[str, ...]
    checked: bool
    lines: int
    rejected: int = 0
    lost: int = 0
    resets: int = 0


def read_lines(lines: Sequence[str]) -> LogLines:
    """Sort a log's lines, of which none is empty, by their checks."""
    texts: list[str] = []
    rejected = lost = resets = 0
    last, since = None, 0  # the last good line's number, rejected lines since then
    for line in lines:
        if (good := _checked(line)) is None:
            rejected, since = rejected + 1, since + 1
            continue
        text, number = good
        texts.append(text)
        if last is not None and number <= last:
            resets += 1
        elif last is not None:
            lost += max(0, number - last - 1 - since)
        last, since = number, 0
    if not texts:
        return LogLines(tuple(lines), False, len(lines))
    return LogLines(tuple(texts), True, len(lines), rejected, lost, resets)


def _checked(line: str) -> tuple[str, int] | None:
    """Text and number of a line whose check is right, else None."""
    found = CHECKED.fullmatch(line)
    if found is None:
        return None
    before = line[: found.start(3) - 1].encode(errors="surrogatepass")
    return (found[1], int(found[2])) if binascii.crc_hqx(before, 0xFFFF) == int(found[3], 16) else None
