"""Integrity of a log's lines: checksums and sequence numbers reveal lines that were damaged or lost in transmission.

A line of the sketches ends in `,SEQUENCE*CHECK`: its number since the board's reset, and the CRC-16 (CCITT, initial
value 0xFFFF) of everything before the asterisk in four hexadecimal digits (firmware/arduino/kws_sketch/kws_log.h). One
damaged line in 65,536 passes by chance.
"""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

CHECKED = re.compile(r"(.*),([0-9]{1,10})\*([0-9A-F]{4})", re.DOTALL)


@dataclass(frozen=True)
class LogLines:
    """`texts`: the lines as sent, without number and check. If no line in the log has a valid check
    (`checked` is false), these are all lines, and the number of lost ones is unknown.

    lines     number of non-empty lines
    rejected  lines whose check fails
    lost      numbers missing between valid lines, minus the rejected lines in their place
    resets    how often the numbering started again
    """

    texts: tuple[str, ...]
    checked: bool
    lines: int
    rejected: int = 0
    lost: int = 0
    resets: int = 0


def read_lines(lines: Sequence[str]) -> LogLines:
    """Check a log's lines, none of which is empty."""
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
