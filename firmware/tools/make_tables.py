"""Writes kws_frontend_tables.h: every constant of the audio front end, from its formula.

    python firmware/tools/make_tables.py > firmware/core/kws_frontend_tables.h

The formulas are those of TensorFlow Lite Micro's micro front end (30 ms Hann window, 40 mel channels from
125 to 7,500 Hz, PCAN) and of kissfft's 16-bit twiddles; what they compute in single precision is so computed
here.
"""

import math
from itertools import pairwise

import numpy as np

SAMPLE_RATE = 16_000
WINDOW = 480
FFT = 512  # real points, done as 256 complex ones
CHANNELS = 40
LOW_HZ, HIGH_HZ = 125, 7_500
WEIGHT_ONE = 1 << 12
PCAN_STRENGTH, PCAN_OFFSET, PCAN_GAIN_BITS, PCAN_INPUT_BITS = 0.95, 80.0, 21, 7
LOG_SEGMENTS = 128


single = np.float32


def rounded(value: float) -> int:
    return math.floor(value + 0.5)


def window() -> list[int]:
    """Hann window, sampled half a step off the ends, 12 fractional bits."""
    step = single(2 * math.pi / WINDOW)
    cosines = [single(math.cos(float(step * single(n + 0.5)))) for n in range(WINDOW)]
    return [rounded(float(single(0.5) - single(0.5) * cosine) * WEIGHT_ONE) for cosine in cosines]


def packed(phase: float) -> int:
    """exp(j phase) in 15 fractional bits, real part in the low half of the word."""
    return (rounded(32767 * math.sin(phase)) & 0xFFFF) << 16 | rounded(32767 * math.cos(phase)) & 0xFFFF


def twiddles() -> list[int]:
    """For the stages of 16, 64 and 256 points: factors of legs 1, 2 and 3 of each butterfly but the first."""
    words = []
    for quarter in (4, 16, 64):
        for k in range(1, quarter):
            words += [packed(-2 * math.pi * leg * k / (4 * quarter)) for leg in (1, 2, 3)]
    return words


def split_twiddles() -> list[int]:
    """Factors that turn bin k of the 256-point transform into bin k of the real one, k = 1 to 128."""
    return [packed(-math.pi * (k / (FFT // 2) + 0.5)) for k in range(1, FFT // 4 + 1)]


def mel(hertz: float) -> single:
    return single(1127) * single(math.log1p(float(single(hertz) / single(700))))


def filterbank() -> tuple[list[int], list[int]]:
    """First bin of each of the 41 bands (and one past the last), and each bin's weight, 12 fractional bits.

    A bin of band b gives its weight to channel b - 1, whose slope falls there, and the rest of 1 to channel
    b, whose slope rises.
    """
    low, high = mel(LOW_HZ), mel(HIGH_HZ)
    high = np.nextafter(high, single(math.inf))  # one step up, as the C library's log1pf has it
    spacing = (high - low) / single(CHANNELS + 1)
    edges = [low] + [low + spacing * single(band + 1) for band in range(CHANNELS + 1)]
    hertz = 0.5 * SAMPLE_RATE / (FFT // 2)
    index = int(1.5 + LOW_HZ / hertz)  # never the constant component
    starts, weights = [index], []
    for before, after in pairwise(edges):
        while mel(index * hertz) <= after:
            weight = float((after - mel(index * hertz)) / (after - before))
            weights.append(rounded(weight * WEIGHT_ONE))
            assert weights[-1] + rounded((1 - weight) * WEIGHT_ONE) == WEIGHT_ONE
            index += 1
        starts.append(index)
    return starts, weights


def gain() -> list[int]:
    """PCAN gain of a noise estimate: at 0, at 1, then a parabola y0, a1, a2 for each octave from [2, 4)."""

    def gain_at(noise: int) -> int:
        value = single(1 << PCAN_GAIN_BITS) * single(
            (noise / (1 << PCAN_INPUT_BITS) + PCAN_OFFSET) ** single(-PCAN_STRENGTH)
        )
        return min(32767, int(value + single(0.5)))

    table = [gain_at(0), gain_at(1)]
    for octave in range(1, 32):
        start = 1 << octave
        y0, y1, y2 = gain_at(start), gain_at(start + start // 2), gain_at(min(2 * start, 2**32 - 1))
        bend = 4 * (y1 - y0) - (y2 - y0)
        table += [y0, bend, (y2 - y0) - bend]
    return table


def logarithm() -> list[int]:
    """log2(1 + x) - x at x = 0, 1/128, ..., 1 in 16 fractional bits."""
    points = [i / LOG_SEGMENTS for i in range(LOG_SEGMENTS + 1)]
    return [rounded(65536 * (math.log2(1 + x) - x)) for x in points]


def table(kind: str, name: str, values: list[int], form: str = "{}") -> str:
    items = [form.format(value) + "," for value in values]
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) > 110:
            lines.append(line)
            line = "   "
        line += " " + item
    return "\n".join([f"static const {kind} {name}[{len(values)}] = {{", *lines, line, "};"])


def header() -> str:
    starts, weights = filterbank()
    return "\n\n".join(
        [
            "/* Constants of the audio front end, written by firmware/tools/make_tables.py: do not edit. */\n"
            "/* clang-format off */\n\n#ifndef KWS_FRONTEND_TABLES_H\n#define KWS_FRONTEND_TABLES_H\n\n"
            "#include <stdint.h>",
            f"#define KWS_FIRST_BIN {starts[0]}\n#define KWS_BANDS {CHANNELS + 1}",
            table("int16_t", "kws_window_table", window()),
            table("uint32_t", "kws_twiddles", twiddles(), "0x{:08x}"),
            table("uint32_t", "kws_split_twiddles", split_twiddles(), "0x{:08x}"),
            table("uint8_t", "kws_band_widths", [b - a for a, b in pairwise(starts)]),
            table("uint16_t", "kws_band_weights", weights),
            table("int16_t", "kws_gain", gain()),
            table("uint16_t", "kws_log", logarithm()),
            "#endif",
        ]
    )


if __name__ == "__main__":
    print(header())
