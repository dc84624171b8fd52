"""An SVG picture that reads in light and dark and on a phone: text as text, colours from the page's style sheet.

Coordinates are in a frame about 480 units wide, which a phone shows at three quarters of its size, so that type of 14
units stays legible. Tones are classes (book.css gives each a light and a dark colour).
"""

import base64
import hashlib
import struct
import zlib
from collections.abc import Sequence
from html import escape

TONES = ("ink", "grey", "faint", "blue", "vermilion", "green", "amber", "purple")
SHADES = 6  # of a tone in a map of numbers
Point = tuple[float, float]


class Drawing:
    """A picture under way, `width` x `height` units; `alt` says in words what it shows."""

    def __init__(self, width: float, height: float, alt: str) -> None:
        self.width, self.height, self.alt = width, height, alt
        self._parts: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        text: str,
        anchor: str = "start",
        size: float = 14,
        tone: str = "ink",
        bold: bool = False,
    ) -> None:
        """Text whose baseline is at y; anchor start, middle or end. Nothing where it is empty."""
        if not text:
            return
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size:g}"{weight} class="f-{_tone(tone)}">'
            f"{escape(text)}</text>"
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        tone: str = "blue",
        filled: bool = True,
        round: float = 3,
    ) -> None:
        """A rectangle, filled or in outline."""
        kind = "f" if filled else "o"
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round:g}" '
            f'class="{kind}-{_tone(tone)}"/>'
        )

    def line(
        self, points: Sequence[Point], tone: str = "ink", width: float = 1.5, dashed: bool = False
    ) -> None:
        """A line through points."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke-width="{width:g}"{dash} class="s-{_tone(tone)}"/>'
        )

    def arrow(
        self, points: Sequence[Point], tone: str = "ink", width: float = 1.5, dashed: bool = False
    ) -> None:
        """A line with a head at its last point; its last stretch is horizontal or vertical."""
        self.line(points, tone, width, dashed)
        (x0, y0), (x, y) = points[-2:]
        dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
        head = [
            (x - 7 * dx - 4 * dy, y - 7 * dy - 4 * dx),
            (x, y),
            (x - 7 * dx + 4 * dy, y - 7 * dy + 4 * dx),
        ]
        path = " ".join(f"{a:g},{b:g}" for a, b in head)
        self._parts.append(f'<polygon points="{path}" class="f-{_tone(tone)}"/>')

    def dot(self, x: float, y: float, radius: float = 4, tone: str = "blue", filled: bool = True) -> None:
        """A disk or a ring."""
        kind = "f" if filled else "o"
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" class="{kind}-{_tone(tone)}"/>')

    def heat(self, x: float, y: float, rows: Sequence[Sequence[float]], cell: float) -> None:
        """Numbers (rows from top to bottom) as cells: blue above zero, vermilion below, stronger the larger."""
        most = max((abs(value) for row in rows for value in row), default=0) or 1
        levels: dict[tuple[str, int], list[str]] = {}
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                key = ("blue" if value > 0 else "vermilion", round(SHADES * abs(value) / most))
                levels.setdefault(key, []).append(
                    f"M{x + cell * j:g} {y + cell * i:g}h{cell:g}v{cell:g}h-{cell:g}z"
                )
        for (tone, level), squares in sorted(levels.items()):
            if level:
                opacity = level / SHADES
                self._parts.append(
                    f'<path class="f-{tone}" fill-opacity="{opacity:g}" d="{"".join(squares)}"/>'
                )
        self.box(x, y, cell * len(rows[0]), cell * len(rows), "faint", filled=False, round=0)

    def shades(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        rows: Sequence[Sequence[float]],
        tone: str = "blue",
    ) -> None:
        """Numbers from 0 to 1 (rows from top to bottom) as an image in a tone, the stronger the larger."""
        image = _png(rows)
        name = f"shades-{hashlib.sha256(image).hexdigest()[:12]}"
        place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        self._parts.append(
            f'<mask id="{name}" maskUnits="userSpaceOnUse" {place}><image {place} preserveAspectRatio="none" '
            f'href="data:image/png;base64,{base64.b64encode(image).decode()}"/></mask>'
            f'<rect {place} class="f-{_tone(tone)}" mask="url(#{name})"/>'
        )
        self.box(x, y, width, height, "faint", filled=False, round=0)

    def svg(self) -> str:
        """The picture as one SVG element."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-label="{escape(self.alt)}" style="max-width: {1.25 * self.width:g}px">{"".join(self._parts)}</svg>'
        )


def _tone(tone: str) -> str:
    if tone not in TONES:
        raise ValueError(f"tone {tone!r}: use one of {', '.join(TONES)}")
    return tone


def _png(rows: Sequence[Sequence[float]]) -> bytes:
    """Rows of numbers from 0 to 1 as a PNG file of grey levels."""
    lines = b"".join(bytes([0, *(round(255 * value) for value in row)]) for row in rows)
    size = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)  # grey, 8 bits, not interlaced
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def number(values: dict[str, float], name: str, digits: int = 1) -> str:
    """A recorded value as text, or a dash where it is not recorded."""
    return f"{values[name]:,.{digits}f}" if name in values else "–"
